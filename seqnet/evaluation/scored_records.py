"""Labels and probabilities, sorted once so that metrics under other weights need no further sort.

`score` takes labels (N,) and probabilities (N, K) and returns a `ScoredRecords` with decisions and the ranks of every
class's probabilities. `ScoredRecords.under(weights)` returns a `WeightedCounts`: the weighted counts from which all
metrics are computed. A bootstrap replicate is a weight vector (how often each record was drawn).

Decisions:
- K = 2: the positive class if its probability is at least the threshold, so a tie goes to the positive class. The
  comparison is made in float64.
- K > 2: the class with the highest probability, the first of them on a tie.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seqnet.core.errors import EmptyInputError, LabelError, SeqnetError, SettingError
from seqnet.evaluation.class_ranks import ClassRanks, RankedWeights

__all__ = [
    "DEFAULT_THRESHOLD",
    "LEAST_PROBABILITY",
    "ScoredRecords",
    "Threshold",
    "WeightedCounts",
    "decide",
    "in_canonical_order",
    "score",
]

DEFAULT_THRESHOLD = 0.5

# A float32 softmax gives exactly 0 for a record that is far on the wrong side. The smallest difference from 1 that it
# can represent is float32's epsilon, so this is the minimum probability in a log loss.
LEAST_PROBABILITY = float(np.finfo(np.float32).eps)

# One threshold for all records, or (N,) float64, one for each.
Threshold = float | NDArray[np.float64] | None

# Tolerance of a row sum: it separates probabilities from logits and allows values rounded to a few digits in a file.
_SUM_TOLERANCE = 0.01


@dataclass(frozen=True, eq=False)
class ScoredRecords:
    """N labelled and classified records, made by `score`.

    Attributes:
        labels: (N,) int64, true class.
        probabilities: (N, K) float64, rows sum to 1.
        positive: index of the positive class; None if K > 2.
        threshold: minimum probability for a positive decision, (N,) float64 if records have different ones; None if K >
            2.
    """

    labels: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    positive: int | None
    threshold: Threshold

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def class_count(self) -> int:
        """K, the number of classes."""
        return int(self.probabilities.shape[1])

    @cached_property
    def predicted(self) -> NDArray[np.int64]:
        """(N,) int64, predicted class of each record."""
        return decide(self.probabilities, self.positive, self.threshold)

    @cached_property
    def hits(self) -> NDArray[np.bool_]:
        """(N,) bool, whether the predicted class of each record is its true class."""
        return np.equal(self.labels, self.predicted)

    @cached_property
    def cells(self) -> NDArray[np.int64]:
        """(N,) int64, cell of each record in the flattened confusion matrix."""
        return self.labels * self.class_count + self.predicted

    @cached_property
    def ranks(self) -> tuple[tuple[NDArray[np.int64], int], ...]:
        """For each class: (N,) int64, rank of a record among its T probabilities, plus T if it is of the class; T."""
        ranks = []
        for index in range(self.class_count):
            distinct, rank = np.unique(-self.probabilities[:, index], return_inverse=True)
            ranks.append((rank + len(distinct) * (self.labels == index), len(distinct)))
        return tuple(ranks)

    @cached_property
    def class_ranks(self) -> ClassRanks:
        """The records, sorted by the probability of each class."""
        return ClassRanks.sorted(self.labels, self.probabilities)

    @cached_property
    def squared_errors(self) -> NDArray[np.float64]:
        """(N,) float64, Brier score of each record: of the positive class if K = 2, otherwise summed over classes."""
        errors = np.square(self.probabilities - (self.labels[:, None] == np.arange(self.class_count)))  # (N, K)
        return np.asarray(errors.sum(axis=1) if self.positive is None else errors[:, self.positive])

    @cached_property
    def losses(self) -> NDArray[np.float64]:
        """(N,) float64, -ln of the probability of the true class, in nats."""
        true = self.probabilities[np.arange(len(self)), self.labels]
        return np.log(1 / np.clip(true, LEAST_PROBABILITY, 1))

    def take(self, indices: NDArray[np.int64]) -> ScoredRecords:
        """Returns the records at `indices` (M,) int64, in that order."""
        threshold = self.threshold[indices] if isinstance(self.threshold, np.ndarray) else self.threshold
        return ScoredRecords(self.labels[indices], self.probabilities[indices], self.positive, threshold)

    def under(self, weights: NDArray[np.float64]) -> WeightedCounts:
        """Returns the counts with weight `weights[i]` for record i; (N,) float64, not negative."""
        return WeightedCounts(self, weights)

    def once(self) -> WeightedCounts:
        """Returns the counts with weight 1 for every record."""
        return self.under(np.ones(len(self)))


@dataclass(frozen=True, eq=False)
class WeightedCounts:
    """Weighted counts of scored records, computed when first used.

    Attributes:
        scored: the N records.
        weights: (N,) float64.
    """

    scored: ScoredRecords
    weights: NDArray[np.float64]

    @cached_property
    def total(self) -> float:
        """Sum of the weights."""
        return float(self.weights.sum())

    @cached_property
    def confusion(self) -> NDArray[np.float64]:
        """(K, K) float64, weight by true class (rows) and predicted class (columns)."""
        K = self.scored.class_count
        return _count(self.scored.cells, self.weights, (K, K))

    @property
    def true(self) -> NDArray[np.float64]:
        """(K,) float64, weight of the records of each class."""
        return self._by_class[0]

    @property
    def given(self) -> NDArray[np.float64]:
        """(K,) float64, weight of the records that are predicted as each class."""
        return self._by_class[1]

    @property
    def true_positives(self) -> NDArray[np.float64]:
        """(K,) float64, weight of the records of each class that are predicted as it."""
        return self._by_class[2]

    @property
    def false_positives(self) -> NDArray[np.float64]:
        """(K,) float64, weight of the records of other classes that are predicted as each class."""
        return self._by_class[3]

    @cached_property
    def _by_class(self) -> tuple[NDArray[np.float64], ...]:
        """`true`, `given`, `true_positives` and `false_positives`; a large confusion matrix is not made for them."""
        scored, K = self.scored, self.scored.class_count
        if len(scored) >= K**2:
            off = self.confusion - np.diag(self.confusion.diagonal())
            return self.confusion.sum(axis=1), self.confusion.sum(axis=0), self.confusion.diagonal(), off.sum(axis=0)
        hits, misses = np.where(scored.hits, self.weights, 0), np.where(scored.hits, 0, self.weights)
        pairs = (scored.labels, self.weights), (scored.predicted, self.weights), (scored.labels, hits)
        return tuple(_count(cells, weights, (1, K)).ravel() for cells, weights in (*pairs, (scored.predicted, misses)))

    @cached_property
    def rest(self) -> NDArray[np.float64]:
        """(K,) float64, weight of the records of all other classes, exactly 0 without any."""
        before, after = np.append(0, self.true.cumsum()), np.append(0, self.true[::-1].cumsum())[::-1]
        return np.asarray(before[:-1] + after[1:])

    @cached_property
    def ranked(self) -> RankedWeights:
        """Weights by probability, for each class against the rest."""
        return self.scored.class_ranks.weighed(self.weights)

    def mean(self, values: NDArray[np.float64]) -> float:
        """Returns the weighted mean of one value per record, (N,) float64; NaN if all weights are 0."""
        # Not a dot product: BLAS splits it by the number of threads, which changes the last digits.
        return float((values * self.weights).sum()) / self.total if self.total > 0 else float("nan")


def _count(cells: NDArray[np.int64], weights: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.float64]:
    """Returns the sum of the weights (N,) in each cell (N,) of a flattened matrix, as a matrix."""
    counts: NDArray[np.float64] = np.bincount(cells, weights, shape[0] * shape[1]).astype(np.float64, copy=False)
    return counts.reshape(shape)


def decide(
    probabilities: NDArray[np.float64], positive: int | None = None, threshold: Threshold = None
) -> NDArray[np.int64]:
    """Returns the predicted class of each record, (N,) int64.

    Args:
        probabilities: (N, K) float64.
        positive: K = 2: index of the positive class; None for the class with the highest probability.
        threshold: minimum probability for a positive decision [default: 0.5], or (N,) float64, one for each record;
            only with `positive`.
    """
    if positive is None:
        return np.asarray(probabilities.argmax(axis=1), dtype=np.int64)
    bound = DEFAULT_THRESHOLD if threshold is None else threshold
    return np.where(probabilities[:, positive] >= bound, positive, 1 - positive).astype(np.int64)


def score(
    labels: ArrayLike, probabilities: ArrayLike, *, positive: int | None = None, threshold: Threshold = None
) -> ScoredRecords:
    """Returns the records with decisions and ranks, from which counts under any weights can be made.

    Args:
        labels: (N,) int64, true class, in 0..K-1.
        probabilities: (N, K) float64 (float32 is widened), rows sum to 1.
        positive: K = 2: index of the positive class [default: 1]. Not allowed if K > 2.
        threshold: K = 2: minimum probability for a positive decision [default: 0.5], or (N,) float64, one for each
            record. Not allowed if K > 2.

    Raises:
        EmptyInputError: there are no records.
        LabelError: a label is outside 0..K-1.
        SettingError: `positive` or `threshold` does not fit the classes.
        SeqnetError: the probabilities are not finite numbers, or are not probabilities.
        ValueError: the shapes do not match, or K < 2.
    """
    y = np.asarray(labels, dtype=np.int64)
    p = np.asarray(probabilities, dtype=np.float64)
    if p.ndim != 2 or p.shape[1] < 2 or y.shape != p.shape[:1]:
        raise ValueError(f"labels {y.shape} and probabilities {p.shape} must be (N,) and (N, K) with K of 2 or more")
    _check_values(y, p)
    if p.shape[1] > 2:
        for name, value in (("positive", positive), ("threshold", threshold)):
            if value is not None:
                raise SettingError(f"evaluate.{name}", value, problem=f"needs two classes; there are {p.shape[1]}")
        return ScoredRecords(y, p, None, None)
    chosen = 1 if positive is None else positive
    if chosen not in (0, 1):
        raise SettingError("evaluate.positive", chosen, "0 or 1")
    bounds = np.asarray(DEFAULT_THRESHOLD if threshold is None else threshold, dtype=np.float64)
    if bounds.ndim and bounds.shape != y.shape:
        raise ValueError(f"thresholds {bounds.shape} must be one, or one for each of {len(y)} records")
    # Written this way, the check also fails for NaN.
    strange = bounds[~((bounds >= 0) & (bounds <= 1))]
    if strange.size:
        raise SettingError("evaluate.threshold", float(strange[0]), "a probability from 0 to 1")
    return ScoredRecords(y, p, chosen, bounds if bounds.ndim else float(bounds))


def in_canonical_order(
    contenders: Sequence[ScoredRecords], groups: NDArray[np.int64] | None
) -> tuple[list[ScoredRecords], NDArray[np.int64] | None]:
    """Returns records and groups sorted by all their values; None for groups if each has one record.

    A seed then draws the same records in whatever order they are given, for example in file order or by length.

    Args:
        contenders: the same N records, with the scores of one or more classifiers.
        groups: (N,) int64, group of each record; None if records are independent.
    """
    if groups is not None and len(np.unique(groups)) == len(groups):
        groups = None
    # Groups are the last sort key, so that they do not change the values, not even by a rounding error.
    columns = [column for scored in reversed(contenders) for column in scored.probabilities.T]
    bounds = [scored.threshold for scored in contenders if isinstance(scored.threshold, np.ndarray)]
    order = np.lexsort((*([] if groups is None else [groups]), *bounds, *columns, contenders[0].labels))
    return [scored.take(order) for scored in contenders], None if groups is None else groups[order]


def _check_values(y: NDArray[np.int64], p: NDArray[np.float64]) -> None:
    if not len(y):
        raise EmptyInputError("there are no records to evaluate", "choose a split with labelled records")
    strange = y[(y < 0) | (y >= p.shape[1])]
    if len(strange):
        raise LabelError("", f"label {strange[0]} is not one of the {p.shape[1]} classes", "remove such records")
    if not np.isfinite(p).all():
        raise SeqnetError(
            "", "the model gives probabilities that are NaN or infinite", "train it again with a lower learning rate"
        )
    if p.min() < 0 or p.max() > 1 + _SUM_TOLERANCE or np.abs(p.sum(axis=1) - 1).max() > _SUM_TOLERANCE:
        raise SeqnetError("", "the probabilities of a record are not in 0..1 with a sum of 1", "give probabilities")
