"""Fitting a classifier to a dataset.

Start here: `train` in `fit` fits one network, `train_ensemble` in `ensemble` several, calibrated, `train_folds` in
`cross_validation` one for each fold of a cross-validation (`folds`, `out_of_fold`). `epochs` fits one epoch after the
other, `run` keeps the best one. `batches` and `window_batches` make augmented batches, `optimization` the
optimiser, schedule and penalties. `checkpoints` saves what a run needs to continue, `history` draws its curves,
`results` prints and writes its result. A `TrainingJob`, made by `jobs`, describes what is trained. `requests` does all
of this for a command or a program. `tuning` searches for settings.
"""

from seqnet.training.cross_validation import FoldsResult, train_folds
from seqnet.training.ensemble import EnsembleResult, train_ensemble
from seqnet.training.fit import NetworkJob, TrainingResult, train
from seqnet.training.members import TrainingJob

__all__ = [
    "EnsembleResult",
    "FoldsResult",
    "NetworkJob",
    "TrainingJob",
    "TrainingResult",
    "train",
    "train_ensemble",
    "train_folds",
]
