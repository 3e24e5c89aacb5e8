"""Records by the probability of each class, sorted once, so that ranking metrics under any weights need no sort.

Only probabilities that a record of the class has matter to the metrics of the class: they are its ranks. So all classes
together have at most as many ranks as records.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

__all__ = ["ClassRanks", "RankedWeights"]

_AT_ONCE = 1 << 17
"""Weights that are summed together, so that they fit into the caches."""


@dataclass(frozen=True, eq=False)
class RankedWeights:
    """Weights of the records at and above each of G ranks, highest first within each class.

    Attributes:
        classes: K, number of classes.
        label: (G,) int64, class of each rank, ascending.
        own_at: (G,) float64, weight of the records of the class with exactly this probability.
        at: (G,) float64, weight of all records with it.
        own_above: (G,) float64, weight of the records of the class with at least this probability.
        above: (G,) float64, weight of all records with at least this probability.
    """

    classes: int
    label: NDArray[np.int64]
    own_at: NDArray[np.float64]
    at: NDArray[np.float64]
    own_above: NDArray[np.float64]
    above: NDArray[np.float64]

    def by_class(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Returns the sum (K,) float64 over the ranks of each class of values (G,) float64."""
        sums: NDArray[np.float64] = np.bincount(self.label, values, self.classes).astype(np.float64, copy=False)
        return sums


@dataclass(frozen=True, eq=False)
class ClassRanks:
    """N records, sorted by the probability of each of K classes.

    Attributes:
        order: (K, N) int64, the records in descending order of the probability of each class.
        label: (G,) int64, class of each rank, ascending.
        first: (G,) int64, place in the order of the class of the first record with the probability of a rank.
        stop: (G,) int64, place after the last record with it.
        of: (N,) int64, rank of each record: of its own class, with its own probability.
    """

    order: NDArray[np.int64]
    label: NDArray[np.int64]
    first: NDArray[np.int64]
    stop: NDArray[np.int64]
    of: NDArray[np.int64]

    @classmethod
    def sorted(cls, labels: NDArray[np.int64], probabilities: NDArray[np.float64]) -> ClassRanks:
        """Returns the ranks of labels (N,) and probabilities (N, K)."""
        count, classes = probabilities.shape
        order, of = np.empty((classes, count), dtype=np.int64), np.empty(count, dtype=np.int64)
        ranks: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
        found = 0
        for index in range(classes):
            values = probabilities[:, index]
            order[index] = own = np.argsort(-values, kind="stable")
            values = values[own]
            first = np.flatnonzero(np.append(True, values[1:] != values[:-1]))
            stop = np.append(first[1:], count)
            places = np.flatnonzero(labels[own] == index)
            kept, rank = np.unique(np.searchsorted(first, places, side="right") - 1, return_inverse=True)
            of[own[places]] = found + rank
            ranks.append((first[kept], stop[kept]))
            found += len(kept)
        label = np.repeat(np.arange(classes), [len(first) for first, _ in ranks])
        firsts, stops = (np.concatenate(part) for part in zip(*ranks, strict=True))
        return cls(order, label, firsts, stops, of)

    @cached_property
    def _bounds(self) -> NDArray[np.int64]:
        """(K + 1,) int64, where the ranks of each class begin."""
        return np.searchsorted(self.label, np.arange(len(self.order) + 1))

    def weighed(self, weights: NDArray[np.float64]) -> RankedWeights:
        """Returns the sums of weights (N,) float64 at all ranks; exact if the weights are whole numbers."""
        above, before = np.empty(len(self.label)), np.empty(len(self.label))
        count = self.order.shape[1]
        step = max(_AT_ONCE // count, 1)
        for start in range(0, len(self.order), step):
            sums = np.zeros((min(step, len(self.order) - start), count + 1))
            np.cumsum(weights[self.order[start : start + step]], axis=1, out=sums[:, 1:])
            some = slice(self._bounds[start], self._bounds[start + len(sums)])
            row = self.label[some] - start
            above[some], before[some] = sums[row, self.stop[some]], sums[row, self.first[some]]
        own_at = np.bincount(self.of, weights, len(self.label)).astype(np.float64, copy=False)
        total = np.append(0.0, own_at.cumsum())
        own_above = total[1:] - total[self._bounds[self.label]]
        return RankedWeights(len(self.order), self.label, own_at, above - before, own_above, above)
