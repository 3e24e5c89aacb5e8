"""What could flatter or mislead: records that occur twice, in two splits or with two labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqnet.records import Ragged

__all__ = ["Duplicates", "find_duplicates", "sequence_hashes"]

_CHUNK = 1 << 22


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


def sequence_hashes(tokens: Ragged) -> NDArray[np.uint64]:
    """Returns a 64-bit hash (N,) uint64 of each of N token sequences.

    A sum of one pseudo-random number per (position, token), finished with the length: equal sequences have equal
    hashes, and unequal ones collide with probability about 2⁻⁶⁴ a pair.
    """
    hashes = np.empty(len(tokens), dtype=np.uint64)
    start = 0
    while start < len(tokens):
        limit = tokens.offsets[start] + _CHUNK
        stop = max(int(np.searchsorted(tokens.offsets, limit, side="right")) - 1, start + 1)
        part = tokens.slice(start, stop)
        position = np.arange(len(part.data), dtype=np.uint64) - np.repeat(part.offsets[:-1], part.lengths).astype(
            np.uint64
        )
        sums = np.concatenate([[np.uint64(0)], np.cumsum(_mix(position * np.uint64(256) + part.data))])
        hashes[start:stop] = _mix(sums[part.offsets[1:]] - sums[part.offsets[:-1]] + part.lengths.astype(np.uint64))
        start = stop
    return hashes


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Returns well-mixed 64-bit numbers.

    Source: the finaliser of SplitMix64, Steele et al. 2014, doi:10.1145/2660193.2660195.
    """
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


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
