"""Classes of unequal size: when that matters, what each class then weighs, and classes that are never predicted.

In: the number of training records of each class (K,), and the settings of training. A class that weighs more in the
loss, or is drawn more often, would also get larger probabilities. So training adds the logarithms of the weights to the
logits within the loss, and there alone: the logits themselves keep to the classes' shares in the train split.

Source: Menon et al. 2021, arXiv:2007.07314, for logits that are adjusted within the loss; Saerens et al. 2002,
doi:10.1162/089976602753284446, for what a class's share does to its probability.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seqnet.configs.training import TrainingConfig
from seqnet.core.printable import counted
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


def ratio(counts: Counts) -> float:
    """Returns the records of the largest class divided by those of the smallest one that has any; of counts (K,)."""
    there = counts[counts > 0]
    return float(there.max() / there.min()) if len(there) else 1.0


def is_imbalanced(training: TrainingConfig, counts: Counts) -> bool:
    """Returns whether classes of so many records (K,) are too unequal to be treated alike, as the settings have it."""
    return ratio(counts) > training.imbalance


def how_balanced(training: TrainingConfig, counts: Counts) -> str:
    """Returns what is done for rare classes: `none`, `weights` or `oversample`, whatever `auto` stands for."""
    if training.balance != "auto":
        return training.balance
    return "weights" if is_imbalanced(training, counts) else "none"


def class_weights(counts: Counts) -> NDArray[np.float64]:
    """Returns the weights (K,) by which all classes count the same; their mean over the records is 1."""
    counts = np.maximum(counts, 1)
    return np.asarray(counts.sum() / (len(counts) * counts))


def balanced_accuracy(labels: NDArray[np.int64], probabilities: NDArray[np.float64], counts: Counts) -> float:
    """Returns the mean recall of all classes where each record is given to the class that it makes most likely.

    That is the class whose probability is largest in proportion to its share in training, as if classes were equally
    frequent. NaN where a class has no record.

    Args:
        labels: (N,) int64.
        probabilities: (N, K) float64, for the shares of training.
        counts: (K,) int64, training records.
    """
    scaled = probabilities * class_weights(counts)
    scaled = scaled / scaled.sum(axis=1, keepdims=True)
    return measure(labels, scaled, names=("balanced_accuracy",))["balanced_accuracy"]


def never_predicted(labels: ArrayLike, predicted: ArrayLike, classes: Sequence[str], where: str) -> str | None:
    """Returns a line where a class of some records is predicted for none; None where there is no such class.

    Args:
        labels: (N,) int64, true classes.
        predicted: (N,) int64.
        classes: K names.
        where: what the records are.
    """
    true, given = (np.bincount(np.asarray(each), minlength=len(classes)) for each in (labels, predicted))
    missing = [
        f"{classes[label]} ({counted(int(true[label]), 'records')})"
        for label in np.flatnonzero((true > 0) & (given == 0)).tolist()
    ]
    if not missing:
        return None
    remedy = "train with --optimize balanced" if len(classes) == 2 else "see predict --expected-fraction"
    return f"the model predicts no record of the {where} to be {', '.join(missing)}; accuracy hides this; {remedy}"


def rare_class_line(labels: ArrayLike, predicted: ArrayLike, classes: Sequence[str], counts: Counts, where: str) -> str:
    """Returns precision and recall of the class with the fewest training records.

    Args:
        labels: (N,) int64, true classes.
        predicted: (N,) int64.
        classes: K names.
        counts: (K,) int64, training records; the rare class has some.
        where: what the records are.
    """
    rare = int(np.argmin(np.where(counts > 0, counts, counts.max() + 1)))
    true, given = np.asarray(labels) == rare, np.asarray(predicted) == rare
    hits = np.count_nonzero(true & given)
    precision = f"{hits / given.sum():.3f}" if given.any() else "undefined"
    recall = f"{hits / true.sum():.3f}" if true.any() else "undefined"
    return f"{classes[rare]} has precision {precision} and recall {recall} on the {where}"
