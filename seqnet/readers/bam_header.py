"""The header of an uncompressed BAM.

Source: SAM/BAM format specification, section 4.2, https://samtools.github.io/hts-specs/SAMv1.pdf
"""

from __future__ import annotations

from struct import Struct
from typing import BinaryIO, cast

from seqnet.core.errors import FormatError, TruncatedError

__all__ = ["BAM", "read_header", "read_up_to", "skip_header"]

BAM = b"BAM\1"

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
    read_up_to(stream, len(BAM))
    _skip_block(stream)
    for _ in range(_whole_number(stream)):
        _skip_block(stream)
        _whole_number(stream)


def read_header(stream: BinaryIO) -> bytes:
    """Returns the header of a BAM, from its first byte, and moves the stream to its first record; see `skip_header`."""
    copied = _Copied(stream)
    skip_header(cast(BinaryIO, copied))
    return b"".join(copied.parts)


def read_up_to(stream: BinaryIO, count: int) -> bytes:
    """Returns the next `count` bytes, fewer at the end, without allocating more memory than there are bytes."""
    parts = []
    while count and (part := stream.read(min(count, _PIECE))):
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


class _Copied:
    """A stream that keeps what is read of it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.parts: list[bytes] = []

    def read(self, size: int) -> bytes:
        """Returns up to `size` bytes."""
        self.parts.append(self._stream.read(size))
        return self.parts[-1]


def _whole_number(stream: BinaryIO) -> int:
    data = read_up_to(stream, _SIZE.size)
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
