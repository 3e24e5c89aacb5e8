"""Where records start in the pieces of a file, followed from a place in the middle of it.

After a piece, a reader has returned all records that are known to be complete, and keeps the bytes of the last one.
`RecordStarts.last` returns where in the piece the kept bytes start. It is an independent, fast copy of what
the readers of FASTA, FASTQ and BAM do, which `tests/readers/test_record_starts.py` compares with them.
"""

from __future__ import annotations

from struct import Struct
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from seqnet.readers.slicing import newline_positions

__all__ = ["BamStarts", "FastaStarts", "FastqStarts", "RecordStarts", "UnknownStartError"]

_SIZE = Struct("<I")
_BAM_FIXED = np.dtype(
    [("size", "<u4"), ("reference", "<i4"), ("position", "<i4"), ("name", "u1"), ("quality", "u1"), ("bin", "<u2"),
     ("operations", "<u2"), ("flag", "<u2"), ("length", "<i4"), ("mate", "<i4"), ("mate_position", "<i4")]
)  # fmt: skip
"""Source: SAM/BAM format specification, section 4.2."""
_BAM_FIELDS = 36
_MOST_REFERENCES = 1 << 24
_MOST_BAM = 1 << 28
_FEWEST = 3
"""Records in a row that must be valid where a start is guessed."""


class UnknownStartError(Exception):
    """Where a record starts can't be known without the text before."""


class RecordStarts(Protocol):
    """Follows the records of a format from piece to piece."""

    @classmethod
    def at_start(cls, header: int = 0) -> Self:
        """Returns what follows the records of a file from its start; `header` bytes are before the first one."""

    @classmethod
    def guess(cls, window: bytes, ended: bool) -> Self:
        """Returns what follows the records of a file from the middle.

        Args:
            window: the next bytes.
            ended: whether the file ends with them.

        Raises:
            UnknownStartError: it can't be known from the bytes where a record starts.
        """

    def last(self, piece: bytes) -> int | None:
        """Returns where the last, incomplete record starts, if records before it are complete only with this piece.

        Raises:
            UnknownStartError: see `guess`.
        """


class FastaStarts:
    """Starts of FASTA records: each `>` after a newline."""

    def __init__(self, after_newline: bool | None) -> None:
        self._after_newline = after_newline

    @classmethod
    def at_start(cls, header: int = 0) -> Self:
        """See `RecordStarts`."""
        return cls(False)

    @classmethod
    def guess(cls, window: bytes, ended: bool) -> Self:
        """See `RecordStarts`."""
        return cls(None)

    def last(self, piece: bytes) -> int | None:
        """See `RecordStarts`."""
        before, self._after_newline = self._after_newline, piece.endswith(b"\n")
        if found := piece.rfind(b"\n>") + 1:
            return found
        if not piece.startswith(b">"):
            return None
        if before is None:
            raise UnknownStartError
        return 0 if before else None


class FastqStarts:
    """Starts of FASTQ records: every fourth line.

    Args:
        lines: newlines so far, modulo 4.
        at_line_start: whether the next byte starts a line; None if unknown.
    """

    def __init__(self, lines: int, at_line_start: bool | None) -> None:
        self._lines, self._at_line_start = lines, at_line_start

    @classmethod
    def at_start(cls, header: int = 0) -> Self:
        """See `RecordStarts`."""
        return cls(0, False)  # the start of the text completes no record

    @classmethod
    def guess(cls, window: bytes, ended: bool) -> Self:
        """See `RecordStarts`."""
        lines = window.split(b"\n")[1:-1]
        fitting = [phase for phase in range(4) if _is_fastq(lines[phase:])]
        if len(fitting) != 1:
            raise UnknownStartError
        return cls((3 - fitting[0]) % 4, None)

    def last(self, piece: bytes) -> int | None:
        """See `RecordStarts`."""
        newlines = newline_positions(np.frombuffer(piece, dtype=np.uint8))
        filled = len(piece.rstrip())
        starts = newlines[(3 - self._lines) % 4 :: 4] + 1
        count = int(np.searchsorted(starts, filled))
        first = self._lines == 0 and filled > 0
        known, self._at_line_start = self._at_line_start, piece.endswith(b"\n")
        self._lines = (self._lines + len(newlines)) % 4
        if count:
            return int(starts[count - 1])
        if first and known is None:
            raise UnknownStartError
        return 0 if first and known else None


def _is_fastq(lines: list[bytes]) -> bool:
    """Returns whether lines are FASTQ, the first one a header; at least one record, and a part of the last one."""
    headers, symbols, marks, qualities = (lines[place::4] for place in range(4))
    return (
        len(qualities) > 0
        and all(line.startswith(b"@") for line in headers)
        and all(line.startswith(b"+") for line in marks)
        and all(len(one) == len(two) for one, two in zip(symbols, qualities, strict=False))
    )


class BamStarts:
    """Starts of the records of a BAM, after its header, by the sizes of the records.

    Args:
        end: bytes until the current record ends; 0 at the start of a record.
    """

    def __init__(self, end: int) -> None:
        self._end = end
        self._size = b""  # the first bytes of the size of the next record

    @classmethod
    def at_start(cls, header: int = 0) -> Self:
        """See `RecordStarts`."""
        return cls(header)

    @classmethod
    def guess(cls, window: bytes, ended: bool) -> Self:
        """See `RecordStarts`."""
        data = np.frombuffer(window, dtype=np.uint8)
        for start in _possible_starts(data).tolist():
            at, count = start, 0
            while at + _BAM_FIELDS <= len(data) and _is_record(data, at):
                at += _SIZE.size + _SIZE.unpack_from(window, at)[0]
                count += 1
            cut = at + _BAM_FIELDS > len(data)
            if cut and (count >= _FEWEST or (ended and at == len(data))):
                return cls(start)
        raise UnknownStartError

    def last(self, piece: bytes) -> int | None:
        """See `RecordStarts`."""
        data, shift, found = self._size + piece, len(self._size), None
        at, self._size = self._end, b""
        if 0 < at <= len(data):
            found = at
        while at + _SIZE.size <= len(data):
            following = at + _SIZE.size + _SIZE.unpack_from(data, at)[0]
            if following > len(data):
                at = following
                break
            found = at = following
        if at < len(data):
            self._size, at = data[at:], len(data)
        self._end = at - len(data)
        return None if found is None else found - shift


def _possible_starts(data: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Returns the positions (N,) int64 of a buffer (L,) uint8 where a BAM record may start, by a look at four bytes."""
    count = max(len(data) - _BAM_FIELDS + 1, 0)
    # The high bytes of the size and of the reference, and the length of the name.
    size, reference, name = (data[place : place + count] for place in (3, 7, 12))
    return np.flatnonzero((size < 16) & ((reference == 0) | (reference == 255)) & (name > 0))


def _is_record(data: NDArray[np.uint8], at: int) -> bool:
    """Returns whether the fields at a position of a buffer (L,) uint8 are those of a BAM record."""
    fields = data[at : at + _BAM_FIELDS].tobytes()
    one = np.frombuffer(fields[: _BAM_FIXED.itemsize], dtype=_BAM_FIXED)[0]
    length, name = int(one["length"]), int(one["name"])
    least = 32 + name + 4 * int(one["operations"]) + (length + 1) // 2 + length
    end = at + _BAM_FIELDS + name - 1
    return (
        -1 <= int(one["reference"]) < _MOST_REFERENCES
        and -1 <= int(one["mate"]) < _MOST_REFERENCES
        and int(one["position"]) >= -1
        and int(one["mate_position"]) >= -1
        and name > 0
        and length >= 0
        and least <= int(one["size"]) < _MOST_BAM
        and (end >= len(data) or data[end] == 0)
        and not (data[at + _BAM_FIELDS : min(end, len(data))] < ord("!")).any()
    )
