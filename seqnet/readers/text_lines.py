"""Lines of a text with their numbers, for formats that are read line by line."""

from __future__ import annotations

from typing import BinaryIO

from seqnet.core.errors import FormatError

__all__ = ["TextLines"]

_LONGEST_LINE = 1 << 28
"""Maximum bytes of a line: an aligned chromosome may be on one line. A longer line means another file format."""


class TextLines:
    """The lines of a stream as text, without line ends, in UTF-8 or else Latin-1.

    Args:
        stream: the bytes.
        line: 1-based number of the first line.

    Attributes:
        number: 1-based number of the last line that was read.
    """

    def __init__(self, stream: BinaryIO, line: int) -> None:
        self._stream = stream
        self.number = line - 1
        self._again: str | None = None

    def next(self) -> str | None:
        """Returns the next line; None at the end.

        Raises:
            FormatError: the line is too long, or has a carriage return within.
        """
        if self._again is not None:
            line, self._again = self._again, None
            self.number += 1
            return line
        raw = self._stream.readline(_LONGEST_LINE)
        if not raw:
            return None
        self.number += 1
        if len(raw) == _LONGEST_LINE:
            problem = f"a line is longer than {_LONGEST_LINE:,} bytes"
            raise FormatError(problem, "get the file again, or break the line", line=self.number)
        raw = raw.removesuffix(b"\n").removesuffix(b"\r")
        if b"\r" in raw:
            raise FormatError("a carriage return within a line", "end the lines with newlines", line=self.number)
        try:
            return raw.decode()
        except UnicodeDecodeError:
            return raw.decode("latin-1")

    def back(self, line: str) -> None:
        """Makes `next` return the last line again."""
        self._again = line
        self.number -= 1

    def next_filled(self) -> str | None:
        """Returns the next line that is not blank; None at the end."""
        line = self.next()
        while line is not None and not line.strip():
            line = self.next()
        return line
