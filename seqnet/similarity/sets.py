"""Sets of equal sequences in a column, found by their hashes, also for a column that arrives in batches."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Executor, Future
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqnet.core.containers import Spool
from seqnet.core.records import Ragged
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
        ordered: (N,) uint64, sorted.
    """

    each: NDArray[np.uint64]
    ordered: NDArray[np.uint64]

    @classmethod
    def of(cls, sequences: Ragged) -> Hashes:
        """Returns the hashes of N sequences."""
        each = sequence_hashes(sequences)
        return cls(each, np.sort(each))

    @property
    def repeats(self) -> NDArray[np.uint64]:
        """(R,) uint64, sorted hashes that occurred before, each as often as it was repeated."""
        again: NDArray[np.uint64] = self.ordered[1:][self.ordered[1:] == self.ordered[:-1]]
        return again

    def sets(self) -> NDArray[np.int64]:
        """Returns the number (N,) int64 of each sequence's set of equal sequences, -1 for a sequence without an equal.

        Most datasets have few such sets. A search among these takes a tenth of the time of `np.unique`.
        """
        which = np.full(len(self.each), -1)
        if len(again := self.repeats):
            distinct = again[np.r_[True, again[1:] != again[:-1]]]
            for start in range(0, len(which), _RUN):
                each = self.each[start : start + _RUN]
                place = np.minimum(np.searchsorted(distinct, each), len(distinct) - 1)
                which[start : start + _RUN] = np.where(distinct[place] == each, place, -1)
        return which


class Hasher:
    """Hashes a column that arrives in batches; hashes are computed and sorted while the next batches are read.

    Args:
        pool: executor with one thread that computes the hashes.
    """

    def __init__(self, pool: Executor) -> None:
        self._pool = pool
        self._waiting: deque[Future[None]] = deque()
        self._each = Spool(np.uint64)
        self._runs: list[NDArray[np.uint64]] = []
        self._unsorted: list[NDArray[np.uint64]] = []

    def add(self, batch: Ragged) -> None:
        """Adds the sequences of a batch, which must not be changed afterwards."""
        self._waiting.append(self._pool.submit(self._hash, batch))
        self._wait(_WAITING)

    def hashes(self) -> Hashes:
        """Returns the hashes of all sequences so far."""
        self._wait(0)
        self._sort()
        if len(self._runs) != 1:
            self._runs = [np.concatenate(self._runs or [np.empty(0, np.uint64)])]
            # Merging sorted runs takes a tenth of the time of sorting them.
            self._runs[0].sort(kind="stable")
        return Hashes(self._each.view(), self._runs[0])

    def close(self) -> None:
        """Frees memory and disk space after the last batch has been hashed."""
        self._runs = []
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
            self._unsorted = []

    def _wait(self, most: int) -> None:
        """Waits until at most this many batches are not hashed yet."""
        while len(self._waiting) > most:
            self._waiting.popleft().result()
