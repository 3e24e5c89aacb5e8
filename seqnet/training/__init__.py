"""Fitting a classifier to a dataset.

Start here: `train` in `fit`. `feeding` makes augmented batches, `optimization` the optimiser, schedule and penalties,
`checkpoints` what a run needs to go on, `history` the table and picture of its course.
"""

from seqnet.training.fit import TrainingResult, train

__all__ = ["TrainingResult", "train"]
