"""Decompression of all compressions that text files may have.

`find_compression` recognises a compression by its magic bytes. `decompress` yields the decompressed bytes. A file may
have several members (frames, streams, blocks). If the last member is incomplete, a `TruncatedError` is raised; if data
are damaged, a `FormatError`. Nothing is silently cut short.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from seqnet.core.bgzf import BGZF_END
from seqnet.core.errors import FormatError, TruncatedError
from seqnet.readers.replay import ReplayedBytes

if TYPE_CHECKING:
    from zstandard import ZstdDecompressionObj

__all__ = ["COMPRESSIONS", "Compression", "decompress", "decompress_members", "find_compression"]

_CHUNK = 1 << 16
_MOST_TEXT = 1 << 22
"""Maximum bytes of text that are decompressed at once: a few kilobytes may hold gigabytes of line breaks."""
_LACKS_MEMORY = "not enough memory"
"""Message of zstd's library if it does not have the memory that a frame asks for."""
_ZSTD_PIECE = 1 << 10
"""Bytes that are decompressed at once if the output can't be limited; zstd makes at most 32 MB of 1 KB."""


class Decompressor(Protocol):
    """Decompresses one member; the interface of bz2 and lzma in the standard library."""

    @property
    def needs_input(self) -> bool:
        """Whether more input is needed before there is more output."""

    @property
    def eof(self) -> bool:
        """Whether the end of the member was reached."""

    @property
    def unused_data(self) -> bytes:
        """Bytes after the end of the member."""

    def decompress(self, data: bytes, max_length: int = -1, /) -> bytes:
        """Returns the output for `data` and earlier input, at most `max_length` bytes; the rest is kept."""


def _gzip_member() -> Decompressor:
    from isal import igzip_lib

    member: Decompressor = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
    return member


def _bzip2_member() -> Decompressor:
    from bz2 import BZ2Decompressor

    return BZ2Decompressor()


def _xz_member() -> Decompressor:
    from lzma import LZMADecompressor

    return LZMADecompressor()


def _zstd_member() -> Decompressor:
    from zstandard import ZstdDecompressor

    # Files made with `zstd --long=31` need the largest window. Memory is only allocated if a file needs it.
    return _ZstdMember(ZstdDecompressor(max_window_size=1 << 31).decompressobj())


class _ZstdMember:
    """A zstd frame. Its library has no limit of the output, so it gets a few bytes at a time."""

    def __init__(self, frame: ZstdDecompressionObj) -> None:
        self._frame = frame
        self._waiting = b""

    @property
    def eof(self) -> bool:
        """See `Decompressor`."""
        return self._frame.eof

    @property
    def unused_data(self) -> bytes:
        """See `Decompressor`."""
        return self._frame.unused_data + self._waiting

    @property
    def needs_input(self) -> bool:
        """See `Decompressor`."""
        return not self._waiting

    def decompress(self, data: bytes, max_length: int = -1, /) -> bytes:
        """See `Decompressor`; `max_length` is only approximate."""
        waiting = memoryview(self._waiting + data)
        parts, size, at = [], 0, 0
        while at < len(waiting) and not self._frame.eof and (max_length < 0 or size < max_length):
            parts.append(self._frame.decompress(bytes(waiting[at : at + _ZSTD_PIECE])))
            at += _ZSTD_PIECE
            size += len(parts[-1])
        self._waiting = bytes(waiting[at:])
        return b"".join(parts)


@dataclass(frozen=True, slots=True)
class Compression:
    """A compression format.

    Attributes:
        magic: pattern of the first bytes.
        start_member: returns a decompressor for the next member.
        padded: whether zero bytes may follow a member, as tapes and `xz` write them.
        end: last bytes of a complete file; empty if the format has no end marker.
    """

    magic: re.Pattern[bytes]
    start_member: Callable[[], Decompressor]
    padded: bool
    end: bytes = b""


COMPRESSIONS: Mapping[str, Compression] = {
    "bgzip": Compression(re.compile(rb"\x1f\x8b\x08\x04.{6}..BC\x02\x00", re.DOTALL), _gzip_member, True, BGZF_END),
    "gzip": Compression(re.compile(rb"\x1f\x8b"), _gzip_member, True),
    "bzip2": Compression(re.compile(rb"BZh[1-9][1\x17]"), _bzip2_member, False),
    "xz": Compression(re.compile(rb"\xfd7zXZ\x00"), _xz_member, True),
    "zstd": Compression(re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18"), _zstd_member, False),
}


def find_compression(head: bytes) -> str | None:
    """Returns the name of the compression whose magic bytes are at the start of `head`; None if there is none."""
    return next((name for name, row in COMPRESSIONS.items() if row.magic.match(head)), None)


def decompress(stored: ReplayedBytes, name: str) -> Iterator[bytes]:
    """Yields the decompressed bytes of `stored`, in chunks of any size; see `decompress_members`."""
    return (text for _, text in decompress_members(stored, name))


def decompress_members(stored: ReplayedBytes, name: str, start: int = 0) -> Iterator[tuple[int, bytes]]:
    """Yields the decompressed bytes of `stored`, in chunks of any size, each with the position of its member.

    Args:
        stored: the compressed bytes, at the start of a member.
        name: one of `COMPRESSIONS`.
        start: position of the first member.

    Raises:
        TruncatedError: the last member is incomplete, or the end marker of the format is missing.
        FormatError: a member is damaged.
    """
    compression = COMPRESSIONS[name]
    member: Decompressor | None = None
    place, passed = start, start
    while chunk := stored.read(_CHUNK):
        passed += len(chunk)
        while chunk:
            if member is None:
                chunk = chunk.lstrip(b"\0") if compression.padded else chunk
                member = compression.start_member() if chunk else None
                place = passed - len(chunk)
            else:
                text, chunk, member = _advance(member, chunk, name)
                if text:
                    yield place, text
                while member is not None and not member.needs_input:
                    text, chunk, member = _advance(member, b"", name)
                    if text:
                        yield place, text
    if member is not None:
        raise TruncatedError(f"the {name} data ends too early", "get the file again, or compress it again")
    if not stored.tail.endswith(compression.end):
        raise TruncatedError(f"the {name} end marker is missing", "get the file again, or compress it again")


def _advance(member: Decompressor, chunk: bytes, name: str) -> tuple[bytes, bytes, Decompressor | None]:
    """Returns the output for `chunk`, the rest of it after the end of the member, and the member unless it ended."""
    try:
        text = member.decompress(chunk, _MOST_TEXT)
    except MemoryError:
        raise
    except Exception as error:
        if _LACKS_MEMORY in str(error):
            raise MemoryError from error
        # Each library has its own type of error, and only damaged data can cause one here.
        raise FormatError(f"the {name} data are damaged", "get the file again, or compress it again") from error
    return (text, member.unused_data, None) if member.eof else (text, b"", member)
