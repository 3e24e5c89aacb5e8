"""A byte stream that can be read again from its start, also where it comes out of a pipe."""

from __future__ import annotations

import io
from typing import BinaryIO, Protocol, cast

__all__ = ["ReplayedBytes"]

_TAIL_BYTES = 64


class _Available(Protocol):
    def read1(self, size: int, /) -> bytes: ...


class ReplayedBytes(io.RawIOBase):
    """Bytes of `source`, kept in memory until the last reading starts.

    Args:
        source: the stream at its start; it stays open when this is closed.

    Attributes:
        passed: number of bytes that came out of the source.
        tail: the last of them, at most 64.
        ended: whether the source has no more.
    """

    def __init__(self, source: BinaryIO) -> None:
        super().__init__()
        # Both open files and stdin have read1, which does not wait for more than a pipe holds.
        self._source = cast(_Available, source)
        self._seen = bytearray()
        self._position = 0
        self._keeps = True
        self.passed = 0
        self.tail = b""
        self.ended = False

    def restart(self, *, last: bool) -> None:
        """Goes back to the start; after the `last` restart what is read is not kept any more."""
        if not self._keeps:
            raise RuntimeError("the bytes before this point were not kept")
        self._position = 0
        self._keeps = not last

    def close(self) -> None:
        """Does nothing: a buffered reader closes what it wraps when it goes, but the next one starts over here."""

    def readable(self) -> bool:
        """See `io.IOBase.readable`."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """See `io.RawIOBase.readinto`."""
        chunk = bytes(self._seen[self._position : self._position + len(buffer)])
        if chunk:
            self._position += len(chunk)
        else:
            chunk = self._fresh(len(buffer))
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def _fresh(self, size: int) -> bytes:
        chunk = self._source.read1(size)
        self.passed += len(chunk)
        self.ended = self.ended or not chunk
        self.tail = (self.tail + chunk[-_TAIL_BYTES:])[-_TAIL_BYTES:]
        if self._keeps:
            self._seen += chunk
            self._position += len(chunk)
        else:
            self._seen.clear()
            self._position = 0
        return chunk
