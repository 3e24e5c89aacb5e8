"""The three standard streams, as the program finds them when it starts, made safe to use.

A closed one is opened on the null device, so that no file that is opened later gets its number and what is meant for
the stream. It is opened the wrong way round: to write to a closed standard output is an error still.

Data on standard output is UTF-8, as files are, whatever the terminal. Messages are in the encoding of the terminal, and
what that can't hold is written as backslash escapes.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TextIO

from seqnet.core.errors import OutputError

__all__ = ["TABLE", "check_stdout_is_open", "help_width", "open_streams", "reopen_closed"]

_CLOSED = "it is closed"
_HELP_WIDTHS = (50, 78)
"""The narrowest and the widest help text, in characters; click's own bounds."""

TABLE = "a table is written to it; redirect it to a file or to /dev/null"
"""Remedy of a command whose results are also printed."""


def reopen_closed() -> None:
    """Opens the standard streams that are closed on the null device."""
    for number, mode in enumerate((os.O_WRONLY, os.O_RDONLY, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            # The lowest number that is free is the one that is wanted.
            os.open(os.devnull, mode)
            os.set_inheritable(number, True)


def open_streams() -> None:
    """Puts streams in place that name themselves in errors, with the right encodings."""
    sys.stdin = io.TextIOWrapper(io.BufferedReader(_Raw(0, "standard input", "r")), encoding="utf-8")
    sys.stdout = _text(1, "standard output", "utf-8")
    encoding = sys.stderr.encoding if sys.stderr is not None else "utf-8"
    sys.stderr = _text(2, "standard error", encoding)


def help_width() -> int:
    """Returns the width of help texts in characters: that of the terminal less 2, within bounds.

    It is click's own rule. click asks `shutil`, which takes 3 of the 50 ms of `seqnet --help` to load.
    """
    columns = os.environ.get("COLUMNS", "")
    width = int(columns) if columns.isdecimal() else 0
    if not width and sys.__stdout__ is not None:
        with suppress(OSError, ValueError):  # not a terminal, or closed
            width = os.get_terminal_size(sys.__stdout__.fileno()).columns
    narrowest, widest = _HELP_WIDTHS
    return max(min((width or widest + 2) - 2, widest), narrowest)


def check_stdout_is_open(remedy: str = "use -o FILE or a pipe") -> None:
    """Checks that standard output can be written, before any work is done.

    Args:
        remedy: what the user can do if it can't.

    Raises:
        OutputError: it is closed.
    """
    try:
        os.write(1, b"")
    except OSError as error:
        if error.errno == errno.EBADF:
            raise OutputError("standard output", _CLOSED, remedy) from error


def _text(number: int, name: str, encoding: str) -> TextIO:
    raw = _Raw(number, name, "w")
    # As Python has it: lines on a terminal and of messages, blocks elsewhere.
    lines = number == 2 or raw.isatty()
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding=encoding, errors="backslashreplace", line_buffering=lines)


class _Raw(io.FileIO):
    """A standard stream whose errors have its name."""

    def __init__(self, number: int, title: str, mode: str) -> None:
        super().__init__(number, mode, closefd=False)
        self._title = title

    def write(self, data: Any, /) -> int:
        """Writes bytes; see `io.RawIOBase`."""
        written: int = self._named(super().write, data)
        return written

    def readinto(self, buffer: Any, /) -> int:
        """Reads bytes; see `io.RawIOBase`."""
        read: int = self._named(super().readinto, buffer)
        return read

    def readall(self) -> bytes:
        """Reads all bytes; see `io.RawIOBase`."""
        return bytes(self._named(super().readall))

    def _named(self, call: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return call(*arguments)
        except OSError as error:
            error.filename = self._title
            if error.errno == errno.EBADF:
                error.strerror = _CLOSED
            raise
