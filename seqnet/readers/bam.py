"""Records of an uncompressed BAM as columns, thousands at a time.

htslib returns read by read, and a Python loop over reads takes more time than the network. So this module extracts the
fields from blocks of bytes with a few numpy calls. Only the chain of record sizes is followed one by one.

Source: SAM/BAM format specification, section 4.2, https://samtools.github.io/hts-specs/SAMv1.pdf
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import chain
from struct import Struct
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from seqnet.core.errors import FormatError, TruncatedError
from seqnet.core.records import Ragged
from seqnet.readers.alignment_records import AlignmentRecords
from seqnet.readers.pieces import Pieces
from seqnet.readers.slicing import cut

__all__ = ["BAM", "read_bam", "read_header", "skip_header", "tag_starts"]

BAM = b"BAM\1"

_SYMBOLS = np.frombuffer(b"=ACMGRSVTWYHKDBN", dtype=np.uint8)
_FIXED = np.dtype(
    [
        ("size", "<i4"),  # size of the rest of the record, in bytes
        ("reference", "<i4"),
        ("position", "<i4"),
        ("name_bytes", "u1"),  # includes the final zero byte
        ("quality", "u1"),
        ("bin", "<u2"),
        ("operations", "<u2"),  # number of CIGAR operations, 4 bytes each
        ("flag", "<u2"),
        ("length", "<i4"),
        ("mate", "<i4, <i4, <i4"),
    ]
)
"""The fields that all records have; name, alignment, sequence, base qualities and tags follow."""
_SIZE = Struct("<I")
_LONGEST = 1 << 31
"""Sizes are signed numbers, so a larger one means damage."""
_PIECE = 1 << 24
"""Number of bytes to read from a stream at once."""


def skip_header(stream: BinaryIO) -> None:
    """Moves the stream of a BAM to its first record.

    Raises:
        TruncatedError: the header is incomplete.
        FormatError: the header is not valid.
    """
    _read(stream, len(BAM))
    _skip_block(stream)
    for _ in range(_whole_number(stream)):
        _skip_block(stream)
        _whole_number(stream)


class _Copied:
    """A stream that keeps what is read of it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.parts: list[bytes] = []

    def read(self, size: int) -> bytes:
        """Returns up to `size` bytes."""
        self.parts.append(self._stream.read(size))
        return self.parts[-1]


class _Unread:
    """Pieces of bytes, of which some are read as from a stream."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self.rest = b""

    def read(self, size: int) -> bytes:
        """Returns up to `size` bytes, nothing at the end."""
        self.rest = self.rest or next(self._pieces, b"")
        found, self.rest = self.rest[:size], self.rest[size:]
        return found


def read_header(stream: BinaryIO) -> bytes:
    """Returns the header of a BAM, from its first byte, and moves the stream to its first record; see `skip_header`."""
    copied = _Copied(stream)
    skip_header(cast(BinaryIO, copied))
    return b"".join(copied.parts)


def read_bam(pieces: Pieces, *, originals: bool = False, header: bool = True) -> Iterator[AlignmentRecords]:
    """Yields the reads of a BAM: for each piece, those that end in it.

    Args:
        pieces: the BAM, uncompressed.
        originals: whether to return the records as they are, too.
        header: whether the pieces begin with the header.

    Raises:
        TruncatedError: the file ends within its header or a read.
        FormatError: the file is damaged.
    """
    start = _Unread(pieces)
    if header:
        skip_header(cast(BinaryIO, start))
    pending: list[bytes] = []
    held = needed = 0
    for piece in chain([start.rest] if start.rest else [], pieces):
        pending.append(piece)
        held += len(piece)
        if held < needed:
            continue
        data = b"".join(pending) if len(pending) > 1 else piece
        del piece
        pending.clear()  # frees memory
        bounds, following = _chain(data)
        end = int(bounds[-1])
        reads = _cut_reads(np.frombuffer(data, dtype=np.uint8), bounds, originals) if len(bounds) > 1 else None
        pending, held, needed = [data[end:]], len(data) - end, following - end
        del data
        if reads is not None:
            yield reads
            reads = None
    if pieces.overhang is not None and held != pieces.overhang:
        raise _damaged()
    if held and pieces.overhang is None:
        raise TruncatedError("the BAM ends within a read", "get the file again")


def _read(stream: BinaryIO, count: int) -> bytes:
    """Returns the next `count` bytes, fewer at the end, without allocating more memory than there are bytes."""
    parts = []
    while count and (part := stream.read(min(count, _PIECE))):
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def _whole_number(stream: BinaryIO) -> int:
    data = _read(stream, _SIZE.size)
    if len(data) < _SIZE.size:
        raise TruncatedError("the file ends within the BAM header", "get the file again")
    (number,) = _SIZE.unpack(data)
    if number >= _LONGEST:
        raise FormatError("the BAM header is damaged", "get the file again")
    return int(number)


def _skip_block(stream: BinaryIO) -> None:
    """Reads a length and skips as many bytes."""
    size = _whole_number(stream)
    while size:
        part = len(stream.read(min(size, _PIECE)))
        if not part:
            raise TruncatedError("the file ends within the BAM header", "get the file again")
        size -= part


def _chain(data: bytes) -> tuple[NDArray[np.int64], int]:
    """Returns the bounds (N + 1,) int64 of the N complete records in a buffer, and the end of the next record.

    This is the only loop over records. A size is read as an unsigned number, so that the loop always ends.
    """
    unpack, width = _SIZE.unpack_from, _SIZE.size
    bounds = [0]
    start, last = 0, len(data) - width
    while start <= last:
        (size,) = unpack(data, start)
        start += width + size
        bounds.append(start)
    following = bounds.pop() if start > len(data) else start + width
    chain = np.array(bounds, dtype=np.int64)
    if (np.diff(chain) < _FIXED.itemsize).any() or following >= bounds[-1] + width + _LONGEST:
        raise _damaged()
    return chain, following


def _cut_reads(data: NDArray[np.uint8], bounds: NDArray[np.int64], originals: bool) -> AlignmentRecords:
    """Returns the reads at `bounds` (N + 1,) int64 of a buffer (L,) uint8."""
    starts, ends = bounds[:-1], bounds[1:]
    fixed = cut(data, starts, starts + _FIXED.itemsize).data.view(_FIXED)  # (N,)
    lengths = fixed["length"].astype(np.int64)
    names = starts + _FIXED.itemsize
    name_ends = names + fixed["name_bytes"]
    sequences = name_ends + 4 * fixed["operations"].astype(np.int64)
    sequence_ends = sequences + (lengths + 1) // 2
    if (lengths < 0).any() or (fixed["name_bytes"] == 0).any() or (sequence_ends + lengths > ends).any():
        raise _damaged()
    symbols = _unpacked(cut(data, sequences, sequence_ends), lengths)
    entries = Ragged(data[: bounds[-1]], bounds) if originals else None
    return AlignmentRecords(fixed["flag"], fixed["quality"], _names(data, names, name_ends), symbols, entries)


def tag_starts(entries: Ragged) -> NDArray[np.int64]:
    """Returns the positions (M,) int64 in the data of M records at which their tags start."""
    starts = entries.offsets[:-1]
    fixed = cut(entries.data, starts, starts + _FIXED.itemsize).data.view(_FIXED)  # (M,)
    lengths = fixed["length"].astype(np.int64)
    before = fixed["name_bytes"] + 4 * fixed["operations"].astype(np.int64) + (lengths + 1) // 2 + lengths
    return starts + _FIXED.itemsize + before


def _names(data: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64]) -> Ragged:
    """Returns N names up to their first zero byte; some writers leave it out or write several."""
    if not data[ends - 1].any():
        names = cut(data, starts, ends - 1)
        if names.data.all():
            return names
    names = cut(data, starts, ends)
    return Ragged.from_strings([names[index].partition(b"\0")[0] for index in range(len(names))])


def _unpacked(packed: Ragged, lengths: NDArray[np.int64]) -> Ragged:
    """Returns N sequences with `lengths` (N,) int64; each packed byte has two symbols."""
    data = _pairs()[packed.data].view(np.uint8)  # (M,) → (2 · M,)
    odd = np.flatnonzero(lengths % 2)
    if len(odd):
        data = np.delete(data, 2 * packed.offsets[1:][odd] - 1)
    return Ragged.from_lengths(data, lengths)


@cache
def _pairs() -> NDArray[np.uint16]:
    """(256,) uint16, the two symbols of each packed byte, as two bytes in memory."""
    codes = np.arange(256)
    return np.stack([_SYMBOLS[codes >> 4], _SYMBOLS[codes & 15]], axis=1).view(np.uint16).reshape(-1)  # (256, 2)


def _damaged() -> FormatError:
    return FormatError("the BAM data are damaged", "get the file again")
