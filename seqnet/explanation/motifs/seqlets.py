"""Seqlets: stretches of sequences with a higher attribution than shuffled sequences have.

The attributions of the symbols in a window of fixed width are added up. A window whose sum is larger than those of all
windows that overlap with it is a candidate. Shuffled sequences show what chance brings about: the threshold is the one
above which real sequences have the most significant surplus of candidates. Windows that speak for the class (positive
sums) and against it (negative sums) have thresholds of their own. Where nothing stands out, as in a model that has
learned noise, there is no threshold and no seqlet.

A shuffle of a short sequence often keeps a motif, or nearly so. So many candidates of shuffled sequences are no reason
to give up the real ones, as long as these are more by far more than chance explains.

Source: Shrikumar et al. 2018, arXiv:1811.00416 (seqlets, with a threshold from shuffled sequences).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from seqnet.core.ragged import Ragged
from seqnet.explanation.motifs.matrices import Sites

__all__ = ["seqlets", "threshold"]

_SURPLUS = 4.5
"""Fewest standard deviations by which real candidates must outnumber shuffled ones."""


def threshold(real: NDArray[np.float64], shuffled: NDArray[np.float64], rate: float) -> float:
    """Returns the score above which real candidates outnumber shuffled ones most; infinite if they do nowhere.

    The surplus is measured in standard deviations of a fair coin. It must be at least 4.5 of them, because the best of
    many thresholds is taken.

    Args:
        real: (M,) scores of candidates in real sequences.
        shuffled: (M',) scores of those in as many shuffled sequences.
        rate: maximum of (shuffled ones + 1) / real ones from the score up.
    """
    scores = np.sort(real)
    above = np.arange(len(scores), 0, -1)
    false = len(shuffled) - np.searchsorted(np.sort(shuffled), scores, side="left")
    surplus = (above - false) / np.sqrt(above + false)
    surplus[(false + 1) / above > rate] = 0
    best = int(surplus.argmax()) if len(scores) else 0
    return float(scores[best]) if len(scores) and surplus[best] >= _SURPLUS else float("inf")


def seqlets(
    contributions: NDArray[np.float32], sequences: Ragged, real: int, width: int, rate: float
) -> tuple[Sites, Sites]:
    """Returns the seqlets that speak for a class, and those that speak against it, the strongest first.

    Args:
        contributions: (ΣL,) float32, attribution of each symbol.
        sequences: N token sequences, the real ones in front and as many shuffled ones behind.
        real: number of real sequences.
        width: symbols of a window; shorter sequences have no window.
        rate: see `threshold`.
    """
    sums, starts = _window_sums(contributions, sequences, width)
    found = []
    for sign in (1, -1):
        place = _peaks(sign * sums, starts, width)
        score, record = sign * sums[place], np.searchsorted(sequences.offsets, starts[place], side="right") - 1
        within = starts[place] - sequences.offsets[record]
        is_real = record < real
        least = threshold(score[is_real], score[~is_real], rate)
        kept = np.flatnonzero((score >= least) & (score > 0))
        kept = kept[np.argsort(-score[kept], kind="stable")]
        found.append(Sites(record[kept], within[kept], np.zeros(len(kept), dtype=bool), width))
    return found[0], found[1]


def _window_sums(
    contributions: NDArray[np.float32], sequences: Ragged, width: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Returns the sum (P,) float64 of each window within a sequence, and its place (P,) int64 in the data."""
    total = np.concatenate([[0.0], np.cumsum(contributions, dtype=np.float64)])
    left = np.repeat(sequences.offsets[1:], sequences.lengths) - np.arange(len(sequences.data))
    starts = np.flatnonzero(left >= width)
    return total[starts + width] - total[starts], starts


def _peaks(sums: NDArray[np.float64], starts: NDArray[np.int64], width: int) -> NDArray[np.int64]:
    """Returns the windows, as indices (M,) int64, that no window with a larger sum overlaps; the first of equal ones.

    Windows of neighbouring sequences do not overlap: between their starts are at least `width` - 1 other positions.
    """
    if not len(sums):
        return np.empty(0, np.int64)
    line = np.full(int(starts[-1]) + 1, -np.inf)
    line[starts] = sums
    highest = maximum_filter1d(line, 2 * width - 1, mode="constant", cval=-np.inf)
    peaks = np.flatnonzero(sums >= highest[starts])
    # Of equal neighbours, the first one.
    far = np.diff(starts[peaks], prepend=-width) >= width
    return np.asarray(peaks[far])
