"""Unfinished outputs on disk: they have a random name, are locked by their writer, and are found if left behind.

`.NAME.TOKEN.part` becomes `NAME` when it is complete. `.NAME.TOKEN.ready` is complete and waits until the other files
of its set have been renamed.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

from seqnet.core.errors import OutputError, ResourceError, SeqnetError
from seqnet.core.outputs.locks import HAS_LOCKS, try_lock

__all__ = ["PartFile", "named_part", "probe", "stale_parts", "temporary_files"]

_FLAGS = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_NAME = re.compile(r"\.(?P<stem>.+)\.[0-9a-f]{16}\.(?P<state>part|ready)", re.DOTALL)
_LONGEST = 200
"""Maximum bytes of a target's name in the name of its part file; file systems allow 255 bytes in all."""


def _stem(name: str) -> str:
    """Returns the text that represents the name of a target in the name of its part file."""
    encoded = os.fsencode(name)
    if len(encoded) <= _LONGEST:
        return name
    import hashlib  # not at the top: help loads this module

    digest = hashlib.sha256(encoded).hexdigest()[:16]
    return os.fsencode(name)[: _LONGEST - 32].decode(errors="ignore") + "~" + digest


def _new_path(folder: Path, stem: str) -> Path:
    """Returns a path with a random name that no other process can know."""
    return folder / f".{stem}.{os.urandom(8).hex()}.part"


def named_part(final: Path, number: int) -> Path:
    """Returns the path of a part file whose token is a number, so that a later run finds it."""
    return final.parent / f".{_stem(final.name)}.{number:016x}.part"


def _create(path: Path) -> int:
    """Creates and opens a new file; an existing file is never opened, and no link is followed."""
    return os.open(path, _FLAGS | os.O_CREAT | os.O_EXCL, 0o666)


def _lock(descriptor: int) -> bool:
    """Locks a file and returns False if another process has locked it; True if there are no locks."""
    try:
        return try_lock(descriptor)
    except OSError:
        return True


@dataclass
class PartFile:
    """A temporary file that becomes a target; the object exists first, so that a signal handler can clean up.

    Attributes:
        target: path as the user gave it.
        final: path of the target after following symbolic links.
        path: path of the temporary file.
        descriptor: open file that holds the lock; None until the file exists.
    """

    target: Path
    final: Path
    path: Path
    descriptor: int | None = None

    @classmethod
    def of(cls, target: Path) -> Self:
        """Returns the part file of a target, without creating the file."""
        final = Path(os.path.realpath(target))
        return cls(target, final, _new_path(final.parent, _stem(final.name)))

    def begin(self, replaced: os.stat_result | None) -> None:
        """Creates the empty file, with the permissions of the file that it will replace.

        Raises:
            OutputError: the file can't be created.
        """
        while True:
            try:
                self.descriptor = _create(self.path)
            except OSError as error:
                raise _unwritable(self.target, self.path.parent, error) from error
            # Before this process locked the file, another one may have taken it for a stale file and removed it.
            if _lock(self.descriptor) and os.fstat(self.descriptor).st_nlink:
                break
            self.close()
            self.path = _new_path(self.path.parent, _stem(self.final.name))
        if replaced is not None:
            with suppress(OSError):  # for file systems without permissions
                os.fchmod(self.descriptor, stat.S_IMODE(replaced.st_mode) & 0o777)

    def mark_ready(self) -> None:
        """Renames the file to mark it as complete, while the other files of its set are put in place."""
        part, self.path = self.path, self.path.with_suffix(".ready")
        part.rename(self.path)

    def put_in_place(self) -> None:
        """Renames the file to the target."""
        self.path.replace(self.final)

    def discard(self) -> None:
        """Removes the file."""
        for state in (".part", ".ready"):
            with suppress(OSError):
                self.path.with_suffix(state).unlink()

    def close(self) -> None:
        """Releases the lock."""
        if self.descriptor is not None:
            descriptor, self.descriptor = self.descriptor, None
            os.close(descriptor)

    def speak_of_target(self, error: BaseException) -> None:
        """Replaces the temporary name in an error by that of the target."""
        if isinstance(error, OSError) and error.filename in (str(self.path), self.path):
            error.filename, error.filename2 = str(self.target), None
        if isinstance(error, SeqnetError) and error.place == str(self.path):
            error.place = str(self.target)


class StalePart(NamedTuple):
    """An unfinished output that a killed run has left.

    Attributes:
        path: path of the file.
        ready: whether it was complete; then other files of its set may be in place already.
    """

    path: Path
    ready: bool


def stale_parts(targets: Iterable[Path], everything: Path | None = None) -> Iterator[StalePart]:
    """Yields stale part files, whose writer has ended, each locked until the next one is yielded.

    Args:
        targets: targets of the part files.
        everything: a directory in which the part files of all targets are yielded.
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
            continue  # the part that writes there will raise the error
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
    """Returns the descriptor of a part file, open and locked; None if another process is writing it."""
    try:
        descriptor = os.open(path, _FLAGS | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return None
    with suppress(OSError):
        # Without locks, a stale part file can't be distinguished from one that is being written.
        if HAS_LOCKS and try_lock(descriptor):
            return descriptor
    os.close(descriptor)
    return None


def probe(folder: Path, target: Path) -> None:
    """Checks that a file for this target can be created in a directory.

    Raises:
        OutputError: the directory does not exist or is not writable.
    """
    if not folder.is_dir():
        raise OutputError(str(target), f"there is no directory {folder}", f"create it first: mkdir -p {folder}")
    # The probe is named like a part file of the target, so that the next run removes it if this one is killed.
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
    """Adds to errors about temporary files, which have no name, that they are about temporary files.

    Raises:
        ResourceError: there is too little disk space for them.
    """
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            import tempfile  # not at the top: help loads this module

            problem = f"there is no room for temporary files ({(error.strerror or '').lower()})"
            raise ResourceError(
                tempfile.gettempdir(), problem, "free some space, or set TMPDIR to another directory"
            ) from error
        raise
