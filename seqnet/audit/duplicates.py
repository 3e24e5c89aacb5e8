"""Counts of records that occur twice, in two splits or with two labels, in one pass over all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqnet.records import Ragged
from seqnet.similarity import sequence_hashes

__all__ = ["Duplicates", "find_duplicates"]


@dataclass(frozen=True)
class Duplicates:
    """Counts of exact duplicates.

    Attributes:
        records: records whose sequence occurs more than once.
        across_splits: records whose sequence occurs in another split, too.
        contradictory: records whose sequence occurs with another label, too.
        repeated_names: records whose name occurred before.
    """

    records: int
    across_splits: int
    contradictory: int
    repeated_names: int


def find_duplicates(tokens: Ragged, labels: NDArray[np.int32], split: NDArray[np.uint8], names: Ragged) -> Duplicates:
    """Returns how many of N records are duplicates, and of which kind."""
    _, which, counts = np.unique(sequence_hashes(tokens), return_inverse=True, return_counts=True)
    several = np.flatnonzero(counts[which] > 1)
    distinct_names = len(np.unique(sequence_hashes(names)))
    return Duplicates(
        records=len(several),
        across_splits=_differing(which[several], split[several]),
        contradictory=_differing(which[several], labels[several]),
        repeated_names=len(names) - distinct_names,
    )


def _differing(which: NDArray[np.int64], values: NDArray[np.integer]) -> int:
    """Returns how many records belong to a set whose members have more than one value."""
    if not len(which):
        return 0
    order = np.lexsort((values, which))
    starts = np.flatnonzero(np.r_[True, np.diff(which[order]) != 0])
    ends = np.r_[starts[1:], len(order)]
    mixed = values[order[starts]] != values[order[ends - 1]]
    return int((ends - starts)[mixed].sum())
