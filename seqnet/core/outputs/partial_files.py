"""Unfinished outputs on disk: made under a name that nobody can guess, locked by who writes them, found when left.

`.NAME.TOKEN.part` is what will become `NAME`; `.NAME.TOKEN.ready` is complete, and waits for the other files of its set
to be put in place first.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import stat
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

from seqnet.core.errors import OutputError, ResourceError, SeqnetError
from seqnet.core.outputs.locks import HAS_LOCKS, try_lock

__all__ = ["PartFile", "probe", "stale_parts", "temporary_files"]

_FLAGS = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_NAME = re.compile(r"\.(?P<stem>.+)\.[0-9a-f]{16}\.(?P<state>part|ready)", re.DOTALL)
_LONGEST = 200
"""Bytes of a target's name that stand in that of its part; file systems take 255 bytes in all."""


def _stem(name: str) -> str:
    """Returns what stands for the name of a target in that of its part."""
    encoded = os.fsencode(name)
    if len(encoded) <= _LONGEST:
        return name
    digest = hashlib.sha256(encoded).hexdigest()[:16]
    return os.fsencode(name)[: _LONGEST - 32].decode(errors="ignore") + "~" + digest


def _new_path(folder: Path, stem: str) -> Path:
    """Returns a path that no other process has or can have named before."""
    return folder / f".{stem}.{secrets.token_hex(8)}.part"


def _create(path: Path) -> int:
    """Returns a new file, open; nothing that is there is opened, and no link is followed."""
    return os.open(path, _FLAGS | os.O_CREAT | os.O_EXCL, 0o666)


def _lock(descriptor: int) -> bool:
    """Returns whether nobody else has the file locked; where there are no locks, nobody is known to have."""
    try:
        return try_lock(descriptor)
    except OSError:
        return True


@dataclass
class PartFile:
    """What will become a target. It is made before its file is, so that a signal at any moment finds what to remove.

    Attributes:
        target: as the user named it.
        final: what the target is once symbolic links are followed.
        path: where it is written.
        descriptor: holds the lock; None until the file is there.
    """

    target: Path
    final: Path
    path: Path
    descriptor: int | None = None

    @classmethod
    def of(cls, target: Path) -> Self:
        """Returns that of a target, with no file yet."""
        final = Path(os.path.realpath(target))
        return cls(target, final, _new_path(final.parent, _stem(final.name)))

    def begin(self, replaced: os.stat_result | None) -> None:
        """Makes the file, empty, with the permissions of the one that it replaces.

        Raises:
            OutputError: there can't be one.
        """
        while True:
            try:
                self.descriptor = _create(self.path)
            except OSError as error:
                raise _unwritable(self.target, self.path.parent, error) from error
            # Another process may have taken it for a stale one before it was locked.
            if _lock(self.descriptor) and os.fstat(self.descriptor).st_nlink:
                break
            self.close()
            self.path = _new_path(self.path.parent, _stem(self.final.name))
        if replaced is not None:
            with suppress(OSError):  # where the file system knows no permissions
                os.fchmod(self.descriptor, stat.S_IMODE(replaced.st_mode) & 0o777)

    def mark_ready(self) -> None:
        """Says that it is complete, and that the rest of its set is being put in place."""
        part, self.path = self.path, self.path.with_suffix(".ready")
        part.rename(self.path)

    def put_in_place(self) -> None:
        """Renames it to the target."""
        self.path.replace(self.final)

    def discard(self) -> None:
        """Removes it."""
        for state in (".part", ".ready"):
            with suppress(OSError):
                self.path.with_suffix(state).unlink()

    def close(self) -> None:
        """Gives the lock back."""
        if self.descriptor is not None:
            descriptor, self.descriptor = self.descriptor, None
            os.close(descriptor)

    def speak_of_target(self, error: BaseException) -> None:
        """Puts the name of the target in an error in place of the temporary one."""
        if isinstance(error, OSError) and error.filename in (str(self.path), self.path):
            error.filename, error.filename2 = str(self.target), None
        if isinstance(error, SeqnetError) and error.place == str(self.path):
            error.place = str(self.target)


class StalePart(NamedTuple):
    """What a run that was killed has left.

    Attributes:
        path: where it lies.
        ready: whether it was complete, and other files of its set may have been put in place.
    """

    path: Path
    ready: bool


def stale_parts(targets: Iterable[Path], everything: Path | None = None) -> Iterator[StalePart]:
    """Yields the parts whose writer is gone, each locked until the next; looks once at a directory.

    Args:
        targets: what they would have become.
        everything: a directory of which all are wanted.
    """
    stems: defaultdict[Path, set[str]] = defaultdict(set)
    for target in targets:
        final = Path(os.path.realpath(target)) if target.is_symlink() else target
        stems[final.parent].add(_stem(final.name))
    if everything is not None:
        stems[everything] = set()
    for folder, wanted in stems.items():
        try:
            names = os.listdir(folder)
        except OSError:
            continue  # whoever writes there will say so
        for name in sorted(names):
            match = _NAME.fullmatch(name)
            if (
                match
                and (folder == everything or match["stem"] in wanted)
                and (descriptor := _taken(folder / name)) is not None
            ):
                try:
                    yield StalePart(folder / name, match["state"] == "ready")
                finally:
                    os.close(descriptor)


def _taken(path: Path) -> int | None:
    """Returns a part, open and locked; None where somebody is writing it."""
    try:
        descriptor = os.open(path, _FLAGS | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return None
    with suppress(OSError):
        # Without locks nothing tells a part that was left behind from one that somebody is writing.
        if HAS_LOCKS and try_lock(descriptor):
            return descriptor
    os.close(descriptor)
    return None


def probe(folder: Path, target: Path) -> None:
    """Checks that a file like the target can be made in a directory.

    Raises:
        OutputError: the directory is not there, or can't be written.
    """
    if not folder.is_dir():
        raise OutputError(str(target), f"there is no directory {folder}", f"create it first: mkdir -p {folder}")
    # A part like those of the target, so that the next run removes it where this one is killed meanwhile.
    part = PartFile(target, target, _new_path(folder, _stem(target.name)))
    try:
        part.begin(None)
        part.discard()
    except BaseException:
        part.discard()
        raise
    finally:
        part.close()


def _unwritable(target: Path, folder: Path, error: OSError) -> OutputError:
    if error.errno == errno.ENAMETOOLONG:
        return OutputError(str(target), "the name is too long", "choose a shorter one")
    reason = (error.strerror or str(error)).lower()
    return OutputError(str(target), f"the directory {folder} can't be written: {reason}", "choose another place")


@contextmanager
def temporary_files() -> Iterator[None]:
    """Has errors of temporary files, which have no name, say that they are about these.

    Raises:
        ResourceError: there is no room for them.
    """
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            problem = f"there is no room for temporary files ({(error.strerror or '').lower()})"
            raise ResourceError(
                tempfile.gettempdir(), problem, "free some space, or set TMPDIR to another directory"
            ) from error
        raise
