"""Counts of duplicates: records that occur twice, in two splits or with two labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqnet.core.containers import drop_pages
from seqnet.similarity.sets import Hashes

__all__ = ["Duplicates", "find_duplicates"]

_PIECE = 1 << 19
"""Number of records that are looked up together."""


@dataclass(frozen=True)
class Duplicates:
    """Counts of exact duplicates.

    Attributes:
        records: records whose sequence occurs more than once.
        across_splits: records whose sequence also occurs in another split.
        contradictory: records whose sequence also occurs with another label.
        repeated_names: records whose name occurred before; second mates of pairs do not count.
    """

    records: int
    across_splits: int
    contradictory: int
    repeated_names: int


def find_duplicates(
    sequences: Hashes,
    repeated_names: int,
    labels: NDArray[np.int32],
    split: NDArray[np.uint8],
    namesakes: NDArray[np.int64] | None = None,
) -> Duplicates:
    """Returns the counts of duplicates among N records.

    Args:
        sequences: hashes of the N sequences.
        repeated_names: number of names that occurred before.
        labels: (N,) int32, class of each record.
        split: (N,) uint8, split of each record.
        namesakes: (E, 2) int64, mates of pairs in which both have the same name; they are not duplicates unless their
            sequences are equal.
    """
    splits, classes = _Values.of(len(sequences.repeated), split), _Values.of(len(sequences.repeated), labels)
    sizes = np.zeros(len(sequences.repeated), dtype=np.int64)
    for start in range(0, len(split) if len(sizes) else 0, _PIECE):
        piece = slice(start, start + _PIECE)
        which = sequences.lookup(sequences.each[piece])
        several = np.flatnonzero(which >= 0)
        sizes += np.bincount(which[several], minlength=len(sizes))
        splits.add(which[several], split[piece][several])
        classes.add(which[several], labels[piece][several])
        for column in (sequences.each, labels):
            drop_pages(column[piece])
    return Duplicates(
        records=int(sizes.sum()),
        across_splits=int(sizes[splits.differ].sum()),
        contradictory=int(sizes[classes.differ].sum()),
        repeated_names=repeated_names - _mates(sequences, namesakes),
    )


def _mates(sequences: Hashes, namesakes: NDArray[np.int64] | None) -> int:
    """Returns the number of namesakes (E, 2) with different sequences."""
    if namesakes is None:
        return 0
    sets = sequences.lookup(sequences.each[namesakes])  # (E, 2)
    return int(np.count_nonzero((sets[:, 0] != sets[:, 1]) | (sets[:, 0] < 0)))


@dataclass(frozen=True)
class _Values:
    """The lowest and the highest value of the members of each of S sets.

    Attributes:
        low: (S,), highest possible value if there is no member yet.
        high: (S,), lowest possible value if there is no member yet.
    """

    low: NDArray[np.integer]
    high: NDArray[np.integer]

    @classmethod
    def of(cls, sets: int, values: NDArray[np.integer]) -> _Values:
        """Returns those of sets without members, for values of this type."""
        limits = np.iinfo(values.dtype)
        return cls(np.full(sets, limits.max, values.dtype), np.full(sets, limits.min, values.dtype))

    def add(self, which: NDArray[np.int64], values: NDArray[np.integer]) -> None:
        """Adds members with values (M,) to the sets `which` (M,)."""
        np.minimum.at(self.low, which, values)
        np.maximum.at(self.high, which, values)

    @property
    def differ(self) -> NDArray[np.bool_]:
        """(S,) bool, whether the members of each set have more than one value."""
        return np.asarray(self.low != self.high)
