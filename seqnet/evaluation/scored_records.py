"""Labels and probabilities, prepared once so that a metric under other weights costs no further sort.

`score` takes labels (N,) and probabilities (N, K) and returns a `ScoredRecords`: decisions made, every class's
probabilities ranked. `ScoredRecords.under(weights)` returns a `WeightedCounts`: the weighted counts that all metrics
are made of. A bootstrap replicate is just another weight vector (how often each record was drawn).

Which class a record is given to:

- K = 2: the positive class if its probability is at least the threshold, so a tie goes to the positive class. The
  comparison is made in float64.
- K > 2: the class of the highest probability, the first of them on a tie.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seqnet.core.errors import EmptyInputError, LabelError, SeqnetError, SettingError

__all__ = [
    "DEFAULT_THRESHOLD",
    "LEAST_PROBABILITY",
    "Ranked",
    "ScoredRecords",
    "Threshold",
    "WeightedCounts",
    "decide",
    "in_canonical_order",
    "score",
]

DEFAULT_THRESHOLD = 0.5

# A float32 softmax saturates at exactly 0 for a record that is far on the wrong side. What it can't tell from 0 next
# to 1 is float32's epsilon, so that is the least probability that a class is taken to have had.
LEAST_PROBABILITY = float(np.finfo(np.float32).eps)

# One for all records, or (N,) float64, one for each.
Threshold = float | NDArray[np.float64] | None

# Tells probabilities from logits, and leaves room for those that were rounded to a few digits in a file.
_SUM_TOLERANCE = 0.01


class Ranked(NamedTuple):
    """The weighted counts of one class against the rest, at the T distinct probabilities of it, highest first.

    Attributes:
        at: (2, T) float64, weight of the records with exactly this probability; row 1 is the class, row 0 the rest.
        above: (2, T) float64, weight of the records with this probability or a higher one.
    """

    at: NDArray[np.float64]
    above: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ScoredRecords:
    """N labelled and classified records; `score` makes it.

    Attributes:
        labels: (N,) int64, true class.
        probabilities: (N, K) float64, rows sum to 1.
        positive: index of the positive class; None where K > 2.
        threshold: lowest probability that makes a record positive, (N,) float64 where records have their own; None
            where K > 2.
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
        """(N,) int64, class that each record is given to."""
        return decide(self.probabilities, self.positive, self.threshold)

    @cached_property
    def cells(self) -> NDArray[np.int64]:
        """(N,) int64, cell of the flattened confusion matrix that each record counts in."""
        return self.labels * self.class_count + self.predicted

    @cached_property
    def ranks(self) -> tuple[tuple[NDArray[np.int64], int], ...]:
        """For each class, (N,) int64 cell of the flattened `Ranked.at` that a record counts in, and T."""
        ranks = []
        for index in range(self.class_count):
            distinct, rank = np.unique(-self.probabilities[:, index], return_inverse=True)
            ranks.append((rank + len(distinct) * (self.labels == index), len(distinct)))
        return tuple(ranks)

    @cached_property
    def squared_errors(self) -> NDArray[np.float64]:
        """(N,) float64, each record's Brier score: of the positive class where K = 2, summed over classes else."""
        errors = np.square(self.probabilities - (self.labels[:, None] == np.arange(self.class_count)))  # (N, K)
        return np.asarray(errors.sum(axis=1) if self.positive is None else errors[:, self.positive])

    @cached_property
    def losses(self) -> NDArray[np.float64]:
        """(N,) float64, -ln of the probability given to the true class, nats."""
        true = self.probabilities[np.arange(len(self)), self.labels]
        return np.log(1 / np.clip(true, LEAST_PROBABILITY, 1))

    def take(self, indices: NDArray[np.int64]) -> ScoredRecords:
        """Returns the records at `indices` (M,) int64, in that order."""
        threshold = self.threshold[indices] if isinstance(self.threshold, np.ndarray) else self.threshold
        return ScoredRecords(self.labels[indices], self.probabilities[indices], self.positive, threshold)

    def under(self, weights: NDArray[np.float64]) -> WeightedCounts:
        """Returns the counts with record i counted `weights[i]` times; (N,) float64, not negative."""
        return WeightedCounts(self, weights)

    def once(self) -> WeightedCounts:
        """Returns the counts with every record counted once."""
        return self.under(np.ones(len(self)))


@dataclass(frozen=True, eq=False)
class WeightedCounts:
    """The weighted counts of scored records; counts are made when a metric asks for them.

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
        """(K, K) float64, weight by true class (rows) and given class (columns)."""
        K = self.scored.class_count
        return _count(self.scored.cells, self.weights, (K, K))

    @cached_property
    def ranked(self) -> tuple[Ranked, ...]:
        """The counts by probability, for each class against the rest."""
        ranked = []
        for cells, distinct in self.scored.ranks:
            at = _count(cells, self.weights, (2, distinct))
            ranked.append(Ranked(at, at.cumsum(axis=1)))
        return tuple(ranked)

    def mean(self, values: NDArray[np.float64]) -> float:
        """Returns the weighted mean of one value per record, (N,) float64; NaN if all weights are 0."""
        # Not a dot product: BLAS splits that by thread count, which changes the last digits.
        return float((values * self.weights).sum()) / self.total if self.total > 0 else float("nan")


def _count(cells: NDArray[np.int64], weights: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.float64]:
    """Returns the sum of weights (N,) by cell (N,) of a flattened matrix, as that matrix."""
    counts: NDArray[np.float64] = np.bincount(cells, weights, shape[0] * shape[1]).astype(np.float64, copy=False)
    return counts.reshape(shape)


def decide(
    probabilities: NDArray[np.float64], positive: int | None = None, threshold: Threshold = None
) -> NDArray[np.int64]:
    """Returns the class that each record is given to, (N,) int64.

    Args:
        probabilities: (N, K) float64.
        positive: K = 2: index of the positive class; None for the class of the highest probability.
        threshold: lowest probability that makes a record positive [default: 0.5], or (N,) float64, one for each
            record; only with `positive`.
    """
    if positive is None:
        return np.asarray(probabilities.argmax(axis=1), dtype=np.int64)
    bound = DEFAULT_THRESHOLD if threshold is None else threshold
    return np.where(probabilities[:, positive] >= bound, positive, 1 - positive).astype(np.int64)


def score(
    labels: ArrayLike, probabilities: ArrayLike, *, positive: int | None = None, threshold: Threshold = None
) -> ScoredRecords:
    """Returns the records with their classes decided, ready to be counted under any weights.

    Args:
        labels: (N,) int64, true class, in 0..K-1.
        probabilities: (N, K) float64 (float32 is widened), rows sum to 1.
        positive: K = 2: index of the positive class [default: 1]. Not allowed where K > 2.
        threshold: K = 2: lowest probability that makes a record positive [default: 0.5], or (N,) float64, one for each
            record. Not allowed where K > 2.

    Raises:
        EmptyInputError: there are no records.
        LabelError: a label is outside 0..K-1.
        SettingError: `positive` or `threshold` does not fit the classes.
        SeqnetError: the probabilities are not numbers, or are not probabilities.
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
    # Said this way round, NaN is none either.
    strange = bounds[~((bounds >= 0) & (bounds <= 1))]
    if strange.size:
        raise SettingError("evaluate.threshold", float(strange[0]), "a probability from 0 to 1")
    return ScoredRecords(y, p, chosen, bounds if bounds.ndim else float(bounds))


def in_canonical_order(
    contenders: Sequence[ScoredRecords], groups: NDArray[np.int64] | None
) -> tuple[list[ScoredRecords], NDArray[np.int64] | None]:
    """Returns records and groups sorted by all that is known of them; no groups if each is a single record.

    A seed then draws the same records whatever order they came in, be it that of a file or of length buckets.

    Args:
        contenders: the same N records, as one or more classifiers saw them.
        groups: (N,) int64, group of each record; None if records are independent.
    """
    if groups is not None and len(np.unique(groups)) == len(groups):
        groups = None
    # Groups come last, so that they do not change the values, not even by a rounding error.
    columns = [column for scored in reversed(contenders) for column in scored.probabilities.T]
    bounds = [scored.threshold for scored in contenders if isinstance(scored.threshold, np.ndarray)]
    order = np.lexsort((*([] if groups is None else [groups]), *bounds, *columns, contenders[0].labels))
    return [scored.take(order) for scored in contenders], None if groups is None else groups[order]


def _check_values(y: NDArray[np.int64], p: NDArray[np.float64]) -> None:
    if not len(y):
        raise EmptyInputError("there is nothing to evaluate", "choose a split that holds labelled records")
    strange = y[(y < 0) | (y >= p.shape[1])]
    if len(strange):
        raise LabelError("", f"label {strange[0]} is not one of the {p.shape[1]} classes", "remove such records")
    if not np.isfinite(p).all():
        raise SeqnetError(
            "", "the model gives probabilities that are NaN or infinite", "train it again with a lower learning rate"
        )
    if p.min() < 0 or p.max() > 1 + _SUM_TOLERANCE or np.abs(p.sum(axis=1) - 1).max() > _SUM_TOLERANCE:
        raise SeqnetError("", "the probabilities of a record are not in 0..1 with a sum of 1", "give probabilities")
