"""The bytes of one file or of stdin: as they are stored, and decompressed.

Detection looks at the first bytes, and only then is it known who reads them: a parser, or htslib, which wants the
file as it is stored. Both start over, so that pipes need no special case.
"""

from __future__ import annotations

import codecs
import io
import os
import sys
import tempfile
from collections.abc import Iterator
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
    """The readable stream of an iterator of byte chunks, none of them empty."""

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
    """Yields text in UTF-16, with a byte order mark, as UTF-8.

    Raises:
        FormatError: it is no such text.
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

    Attributes:
        path: as given.
        compression: name of its compression, None where it is stored plainly.
        head: its first bytes, decompressed and without a byte order mark, at most `HEAD_BYTES`; text in UTF-16, as
            spreadsheets and Windows' editor write it, is turned into UTF-8.
        empty: whether it holds nothing, or blanks only.
        place: where another reader of the same file has come to, in bytes as they are stored; None where that is not
            known. Set by who reads otherwise than by `stored` and `text`.
        notes: a line for each thing in the content that is odd, and was read all the same.

    Raises:
        TruncatedError: its compressed data end within the head.
        FormatError: its compressed data are damaged within the head.
        OSError: it can't be opened or read.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.place: int | None = 0
        self.notes: list[str] = []
        self._owned: list[BinaryIO] = []
        try:
            file = sys.stdin.buffer if path == "-" else self._own(open(path, "rb"))  # noqa: SIM115 - closed by close()
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
        """Returns the bytes as they are stored, from their start.

        Args:
            again: whether they will be read once more after this.
        """
        self._stored.restart(last=not again)
        return self._stored

    def text(self, *, again: bool = False) -> io.BufferedReader:
        """Returns the bytes decompressed, from their start; see `stored`.

        The stream raises a TruncatedError or FormatError where the compressed data are incomplete or damaged.
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
        """Returns the text from where it is not blank any more, and the 1-based line of that."""
        blank = self.head[: len(self.head) - len(self.head.lstrip())]
        stream = self.text()
        stream.read(len(blank))
        return stream, 1 + blank.count(b"\n")

    def file(self) -> str | None:
        """Returns the path where it is a file that others can open and seek in, else None."""
        return self.path if self.path != "-" and os.path.isfile(self.path) else None

    @property
    def passed(self) -> int | None:
        """How many bytes were read, as they are stored, None where that is not known."""
        return None if self.place is None else max(self.place, self._stored.passed)

    def seekable(self) -> BinaryIO:
        """Returns the bytes decompressed as a file that can be seeked in, a temporary one where need be."""
        path = self.file()
        self.place = None
        if path and not self.compression:
            return self._own(open(path, "rb"))
        copy = self._own(tempfile.TemporaryFile())  # noqa: SIM115 - closed by close()
        source = self.text()
        while piece := source.read(1 << 22):
            with temporary_files():
                copy.write(piece)
        with temporary_files():
            copy.seek(0)
        return copy

    def tail(self) -> bytes | None:
        """Returns the last bytes as they are stored, at most 64; None while a pipe has not come to its end."""
        path = self.file()
        if path is None:
            return self._stored.tail if self._stored.ended else None
        with open(path, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _TAIL_BYTES))
            return file.read()

    def close(self) -> None:
        """Closes what was opened; stdin stays open."""
        for file in self._owned:
            file.close()

    def _own(self, file: BinaryIO) -> BinaryIO:
        self._owned.append(file)
        return file
