"""Mates of read pairs, recognised by their names.

The mates of a pair are read from one piece of DNA and often overlap, so they must be in the same split. Both have the
same name (in a BAM, in two files, or interleaved in one file), or names that differ in a /1 and /2 at the end. Readers
add /1 and /2 if the flags of an alignment give them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from seqnet.core.ragged import Ragged
from seqnet.similarity.hashing import sequence_hashes
from seqnet.similarity.sets import Hashes

__all__ = ["Mates", "find_mates"]

_MARK = 2
"""Length of /1 and /2."""
_PIECE = 1 << 18
"""Number of names that are processed together."""


@dataclass(frozen=True, slots=True)
class Mates:
    """Pairs among N records.

    Attributes:
        of: (N,) int64, number of each record's pair, -1 for a record without a pair; empty if there are no pairs.
        count: P, the number of pairs.
        namesakes: (E, 2) int64, records of the pairs in which both have the same name.
    """

    of: NDArray[np.int64]
    count: int
    namesakes: NDArray[np.int64] = field(default_factory=lambda: np.empty((0, 2), dtype=np.int64))

    def joined(self, groups: NDArray[np.int64]) -> NDArray[np.int64]:
        """Returns `groups` (N,) int64, in which every record must be alone, with mates joined to one group."""
        if not self.count:
            return groups
        paired = np.flatnonzero(self.of >= 0)
        first = np.zeros(self.count, dtype=np.int64)
        first[self.of[paired][::-1]] = groups[paired[::-1]]
        joined = groups.copy()
        joined[paired] = first[self.of[paired]]
        return joined

    def separated(self, split: NDArray[np.uint8]) -> int:
        """Returns the number of pairs whose mates are in different splits (N,) uint8."""
        paired = np.flatnonzero(self.of >= 0)
        lowest, highest = np.full(self.count, 255, np.uint8), np.zeros(self.count, np.uint8)
        np.minimum.at(lowest, self.of[paired], split[paired])
        np.maximum.at(highest, self.of[paired], split[paired])
        return int(np.count_nonzero(lowest != highest))


def find_mates(names: Ragged, labels: NDArray[np.int32], hashes: Hashes | None = None) -> Mates:
    """Returns the pairs among N records, each of one class.

    A pair is two records of one class whose names are equal except for a /1 or /2 at the end. If /1 or /2 shows that
    the records are reads, more than two records may share the name. Other names that occur more than twice, such as a
    species name, are not pairs.

    Args:
        names: N names.
        labels: (N,) int32, class of each record.
        hashes: hashes of the names; None to compute them.
    """
    hashes = hashes or Hashes.of(names)
    marked = _marked(names)
    if len(marked):
        each = hashes.each.copy()
        each[marked] = sequence_hashes(_without_marks(names.take(marked)))
        hashes = Hashes.with_repeats(each)
    if not len(hashes.repeats):
        return Mates(marked[:0], 0)
    sets = hashes.sets()
    which = np.flatnonzero(sets >= 0)
    kinds = int(labels.max()) + 1
    _, which_set, sizes = np.unique(sets[which] * kinds + labels[which], return_inverse=True, return_counts=True)
    is_marked = np.zeros(len(names), dtype=bool)
    is_marked[marked] = True
    reads = np.bincount(which_set, weights=is_marked[which], minlength=len(sizes)) > 0
    pairs = (sizes == 2) | ((sizes > 2) & reads)
    numbers = np.cumsum(pairs) - 1
    if not pairs.any():
        return Mates(which[:0], 0)
    of = np.full(len(names), -1, dtype=np.int64)
    of[which] = np.where(pairs[which_set], numbers[which_set], -1)
    alike = ((sizes == 2) & ~reads)[which_set]
    namesakes = which[alike][np.argsort(which_set[alike], kind="stable")].reshape(-1, 2)  # (E, 2)
    return Mates(of, int(pairs.sum()), namesakes)


def _marked(names: Ragged) -> NDArray[np.int64]:
    """Returns the indices (M,) int64 of the names that end in /1 or /2 after at least one other character."""
    marked = [np.empty(0, dtype=np.int64)]
    for start in range(0, len(names) if len(names.data) else 0, _PIECE):
        bounds = names.offsets[start : start + _PIECE + 1]
        found = np.flatnonzero(names.data[np.maximum(bounds[1:] - _MARK, 0)] == ord("/"))
        last = names.data[np.maximum(bounds[1:][found] - 1, 0)]
        long = bounds[1:][found] - bounds[found] > _MARK
        marked.append(start + found[long & ((last == ord("1")) | (last == ord("2")))])
    return np.concatenate(marked)


def _without_marks(names: Ragged) -> Ragged:
    """Returns N names without their last two bytes."""
    ends = names.offsets[1:]
    kept = np.ones(len(names.data), dtype=bool)
    kept[ends - 1] = kept[ends - _MARK] = False
    return Ragged.from_lengths(names.data[kept], names.lengths - _MARK)
