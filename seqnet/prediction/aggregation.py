"""Scores of windows → one prediction of each record, piece by piece."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["Aggregation"]

_SMALLEST = 1e-300
"""Lowest probability whose logarithm is taken."""


class Aggregation:
    """Sums over the windows of N records, in memory that does not depend on the number of windows.

    Scores have R rows: the probabilities of the model and, for an ensemble, those of its members.

    Args:
        way: one of `configs.scanning.AGGREGATES`.
        records: N.
        classes: K.
        chosen: class that `max` and `noisy-or` are about.

    Attributes:
        counts: (N,) int64, number of windows with a score.
    """

    def __init__(self, way: str, records: int, classes: int, chosen: int) -> None:
        self._way, self._chosen = way, chosen
        self._shape = records, classes
        self._sums: NDArray[np.float64] | None = None
        self._best = np.full(records, -np.inf)
        self.counts = np.zeros(records, dtype=np.int64)

    def add(self, record: NDArray[np.int64], scores: NDArray[np.float64]) -> None:
        """Adds windows.

        Args:
            record: (n,) int64, record of each window, ascending.
            scores: (R, n, K) float64.
        """
        if not len(record):
            return
        if self._sums is None:
            self._sums = np.zeros((len(scores), *self._shape))
        firsts = np.flatnonzero(np.diff(record, prepend=-1))
        present = record[firsts]
        self.counts[present] += np.diff(firsts, append=len(record))
        if self._way == "max":
            self._keep_best(record, present, scores)
            return
        values = scores
        if self._way == "noisy-or":
            values = np.log(np.maximum(1 - scores, _SMALLEST))
        self._sums[:, present] += np.add.reduceat(values, firsts, axis=1)

    def _keep_best(self, record: NDArray[np.int64], present: NDArray[np.int64], scores: NDArray[np.float64]) -> None:
        """Keeps the scores of the first window of each record with the highest probability of the chosen class."""
        assert self._sums is not None
        value = scores[0, :, self._chosen]
        order = np.lexsort((-value, record))
        best = order[np.searchsorted(record[order], present)]
        better = value[best] > self._best[present]
        self._best[present[better]] = value[best[better]]
        self._sums[:, present[better]] = scores[:, best[better]]

    def result(self) -> NDArray[np.float64]:
        """Returns the scores (R, N, K) float64 of the records, NaN for a record without a scored window."""
        if self._sums is None:
            return np.full((1, *self._shape), np.nan)
        found = np.full_like(self._sums, np.nan)
        some = self.counts > 0
        sums = self._sums[:, some]
        if self._way == "mean":
            sums = sums / self.counts[some, None]
        if self._way == "noisy-or":
            other = 1 - self._chosen  # there are two classes
            none = np.exp(sums[:, :, self._chosen])
            sums = np.empty_like(sums)
            sums[:, :, self._chosen], sums[:, :, other] = 1 - none, none
        found[:, some] = sums
        return found
