"""Fitting a classifier to a dataset.

Start here: `train` in `fit` fits one network, `train_ensemble` in `ensemble` several, calibrated. `feeding` and
`cropping` make augmented batches, `optimization` the optimiser, schedule and penalties, `checkpoints` keeps what a run
needs to go on, `history` draws its course.
"""

from seqnet.training.ensemble import EnsembleResult, train_ensemble
from seqnet.training.fit import TrainingResult, train

__all__ = ["EnsembleResult", "TrainingResult", "train", "train_ensemble"]
