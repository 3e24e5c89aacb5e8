"""Counts of duplicates: records that occur twice, in two splits or with two labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqnet.similarity.sets import Hashes

__all__ = ["Duplicates", "find_duplicates"]


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
    which = sequences.sets()
    several = np.flatnonzero(which >= 0)
    return Duplicates(
        records=len(several),
        across_splits=_differing(which[several], split[several]),
        contradictory=_differing(which[several], labels[several]),
        repeated_names=repeated_names - _mates(which, namesakes),
    )


def _mates(which: NDArray[np.int64], namesakes: NDArray[np.int64] | None) -> int:
    """Returns the number of namesakes with different sequences; `which` (N,) is each record's set of equal ones."""
    if namesakes is None:
        return 0
    sets = which[namesakes]  # (E, 2)
    return int(np.count_nonzero((sets[:, 0] != sets[:, 1]) | (sets[:, 0] < 0)))


def _differing(which: NDArray[np.int64], values: NDArray[np.integer]) -> int:
    """Returns the number of records in sets whose members have more than one value."""
    if not len(which):
        return 0
    order = np.lexsort((values, which))
    starts = np.flatnonzero(np.r_[True, np.diff(which[order]) != 0])
    ends = np.r_[starts[1:], len(order)]
    mixed = values[order[starts]] != values[order[ends - 1]]
    return int((ends - starts)[mixed].sum())
