"""Counts of sequence lengths, in an array of fixed size, whatever the number of sequences.

Lengths below 1,024 have a bin each. Longer ones share bins, 64 between a power of two and the next, so that a bin is at
most 1.6 % wide.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["LENGTH_BINS", "LengthHistogram", "count_lengths", "length_histogram", "length_quantile"]

_EXACT = 1024
_EXPONENT = 11
"""1,024 is 0.5 · 2 to this power."""

_PER_OCTAVE = 64
LENGTH_BINS = _EXACT + _PER_OCTAVE * 30
"""Number of bins; the last one ends at 2⁴⁰, and has all that is longer."""

_WIDE = 20
"""From this ratio of longest to shortest on, the bins of a picture are equal on a logarithmic axis."""


class LengthHistogram(NamedTuple):
    """Lengths in the bins of a picture.

    Attributes:
        edges: (B + 1,) int64, bin i has the lengths from edges[i] to edges[i + 1] - 1.
        counts: (R, B) int64.
        logarithmic: whether the bins are equal on a logarithmic axis.
    """

    edges: NDArray[np.int64]
    counts: NDArray[np.int64]
    logarithmic: bool


def _lowest() -> NDArray[np.int64]:
    """Returns (LENGTH_BINS + 1,) int64, the shortest length of each bin, and the end of the last."""
    octave, part = np.divmod(np.arange(LENGTH_BINS + 1 - _EXACT), _PER_OCTAVE)
    long = (_PER_OCTAVE + part) * 2 ** (octave + _EXPONENT - 7)
    return np.concatenate([np.arange(_EXACT), long]).astype(np.int64)


_LOWEST = _lowest()


def count_lengths(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Returns (LENGTH_BINS,) int64, how many of the lengths (N,) int64 are in each bin."""
    bins = np.searchsorted(_LOWEST, lengths, side="right") - 1
    return np.bincount(np.minimum(bins, LENGTH_BINS - 1), minlength=LENGTH_BINS)


def length_quantile(counts: NDArray[np.int64], share: float) -> int:
    """Returns the length that a share of all is not longer than: exact below 1,024, else the start of its bin.

    Args:
        counts: (LENGTH_BINS,) int64, with at least one length.
        share: from 0 to 1.
    """
    cumulated = np.cumsum(counts)
    return int(_LOWEST[np.searchsorted(cumulated, max(share * cumulated[-1], 1), side="left")])


def length_histogram(counts: NDArray[np.int64], most: int = 40) -> LengthHistogram:
    """Returns the lengths in at most `most` bins of a picture, from the shortest to the longest.

    Args:
        counts: (R, LENGTH_BINS) int64, for each of R sets of sequences; together at least one.
        most: number of bins.
    """
    used = np.flatnonzero(counts.any(axis=0))
    low, high = int(_LOWEST[used[0]]), int(_LOWEST[used[-1] + 1])
    logarithmic = high > _WIDE * max(low, 1)
    if logarithmic:
        wanted = np.round(np.geomspace(max(low, 1), high, most + 1)).astype(np.int64)
        wanted[0] = low
    else:
        wanted = low + np.arange(most + 1) * -((low - high) // most)
    # An edge between two bins of the counts, so that no bin of the picture has half of one.
    at = np.unique(np.clip(np.searchsorted(_LOWEST, wanted), used[0], used[-1] + 1))
    summed = np.add.reduceat(counts, at[:-1], axis=1)
    return LengthHistogram(_LOWEST[at], summed, logarithmic)
