"""`Ragged`: a column of byte strings in one buffer with offsets.

There is no Python object per string, so work on thousands of sequences needs only a few numpy calls.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Self, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Ragged", "chunks", "gather_positions", "gather_ranges", "pieces"]

Column = TypeVar("Column", bound=np.generic)

_ASCII = 128
"""Bytes below this value are the same text in every encoding."""
_LONG = 500
"""Mean length from which ranges are copied one by one."""


def gather_positions(starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Returns the positions of all elements of the given ranges, range by range.

    Args:
        starts: (N,) int64, first position of each range.
        lengths: (N,) int64, number of elements of each range; zero is allowed.

    Returns:
        (sum(lengths),) int64.
    """
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    return np.repeat(starts - (ends - lengths), lengths) + np.arange(total, dtype=np.int64)


def gather_ranges(data: NDArray[np.uint8], starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Returns the elements of the given ranges of `data`, range by range; see `gather_positions`.

    Long ranges are copied one by one, because an array of positions is eight times as large as the gathered elements.
    """
    if len(lengths) and int(lengths.sum()) >= _LONG * len(lengths):
        ranges = zip(starts.tolist(), (starts + lengths).tolist(), strict=True)
        return np.concatenate([data[start:stop] for start, stop in ranges])
    return np.asarray(data[gather_positions(starts, lengths)])


@dataclass(frozen=True)
class Ragged:
    """A column of N byte strings of any length.

    Attributes:
        data: (ΣL,) uint8, all strings concatenated.
        offsets: (N + 1,) int64; string i is `data[offsets[i]:offsets[i + 1]]`, and `offsets[0]` is 0.
    """

    data: NDArray[np.uint8]
    offsets: NDArray[np.int64]

    @classmethod
    def from_lengths(cls, data: NDArray[np.uint8], lengths: NDArray[np.int64]) -> Self:
        """Returns the column of the strings that are concatenated in `data` (ΣL,), with `lengths` (N,) int64."""
        offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
        np.cumsum(lengths, out=offsets[1:])
        return cls(data, offsets)

    @classmethod
    def from_strings(cls, strings: Sequence[bytes] | Sequence[str]) -> Self:
        """Returns the column of the given strings; text is stored as UTF-8."""
        # Joining first and encoding once takes half the time of encoding each string. Only ASCII keeps the lengths.
        if strings and isinstance(strings[0], str) and (joined := "".join(cast(Sequence[str], strings))).isascii():
            data = joined.encode()
        else:
            strings = [string.encode() if isinstance(string, str) else string for string in strings]
            data = b"".join(strings)
        lengths = np.fromiter(map(len, strings), dtype=np.int64, count=len(strings))
        return cls.from_lengths(np.frombuffer(data, dtype=np.uint8), lengths)

    @classmethod
    def from_arrow(cls, array: pa.Array | pa.ChunkedArray) -> Self:
        """Returns the column of an Arrow array of any type that casts to text; null becomes an empty string."""
        import pyarrow as pa
        import pyarrow.compute as pc

        chunk = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
        text = pc.fill_null(pc.cast(chunk, pa.large_string()), "")
        text = pa.concat_arrays([text]) if text.offset else text
        offsets = np.frombuffer(text.buffers()[1], dtype=np.int64)[text.offset : text.offset + len(text) + 1]
        data = np.frombuffer(text.buffers()[2] or b"", dtype=np.uint8)[offsets[0] : offsets[-1]]
        return cls(data, offsets - offsets[0])

    @classmethod
    def concatenate(cls, columns: Sequence[Self]) -> Self:
        """Returns the strings of all columns, column by column."""
        if len(columns) == 1:
            return columns[0]
        lengths = [column.lengths for column in columns]
        data = [column.data for column in columns]
        empty = (np.empty(0, np.uint8), np.empty(0, np.int64))
        return cls.from_lengths(np.concatenate(data or [empty[0]]), np.concatenate(lengths or [empty[1]]))

    def __reduce__(self) -> tuple[object, ...]:
        """Makes pickling keep the fields only, without cached values."""
        return type(self), (self.data, self.offsets)

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        """(N,) int64, length of each string."""
        return np.diff(self.offsets)

    @cached_property
    def rows(self) -> NDArray[np.uint8] | None:
        """(N, L) uint8, a view of the strings if all have the same nonzero length; otherwise None."""
        length = int(self.lengths[0]) if len(self) else 0
        return self.data.reshape(-1, length) if length and bool((self.lengths == length).all()) else None

    def any_of(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Returns (N,) bool, whether each string has a byte at which `mask` (ΣL,) is true."""
        found = np.zeros(len(self), dtype=bool)
        filled = np.flatnonzero(self.lengths)
        if len(filled):
            found[filled] = np.logical_or.reduceat(mask, self.offsets[filled])
        return found

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, index: int) -> bytes:
        return self.data[self.offsets[index] : self.offsets[index + 1]].tobytes()

    def slice(self, start: int, stop: int) -> Self:
        """Returns strings start to stop (0-based, half-open); the data is a view."""
        offsets = self.offsets[start : stop + 1]
        return type(self)(self.data[offsets[0] : offsets[-1]], offsets - offsets[0])

    def take(self, indices: NDArray[np.int64]) -> Self:
        """Returns the strings at `indices` (M,) int64, in that order."""
        starts = self.offsets[indices]
        lengths = self.offsets[1:][indices] - starts  # only of the selected strings: the column may be on disk
        return self.from_lengths(gather_ranges(self.data, starts, lengths), lengths)

    def text(self) -> list[str]:
        """Returns the strings as Python text; bytes that are not UTF-8 become replacement characters."""
        joined = self.data.tobytes()
        bounds = self.offsets.tolist()
        return [joined[a:b].decode(errors="replace") for a, b in itertools.pairwise(bounds)]

    def as_utf8(self) -> Self:
        """Returns the same strings as UTF-8; a string that is not UTF-8 is read as Latin-1, which accepts any byte."""
        if not len(self.data) or self.data.max() < _ASCII:
            return self
        others = np.unique(np.searchsorted(self.offsets, np.flatnonzero(self.data >= _ASCII), side="right") - 1)
        fixed = {int(index): _as_utf8(self[index]) for index in others}
        if all(self[index] == string for index, string in fixed.items()):
            return self
        return self.from_strings([fixed.get(index, self[index]) for index in range(len(self))])

    def to_arrow(self) -> pa.LargeStringArray:
        """Returns the column as an Arrow array of text that shares its memory."""
        import pyarrow as pa

        offsets = pa.py_buffer(np.ascontiguousarray(self.offsets))
        return pa.LargeStringArray.from_buffers(len(self), offsets, pa.py_buffer(np.ascontiguousarray(self.data)))


def _as_utf8(string: bytes) -> bytes:
    try:
        string.decode()
    except UnicodeDecodeError:
        return string.decode("latin-1").encode()
    return string


def chunks(
    tokens: Ragged, symbols: int, records: int | None = None, *, members: NDArray[np.int64] | None = None
) -> Iterator[tuple[int, int]]:
    """Yields ranges start (included) to stop (excluded) that cover all sequences, for work that is done part by part.

    Args:
        tokens: N sequences.
        symbols: maximum symbols in a range, unless a single sequence has more.
        records: maximum sequences in a range [default: no maximum].
        members: (M,) int64, the sequences that the ranges are of [default: all].
    """
    if members is None:
        bounds = tokens.offsets
    else:
        bounds = np.concatenate([[0], np.cumsum(tokens.offsets[1:][members] - tokens.offsets[members])])
    start, count = 0, len(bounds) - 1
    while start < count:
        stop = max(int(np.searchsorted(bounds, bounds[start] + symbols, side="right")) - 1, start + 1)
        stop = stop if records is None else min(stop, start + records)
        yield start, stop
        start = stop


def pieces(data: NDArray[Column], size: int) -> Iterator[NDArray[Column]]:
    """Yields views of `size` elements of `data` (L,), one after the other; the last may have fewer."""
    for start in range(0, len(data), size):
        yield data[start : start + size]
