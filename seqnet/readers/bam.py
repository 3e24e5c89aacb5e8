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
from seqnet.core.ragged import Ragged, pieces
from seqnet.readers.alignment_records import AlignmentRecords
from seqnet.readers.bam_header import read_up_to, skip_header
from seqnet.readers.pieces import Pieces
from seqnet.readers.slicing import cut

__all__ = ["read_bam", "tag_starts"]

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
_LONG = 1 << 24
"""Number of bytes still to be read from which a record is assembled piece by piece."""
_PART = 1 << 20
"""Number of bytes of a long record that are in memory at once."""
_BEFORE_SEQUENCE = _FIXED.itemsize + 255 + 4 * 65_535
"""Maximum bytes of a record before its sequence."""


class _Unread(Iterator[bytes]):
    """Pieces of bytes, of which some are read as from a stream; the rest of such a piece is the next one."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self.rest = b""

    def __next__(self) -> bytes:
        found, self.rest = self.rest or next(self._pieces), b""
        return found

    def read(self, size: int) -> bytes:
        """Returns up to `size` bytes, nothing at the end."""
        self.rest = self.rest or next(self._pieces, b"")
        found, self.rest = self.rest[:size], self.rest[size:]
        return found


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
    unread = _Unread(pieces)
    if header:
        skip_header(cast(BinaryIO, unread))
    pending: list[bytes] = []
    held = needed = 0
    for piece in unread:
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
        if needed > _LONG and not originals:
            try:
                yield _long_read(cast(BinaryIO, unread), pending[0])
            except TruncatedError:
                if held != pieces.overhang:  # else the read belongs to the next part
                    raise
                return
            pending, held, needed = [], 0, 0
    if pieces.overhang is not None and held != pieces.overhang:
        raise _damaged()
    if held and pieces.overhang is None:
        raise TruncatedError("the BAM ends within a read", "get the file again")


def _long_read(stream: BinaryIO, start: bytes) -> AlignmentRecords:
    """Returns a read of many megabytes, of which only the sequence is held in memory.

    Args:
        stream: the BAM.
        start: the first bytes of the record; the stream has the others.

    Raises:
        TruncatedError: the file ends within the read.
        FormatError: the record is damaged.
    """
    head = start + read_up_to(stream, max(_BEFORE_SEQUENCE - len(start), 0))
    fixed = np.frombuffer(head[: _FIXED.itemsize], _FIXED)  # (1,)
    name_end = _FIXED.itemsize + int(fixed["name_bytes"][0])
    sequence = name_end + 4 * int(fixed["operations"][0])
    length, end = int(fixed["length"][0]), _SIZE.size + int(fixed["size"][0])
    sequence_end = sequence + (length + 1) // 2
    if length < 0 or name_end == _FIXED.itemsize or sequence_end + length > end:
        raise _damaged()
    symbols = bytearray()
    for part in chain([head[sequence:sequence_end]], _parts(stream, sequence_end - len(head))):
        for piece in pieces(np.frombuffer(part, dtype=np.uint8), _PART):
            symbols += _pairs()[piece].data.cast("B")
    for _ in _parts(stream, end - max(sequence_end, len(head))):
        pass
    name = head[_FIXED.itemsize : name_end].partition(b"\0")[0]
    sequences = Ragged.from_lengths(np.frombuffer(symbols, dtype=np.uint8)[:length], np.array([length]))
    return AlignmentRecords(fixed["flag"], fixed["quality"], Ragged.from_strings([name]), sequences)


def _parts(stream: BinaryIO, count: int) -> Iterator[bytes]:
    """Yields the next `count` bytes in parts.

    Raises:
        TruncatedError: there are fewer.
    """
    while count > 0:
        part = stream.read(min(count, _PART))
        if not part:
            raise TruncatedError("the BAM ends within a read", "get the file again")
        count -= len(part)
        yield part


def _chain(data: bytes) -> tuple[NDArray[np.int64], int]:
    """Returns the bounds (N + 1,) int64 of the N complete records in a buffer, and the end of the next record.

    This is the only loop over records. A size is read as an unsigned number, so that the loop always ends.
    """
    unpack, width = _SIZE.unpack_from, _SIZE.size
    bounds = [0]
    add = bounds.append
    start, last = 0, len(data) - width
    while start <= last:
        start += width + unpack(data, start)[0]
        add(start)
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
