"""Sets of equal sequences in a column, found by their hashes, also for a column that arrives in batches."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from seqnet.core.containers import Spool, drop_pages
from seqnet.core.ragged import Ragged
from seqnet.similarity.hashing import sequence_hashes

__all__ = ["Hasher", "Hashes"]

_RUN = 1 << 19
"""Number of hashes that are sorted together. Longer runs take longer to sort, more runs take longer to merge."""
_WAITING = 2
"""Maximum number of batches that wait to be hashed; each is held in memory."""


@dataclass(frozen=True)
class Hashes:
    """Hashes of N sequences.

    Attributes:
        each: (N,) uint64, in the order of the sequences; may be memory-mapped.
        repeats: (R,) uint64, sorted, those that occurred before, each as often as it was repeated.
    """

    each: NDArray[np.uint64]
    repeats: NDArray[np.uint64]

    @classmethod
    def of(cls, sequences: Ragged) -> Hashes:
        """Returns the hashes of N sequences."""
        return cls.with_repeats(sequence_hashes(sequences))

    @classmethod
    def with_repeats(cls, each: NDArray[np.uint64]) -> Hashes:
        """Returns hashes (N,) uint64 in memory, together with their repeats."""
        return cls(each, _repeats(np.sort(each)))

    @cached_property
    def repeated(self) -> NDArray[np.uint64]:
        """(S,) uint64, sorted, the different hashes that occur more than once; each is one set of equal sequences."""
        return self.repeats[np.r_[True, self.repeats[1:] != self.repeats[:-1]]] if len(self.repeats) else self.repeats

    def lookup(self, hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Returns the number 0..S-1 of the set of each of some hashes, of the same shape; -1 for one without an equal.

        Most datasets have few such sets. A search among these takes a tenth of the time of `np.unique`.
        """
        if not len(self.repeated):
            return np.full(hashes.shape, -1)
        place = np.minimum(np.searchsorted(self.repeated, hashes), len(self.repeated) - 1)
        return np.where(self.repeated[place] == hashes, place, -1)

    def sets(self) -> NDArray[np.int64]:
        """Returns the number (N,) int64 of each sequence's set of equal sequences; see `lookup`."""
        which = np.full(len(self.each), -1)
        for start in range(0, len(which) if len(self.repeats) else 0, _RUN):
            which[start : start + _RUN] = self.lookup(self.each[start : start + _RUN])
        return which


def _repeats(ordered: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Returns those of N sorted hashes that occurred before."""
    again: NDArray[np.uint64] = ordered[1:][ordered[1:] == ordered[:-1]]
    return again


class Hasher:
    """Hashes a column that arrives in batches; hashes are computed and sorted while the next batches are read.

    All hashes and the sorted runs of them are on disk.

    Args:
        pool: executor with one thread that computes the hashes.
    """

    def __init__(self, pool: Executor) -> None:
        self._pool = pool
        self._waiting: deque[Future[None]] = deque()
        self._each = Spool(np.uint64)
        self._runs = Spool(np.uint64)
        self._bounds = [0]
        self._unsorted: list[NDArray[np.uint64]] = []

    def add(self, batch: Ragged) -> None:
        """Adds the sequences of a batch, which must not be changed afterwards."""
        self._waiting.append(self._pool.submit(self._hash, batch))
        self._wait(_WAITING)

    def hashes(self) -> Hashes:
        """Returns the hashes of all sequences so far."""
        self._wait(0)
        self._sort()
        return Hashes(self._each.view(), self._merged_repeats())

    def _merged_repeats(self) -> NDArray[np.uint64]:
        """Returns the repeats of all runs. Each range of values is merged by itself, so that little is in memory."""
        ordered = self._runs.view()
        runs = [ordered[start:stop] for start, stop in pairwise(self._bounds)]
        count = max(len(runs), 1)
        borders = np.array([number * 2**64 // count for number in range(1, count)], dtype=np.uint64)
        cuts = []
        for run in runs:
            cuts.append([0, *np.searchsorted(run, borders).tolist(), len(run)])
            drop_pages(run)
        found = [np.empty(0, np.uint64)]
        for number in range(len(runs)):
            values = np.concatenate([run[cut[number] : cut[number + 1]] for run, cut in zip(runs, cuts, strict=True)])
            # Merging sorted runs takes a tenth of the time of sorting them.
            values.sort(kind="stable")
            found.append(_repeats(values))
            drop_pages(ordered)
        return np.concatenate(found)

    def close(self) -> None:
        """Frees memory and disk space after the last batch has been hashed."""
        self._runs.close()
        self._each.close()

    def _hash(self, batch: Ragged) -> None:
        found = sequence_hashes(batch)
        self._each.append(found)
        self._unsorted.append(found)
        if sum(map(len, self._unsorted)) >= _RUN:
            self._sort()

    def _sort(self) -> None:
        if self._unsorted:
            self._runs.append(np.sort(np.concatenate(self._unsorted)))
            self._bounds.append(self._runs.length)
            self._unsorted = []

    def _wait(self, most: int) -> None:
        """Waits until at most this many batches are not hashed yet."""
        while len(self._waiting) > most:
            self._waiting.popleft().result()
