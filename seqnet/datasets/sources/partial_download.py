"""The part of a download that is already here, and what it is a part of.

Beside `TARGET.part` lies `TARGET.part.json` with the address and the validator (ETag or Last-Modified) under which
its bytes were sent. Without a validator nothing proves that the rest still fits, so such a part is not resumed.

Who downloads holds a lock on the part, which the system releases when the process ends in any way.
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
        """Returns the unfinished download that will become `target`."""
        return cls(target.with_name(target.name + ".part"))

    @property
    def target(self) -> Path:
        """What it will become."""
        return self.path.with_name(self.path.name.removesuffix(".part"))

    @property
    def side(self) -> Path:
        """The file that says what the bytes are a part of."""
        return self.path.with_name(self.path.name + ".json")

    @property
    def size(self) -> int:
        """Bytes so far."""
        return self.path.stat().st_size if self.path.exists() else 0

    def validator(self, url: str) -> str | None:
        """Returns the validator under which the bytes were sent, or None if they are not known to be from `url`."""
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
        """Yields whether this process alone may write the file, which is made if there is none.

        On a file system without locks it may, whoever else writes. A file that holds nothing in the end is removed. A
        symbolic link in its place is removed, and never followed.

        Raises:
            OSError: it can't be written.
        """
        while True:
            if self.path.is_symlink():
                self.path.unlink()
            with self._open(os.O_APPEND | os.O_CREAT) as file:
                alone = True
                with suppress(OSError):  # there are no locks here
                    alone = try_lock(file.fileno())
                if not alone:
                    yield False
                    return
                if not self._is(file):
                    continue  # the one who had it was done with it meanwhile
                try:
                    yield True
                finally:
                    if self.path.exists() and not self.size:
                        self.discard()
                return

    def _is(self, file: BinaryIO) -> bool:
        """Returns whether an open file is the one that has the name."""
        try:
            return os.path.samestat(os.fstat(file.fileno()), self.path.stat())
        except FileNotFoundError:
            return False

    def begin(self, url: str, validator: str | None) -> None:
        """Begins a new file and notes what it is going to be a part of.

        The old note goes first and the new one comes last: bytes never lie beside a validator that is not theirs.
        """
        self.side.unlink(missing_ok=True)
        self._open(os.O_TRUNC | os.O_CREAT).close()  # not another file, which would have no lock
        if validator is not None:
            with open(os.open(self.side, _NEW, 0o666), "w", encoding="utf-8") as file:
                file.write(json.dumps({"url": url, "validator": validator}) + "\n")

    def append(self) -> BinaryIO:
        """Returns the file, open to add bytes to; a symbolic link in its place is an error, not followed."""
        return self._open(os.O_APPEND)

    def _open(self, flags: int) -> BinaryIO:
        return open(os.open(self.path, os.O_WRONLY | _NO_LINKS | flags, 0o666), "ab")

    def discard(self) -> None:
        """Removes the bytes and the note."""
        self.side.unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)
