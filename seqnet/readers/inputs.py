"""The bytes of a file or of stdin, as stored and decompressed.

Detection reads the first bytes. Only then is it known whether a parser reads the decompressed text, or htslib the
stored bytes. Both start again from the beginning, also for pipes.
"""

from __future__ import annotations

import codecs
import io
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from typing import BinaryIO

from seqnet.core.errors import FormatError
from seqnet.core.outputs import temporary_files
from seqnet.readers.compression import decompress, find_compression
from seqnet.readers.replay import ReplayedBytes

__all__ = ["HEAD_BYTES", "Chunks", "Input"]

HEAD_BYTES = 1 << 16

_BUFFER_BYTES = 1 << 16
_TAIL_BYTES = 64
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class Chunks(io.RawIOBase):
    """A readable stream from an iterator of byte chunks, none of them empty."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__()
        self._chunks = chunks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """See `io.IOBase.readable`."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """See `io.RawIOBase.readinto`."""
        if not self._rest:
            self._rest = memoryview(next(self._chunks, b""))
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


def _from_utf16(stream: io.RawIOBase) -> Iterator[bytes]:
    """Yields UTF-16 text with a byte order mark as UTF-8.

    Raises:
        FormatError: the text is not valid UTF-16.
    """
    decoder = codecs.getincrementaldecoder("utf-16")()
    try:
        while chunk := stream.read(_BUFFER_BYTES):
            if text := decoder.decode(chunk):
                yield text.encode()
        decoder.decode(b"", final=True)
    except UnicodeError as error:
        raise FormatError("this looks like UTF-16 text, but is not valid UTF-16", "save it as text in UTF-8") from error


class Input:
    """One file, or stdin for the path `-`.

    Args:
        path: the file.
        ahead: whether a thread may decompress what comes next while this one parses. It takes a processor.

    Attributes:
        path: path as given.
        ahead: as given.
        compression: name of the compression; None if not compressed.
        head: the first bytes, at most `HEAD_BYTES`, decompressed and without a byte order mark. UTF-16 text, as
            spreadsheets and Windows' editor write it, is converted to UTF-8.
        empty: whether the file is empty, or has only blanks.
        place: position of another reader of the same file, in stored bytes; None if unknown. Set by readers that do not
            use `stored` or `text`.
        lines_before: returns the number of lines before the part that is read; for error messages.
        notes: one line for each irregularity in the content that did not prevent reading.

    Raises:
        TruncatedError: the compressed data end within the head.
        FormatError: the compressed data are damaged within the head.
        OSError: the file can't be opened or read.
    """

    def __init__(self, path: str, *, ahead: bool = False) -> None:
        self.path, self.ahead = path, ahead
        self.place: int | None = 0
        self.lines_before: Callable[[], int] = lambda: 0
        self.notes: list[str] = []
        self._owned: list[BinaryIO] = []
        try:
            file = sys.stdin.buffer if path == "-" else self.own(open(path, "rb"))  # noqa: SIM115 - closed by close()
            self._stored = ReplayedBytes(file)
            self.compression = find_compression(io.BufferedReader(self._stored).read(_TAIL_BYTES))
            self._marked = self._utf16 = False
            head = self.text(again=True).read(HEAD_BYTES)
            self._marked = head.startswith(_BYTE_ORDER_MARK)
            self._utf16 = head.startswith(_UTF16_MARKS)
            if self._utf16:
                head = self.text(again=True).read(HEAD_BYTES)
            self.head = head.removeprefix(_BYTE_ORDER_MARK)
            self.empty = not head.strip() and len(head) < HEAD_BYTES
        except BaseException:
            self.close()
            raise

    def stored(self, *, again: bool = False) -> ReplayedBytes:
        """Returns the bytes as stored, from the start.

        Args:
            again: whether the bytes will be read once more after this.
        """
        self._stored.restart(last=not again)
        return self._stored

    def text(self, *, again: bool = False) -> io.BufferedReader:
        """Returns the decompressed bytes, from the start; see `stored`.

        The stream raises a TruncatedError or FormatError if the compressed data are incomplete or damaged.
        """
        raw: io.RawIOBase = self.stored(again=again)
        if self.compression:
            raw = Chunks(decompress(self._stored, self.compression))
        if self._utf16:
            raw = Chunks(_from_utf16(raw))
        stream: io.BufferedReader = io.BufferedReader(raw, _BUFFER_BYTES)
        if self._marked:
            stream.read(len(_BYTE_ORDER_MARK))
        return stream

    def first_line(self) -> tuple[io.BufferedReader, int]:
        """Returns the text from its first line that is not blank, and the 1-based number of this line."""
        stream = self.text()
        stream.read(len(self.blank))
        return stream, 1 + self.blank.count(b"\n")

    @property
    def blank(self) -> bytes:
        """The blanks and line breaks before the first line that is not blank."""
        return self.head[: len(self.head) - len(self.head.lstrip())]

    @property
    def converted(self) -> bool:
        """Whether the text differs from the decompressed bytes: a byte order mark is left out, or it was UTF-16."""
        return self._marked or self._utf16

    def file(self) -> str | None:
        """Returns the path if it is a file that others can open and seek in; otherwise None."""
        return self.path if self.path != "-" and os.path.isfile(self.path) else None

    @property
    def passed(self) -> int | None:
        """Number of stored bytes that were read; None if unknown."""
        return None if self.place is None else max(self.place, self._stored.passed)

    def seekable(self) -> BinaryIO:
        """Returns the decompressed bytes as a seekable file, which may be a temporary one."""
        path = self.file()
        self.place = None
        if path and not self.compression:
            return self.own(open(path, "rb"))
        copy = self.own(tempfile.TemporaryFile())  # noqa: SIM115 - closed by close()
        source = self.text()
        while piece := source.read(1 << 22):
            with temporary_files():
                copy.write(piece)
        with temporary_files():
            copy.seek(0)
        return copy

    def tail(self) -> bytes | None:
        """Returns the last stored bytes, at most 64; None for a pipe that has not ended."""
        path = self.file()
        if path is None:
            return self._stored.tail if self._stored.ended else None
        with open(path, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _TAIL_BYTES))
            return file.read()

    def close(self) -> None:
        """Closes the opened files; stdin stays open."""
        for file in self._owned:
            file.close()

    def own(self, file: BinaryIO) -> BinaryIO:
        """Returns an opened file, which will be closed with the input."""
        self._owned.append(file)
        return file
