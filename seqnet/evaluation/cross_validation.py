"""Metrics of a cross-validation: of each fold, their mean and spread, and of all records pooled.

In: labels (N,), out-of-fold probabilities (N, K), the fold (N,) of each record, a threshold for each fold. Out: a
`CrossValidation`.

It has two measures of spread. The standard deviation over folds shows how much a metric changes with the training and
test records (and with the seed). It is not a standard error, because any two folds share training records: Bengio &
Grandvalet 2004, https://www.jmlr.org/papers/v5/grandvalet04a.html. The interval of the pooled metric is a bootstrap
interval over groups. A pooled ranking metric compares probabilities of different networks. It is lower than the mean
over folds if the networks are calibrated differently.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqnet.configs.evaluation import EvaluationOptions
from seqnet.evaluation.evaluation import Evaluation, evaluate_probabilities
from seqnet.evaluation.metrics import measure

__all__ = ["CrossValidation", "evaluate_folds"]


@dataclass(frozen=True, slots=True, eq=False)
class CrossValidation:
    """Metrics of out-of-fold predictions.

    Attributes:
        folds: for each fold, metric → value; NaN if undefined.
        pooled: evaluation of all records, each predicted by the network of its fold.
    """

    folds: tuple[Mapping[str, float], ...]
    pooled: Evaluation

    @property
    def mean(self) -> dict[str, float]:
        """Metric → mean over the folds; NaN if it is undefined in any fold."""
        return {name: float(np.mean([fold[name] for fold in self.folds])) for name in self.folds[0]}

    @property
    def sd(self) -> dict[str, float]:
        """Metric → sample standard deviation over the folds; NaN if it is undefined in any fold."""
        return {name: float(np.std([fold[name] for fold in self.folds], ddof=1)) for name in self.folds[0]}

    def to_json(self) -> dict[str, Any]:
        """Returns everything as plain values, None for NaN."""
        return {
            "folds": [_plain(fold) for fold in self.folds],
            "mean": _plain(self.mean),
            "sd": _plain(self.sd),
            "pooled": self.pooled.to_json(),
        }


def _plain(values: Mapping[str, float]) -> dict[str, float | None]:
    return {name: None if np.isnan(value) else float(value) for name, value in values.items()}


def evaluate_folds(
    labels: NDArray[np.int64],
    probabilities: NDArray[np.float64],
    folds: NDArray[np.int64],
    thresholds: Sequence[float],
    classes: Sequence[str],
    *,
    positive: int | None,
    groups: NDArray[np.int64] | None = None,
    options: EvaluationOptions | None = None,
) -> CrossValidation:
    """Returns all metrics of out-of-fold predictions.

    Args:
        labels: (N,) int64, true class.
        probabilities: (N, K) float64, each record's by the network that was not trained on its fold.
        folds: (N,) int64, in 0..F-1; each fold has records.
        thresholds: F numbers, minimum probability for a positive decision in each fold; used if K = 2.
        classes: K distinct names.
        positive: index of the positive class; None if K > 2.
        groups: (N,) int64, group of each record; whole groups are drawn for the intervals.
        options: replicates, confidence and seed of the intervals.

    Raises:
        SeqnetError: see `evaluate_probabilities`.
    """
    bounds: list[float | None] = [None if positive is None else bound for bound in thresholds]
    found = []
    for fold, bound in enumerate(bounds):
        held = folds == fold
        found.append(measure(labels[held], probabilities[held], positive=positive, threshold=bound))
    own = None if positive is None else np.asarray(thresholds, dtype=np.float64)[folds]  # (N,)
    pooled = evaluate_probabilities(
        labels,
        probabilities,
        classes,
        positive=None if positive is None else classes[positive],
        # If all folds have the same threshold, it is reported as a single number.
        threshold=own if own is None or len(set(thresholds)) > 1 else thresholds[0],
        groups=groups,
        split="out of fold",
        options=options,
    )
    return CrossValidation(tuple(found), pooled)
