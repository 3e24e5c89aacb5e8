"""Fitting a classifier to a dataset.

Start here: `train` in `fit` fits one network, `train_ensemble` in `ensemble` several, calibrated, `train_folds` in
`folds` one for each fold of a cross-validation. `feeding` and `cropping` make augmented batches, `optimization` the
optimiser, schedule and penalties, `checkpoints` keeps what a run needs to go on, `history` draws its course.
"""

from seqnet.training.ensemble import EnsembleResult, train_ensemble
from seqnet.training.fit import TrainingResult, train
from seqnet.training.folds import FoldsResult, train_folds

__all__ = ["EnsembleResult", "FoldsResult", "TrainingResult", "train", "train_ensemble", "train_folds"]
