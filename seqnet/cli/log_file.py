"""The file of --log-file: one line for each message, with time and level; every run is appended to it.

2026-03-01T09:30:00.125Z INFO seqnet 0.1.0: seqnet predict model.safetensors reads.fa --log-file run.log
2026-03-01T09:30:04.250Z WARNING this looks like RNA, but could be DNA; if it is, use --alphabet dna
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from seqnet.core.errors import OutputError

__all__ = ["LogFile"]

_FIRST = b"Z INFO seqnet "
"""Part of the first line of every log."""


class LogFile:
    """A log that is open; each line is in the file when `write` returns.

    Args:
        path: a new file, an earlier log of seqnet, an empty file, or a device or pipe.

    Raises:
        OutputError: the file exists and is not a log of seqnet.
        OSError: the file can't be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._broken = False
        if path.is_file() and not _is_log(path):
            raise OutputError(str(path), "this file exists and is not a log of seqnet", "choose another name")
        self._number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0), 0o666)

    def write(self, level: str, line: str) -> str | None:
        """Appends a line; returns what went wrong, once, and then writes nothing more."""
        if self._broken:
            return None
        try:
            text = f"{_now()} {level} {line}\n".encode(errors="backslashreplace")
            while text:
                text = text[os.write(self._number, text) :]
        except OSError as error:
            self._broken = True
            return f"{self.path}: the log is incomplete: {(error.strerror or str(error)).lower()}"
        return None

    def close(self) -> None:
        """Closes the file."""
        os.close(self._number)


def _is_log(path: Path) -> bool:
    """Returns whether a file is empty or begins as a log does; a device or pipe counts as empty."""
    if not stat.S_ISREG(path.stat().st_mode):
        return True
    with path.open("rb") as file:
        start = file.read(64)
    return not start or _FIRST in start


def _now() -> str:
    from datetime import UTC, datetime

    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
