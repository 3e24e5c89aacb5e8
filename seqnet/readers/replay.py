"""A byte stream that can be read again from the start, even if it comes from a pipe."""

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
        source: the stream at its start; closing this object does not close it.

    Attributes:
        passed: number of bytes that were read from the source.
        tail: the last bytes, at most 64.
        ended: whether the source has ended.
    """

    def __init__(self, source: BinaryIO) -> None:
        super().__init__()
        # Open files and stdin have `read1`, which does not wait for more bytes than a pipe has.
        self._source = cast(_Available, source)
        self._seen = bytearray()
        self._position = 0
        self._keeps = True
        self.passed = 0
        self.tail = b""
        self.ended = False

    def restart(self, *, last: bool) -> None:
        """Goes back to the start; after the `last` restart, bytes are not kept any more."""
        if not self._keeps:
            raise RuntimeError("the bytes before this point were not kept")
        self._position = 0
        self._keeps = not last

    def close(self) -> None:
        """Does nothing: a buffered reader closes its stream when it is deleted, but the stream is still needed."""

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
