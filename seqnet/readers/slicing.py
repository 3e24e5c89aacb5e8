"""Extracts many pieces from a buffer at once."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from seqnet.core.ragged import Ragged

__all__ = ["LONGEST_HEADER", "blank_positions", "cut", "first_words", "newline_positions"]

LONGEST_HEADER = 1 << 22
"""Maximum bytes of a header line. A file with a longer header is damaged, or has another format."""

_ROW = 1 << 10
"""Maximum length of pieces that are copied as rows."""
_LONG = 1 << 16
"""Mean length from which pieces are copied one by one: a mask would be as large as the whole buffer."""
_PART = 1 << 20
"""Number of bytes that are compared at once."""


def blank_positions(data: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Returns the positions (W,) int64 of the blanks in `data` (L,) uint8: space and the five from tab to return."""
    # Subtraction wraps around, so that one comparison finds all five.
    return np.flatnonzero((data == ord(" ")) | (data - np.uint8(ord("\t")) <= ord("\r") - ord("\t")))


def newline_positions(data: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Returns the positions (W,) int64 of the newlines in `data` (L,) uint8."""
    if len(data) <= _PART:
        return np.flatnonzero(data == ord("\n"))
    starts = range(0, len(data), _PART)
    return np.concatenate([np.flatnonzero(data[start : start + _PART] == ord("\n")) + start for start in starts])


def cut(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    without: NDArray[np.int64] | None = None,
) -> Ragged:
    """Returns a column of N pieces of a buffer.

    A mask takes one byte for each byte of the buffer. Positions would take eight, which is too much for a chromosome.
    Short pieces of equal length are copied as rows, which is three times as fast.

    Args:
        data: (L,) uint8.
        starts: (N,) int64, first position of each piece; pieces are in order and do not overlap.
        ends: (N,) int64, position after each piece.
        without: (W,) int64, ascending positions that are left out of the pieces.

    Returns:
        N strings.
    """
    lengths = ends - starts
    if without is None and len(lengths) and 0 < lengths[0] <= _ROW and (lengths == lengths[0]).all():
        return Ragged.from_lengths(sliding_window_view(data, lengths[0])[starts].reshape(-1), lengths)
    if without is None and int(lengths.sum()) >= _LONG * max(len(lengths), 1):
        ranges = zip(starts.tolist(), ends.tolist(), strict=True)
        return Ragged.from_lengths(np.concatenate([data[start:end] for start, end in ranges]), lengths)
    bounds = np.empty(2 * len(starts) + 2, dtype=np.int64)
    bounds[0], bounds[-1] = 0, len(data)
    bounds[1:-1:2], bounds[2:-1:2] = starts, ends
    inside = np.zeros(len(bounds) - 1, dtype=bool)
    inside[1::2] = True
    keep = np.repeat(inside, np.diff(bounds))  # (L,)
    if without is not None:
        keep[without] = False
        lengths = lengths - (np.searchsorted(without, ends) - np.searchsorted(without, starts))
    return Ragged.from_lengths(data[keep], lengths)


def first_words(headers: Ragged) -> Ragged:
    """Returns the first word of each header, empty for a blank header; the same column if all have a single word."""
    blanks = blank_positions(headers.data)
    if not len(blanks):
        return headers
    starts, stops = headers.offsets[:-1].copy(), headers.offsets[1:]
    ends = np.minimum(np.append(blanks, len(headers.data))[np.searchsorted(blanks, starts)], stops)
    for index in np.flatnonzero((ends == starts) & (stops > starts)).tolist():  # rare: a blank first
        header = headers[index]
        word = (header.split(maxsplit=1) or [b""])[0]
        starts[index] += len(header) - len(header.lstrip())
        ends[index] = starts[index] + len(word)
    return cut(headers.data, starts, ends)
