"""The unfinished file of a download, and a note on its origin.

`TARGET.part.json` next to `TARGET.part` has the address and the validator (ETag or Last-Modified) of the downloaded
bytes. Without a validator it can't be checked that the remaining bytes belong to the same file, so the download is not
resumed.

The downloading process holds a lock on the file. The system releases it when the process ends in any way.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from seqnet.core.outputs.locks import try_lock

__all__ = ["PartialDownload"]

_NO_LINKS = getattr(os, "O_NOFOLLOW", 0)
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINKS


@dataclass(frozen=True, slots=True)
class PartialDownload:
    """An unfinished download.

    Attributes:
        path: the file with the bytes so far.
    """

    path: Path

    @classmethod
    def of(cls, target: Path) -> PartialDownload:
        """Returns the unfinished download of `target`."""
        return cls(target.with_name(target.name + ".part"))

    @property
    def target(self) -> Path:
        """Path of the complete file."""
        return self.path.with_name(self.path.name.removesuffix(".part"))

    @property
    def side(self) -> Path:
        """Path of the note on the origin of the bytes."""
        return self.path.with_name(self.path.name + ".json")

    @property
    def size(self) -> int:
        """Number of bytes so far."""
        return self.path.stat().st_size if self.path.exists() else 0

    def validator(self, url: str) -> str | None:
        """Returns the validator of the bytes so far; None if they are not known to be from `url`."""
        try:
            side = json.loads(self.side.read_text(encoding="utf-8"))
            known, validator = side["url"], side["validator"]
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None
        if self.path.is_symlink():
            return None
        return validator if known == url and isinstance(validator, str) else None

    @contextmanager
    def locked(self) -> Iterator[bool]:
        """Yields whether this process has locked the file; the file is created if it does not exist.

        On a file system without locks the result is true, even if another process writes the file. The file is removed
        if it is empty at the end. A symbolic link in its place is removed and never followed.

        Raises:
            OSError: the file can't be written.
        """
        while True:
            if self.path.is_symlink():
                self.path.unlink()
            with self._open(os.O_APPEND | os.O_CREAT) as file:
                alone = True
                with suppress(OSError):  # the file system has no locks
                    alone = try_lock(file.fileno())
                if not alone:
                    yield False
                    return
                if not self._is(file):
                    continue  # the process that held the lock has finished and renamed or removed the file
                try:
                    yield True
                finally:
                    if self.path.exists() and not self.size:
                        self.discard()
                return

    def _is(self, file: BinaryIO) -> bool:
        """Returns whether the open file is still the one at the path."""
        try:
            return os.path.samestat(os.fstat(file.fileno()), self.path.stat())
        except FileNotFoundError:
            return False

    def begin(self, url: str, validator: str | None) -> None:
        """Starts a new file and writes a note on its origin.

        The old note is removed first and the new note is written last, so that bytes never have the validator of other
        bytes.
        """
        self.side.unlink(missing_ok=True)
        self._open(os.O_TRUNC | os.O_CREAT).close()  # keeps the same file, because a new one would have no lock
        if validator is not None:
            with open(os.open(self.side, _NEW, 0o666), "w", encoding="utf-8") as file:
                file.write(json.dumps({"url": url, "validator": validator}) + "\n")

    def append(self) -> BinaryIO:
        """Returns the file, opened for appending; a symbolic link in its place is an error and is not followed."""
        return self._open(os.O_APPEND)

    def _open(self, flags: int) -> BinaryIO:
        return open(os.open(self.path, os.O_WRONLY | _NO_LINKS | flags, 0o666), "ab")

    def discard(self) -> None:
        """Removes the file and the note."""
        self.side.unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)
