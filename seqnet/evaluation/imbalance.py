"""Imbalanced classes: when they are re-weighted, the class weights, and classes that are never predicted.

In: the number of training records of each class (K,), and the settings of training. A class with a larger weight in the
loss, or that is drawn more often, would also get larger probabilities. So training adds the logarithms of the weights
to the logits in the loss only. The logits of the model then match the class shares of the train split.

Source: Menon et al. 2021, arXiv:2007.07314, for logit adjustment in the loss; Saerens et al. 2002,
doi:10.1162/089976602753284446, for the effect of a class's share on its probability.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seqnet.configs.training import TrainingConfig
from seqnet.core.printable import counted, listed
from seqnet.evaluation.metrics import measure

__all__ = [
    "balanced_accuracy",
    "class_weights",
    "how_balanced",
    "is_imbalanced",
    "never_predicted",
    "rare_class_line",
    "ratio",
]

Counts = NDArray[np.int64]

_MOST_NAMED = 5
"""Maximum number of classes that a warning names."""


def ratio(counts: Counts) -> float:
    """Returns the counts (K,) of the largest class divided by those of the smallest class that has records."""
    there = counts[counts > 0]
    return float(there.max() / there.min()) if len(there) else 1.0


def is_imbalanced(training: TrainingConfig, counts: Counts) -> bool:
    """Returns whether the class counts (K,) are so unequal that the settings require class weights or oversampling."""
    return ratio(counts) > training.imbalance


def how_balanced(training: TrainingConfig, counts: Counts) -> str:
    """Returns the treatment of rare classes: `none`, `weights` or `oversample`; `auto` is resolved."""
    if training.balance != "auto":
        return training.balance
    return "weights" if is_imbalanced(training, counts) else "none"


def class_weights(counts: Counts) -> NDArray[np.float64]:
    """Returns the weights (K,) with which all classes have the same total weight; their mean over the records is 1."""
    counts = np.maximum(counts, 1)
    return np.asarray(counts.sum() / (len(counts) * counts))


def balanced_accuracy(labels: NDArray[np.int64], probabilities: NDArray[np.float64], counts: Counts) -> float:
    """Returns the mean recall of all classes if each record is assigned to the class with the highest likelihood.

    This is the class whose probability is largest relative to its share in training, as if all classes were equally
    frequent. NaN if a class has no records.

    Args:
        labels: (N,) int64.
        probabilities: (N, K) float64, for the class shares of training.
        counts: (K,) int64, number of training records.
    """
    scaled = probabilities * class_weights(counts)
    scaled = scaled / scaled.sum(axis=1, keepdims=True)
    return measure(labels, scaled, names=("balanced_accuracy",))["balanced_accuracy"]


def never_predicted(labels: ArrayLike, predicted: ArrayLike, classes: Sequence[str], where: str) -> str | None:
    """Returns a warning if a class with records is never predicted; otherwise None.

    Args:
        labels: (N,) int64, true classes.
        predicted: (N,) int64.
        classes: K names.
        where: name of the records, such as the split.
    """
    true, given = (np.bincount(np.asarray(each), minlength=len(classes)) for each in (labels, predicted))
    missing = [
        f"{classes[label]} ({counted(int(true[label]), 'records')})"
        for label in np.flatnonzero((true > 0) & (given == 0)).tolist()
    ]
    if not missing:
        return None
    remedy = "train with --optimize balanced" if len(classes) == 2 else "see predict --expected-fraction"
    named = listed(missing, _MOST_NAMED)
    return f"the model predicts no record of the {where} as {named}, which accuracy does not show; {remedy}"


def rare_class_line(labels: ArrayLike, predicted: ArrayLike, classes: Sequence[str], counts: Counts, where: str) -> str:
    """Returns a line with precision and recall of the class with the fewest training records.

    Args:
        labels: (N,) int64, true classes.
        predicted: (N,) int64.
        classes: K names.
        counts: (K,) int64, number of training records; the rare class has at least one.
        where: name of the records, such as the split.
    """
    rare = int(np.argmin(np.where(counts > 0, counts, counts.max() + 1)))
    true, given = np.asarray(labels) == rare, np.asarray(predicted) == rare
    hits = np.count_nonzero(true & given)
    precision = f"{hits / given.sum():.3f}" if given.any() else "undefined"
    recall = f"{hits / true.sum():.3f}" if true.any() else "undefined"
    return f"{classes[rare]} has precision {precision} and recall {recall} on the {where}"
