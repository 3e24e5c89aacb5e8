"""Outputs that are whole or not there, and that are never an input.

A target is written under a temporary name beside it and renamed when it is complete; an existing one is refused
unless the user forces it. Devices and pipes (`/dev/stdout`, a FIFO) are written as they are.

The temporary name of `NAME` is `.NAME.TOKEN.part` with a random token. The file is locked while it is written, so
that the next run can tell what a killed one has left (see `remove_stale`) from what another one is writing.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from seqnet.core.errors import OutputError
from seqnet.core.outputs.partial_files import PartFile, probe, stale_parts

__all__ = [
    "check_stdout",
    "check_targets",
    "is_stream",
    "made_directory",
    "named",
    "reading",
    "remove_stale",
    "remove_stale_in",
    "whole_file",
    "whole_files",
]

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_OPEN_FILES = (Path("/dev"), Path("/dev/fd"), Path("/proc/self/fd"))
_INDICES = {".fai": "", ".gzi": "", ".bai": ".bam", ".csi": ".bam", ".crai": ".cram"}
"""Ending of an index → what may stand in its place in the name of the file that it is of."""

Identity = tuple[int, int]
"""Device and inode: what two names of one file have in common."""

_read: dict[Identity, str] = {}
"""The inputs of the command that runs, and how each was named."""


@contextmanager
def reading(inputs: Iterable[str | Path]) -> Iterator[None]:
    """Has every output refused that is one of these files, by whatever name, until the end of the block.

    Args:
        inputs: paths; what is not there or is no regular file is passed over.
    """
    before = dict(_read)
    _read.update(_identities(inputs))
    try:
        yield
    finally:
        _read.clear()
        _read.update(before)


def check_targets(targets: Iterable[Path], *, force: bool, inputs: Iterable[str | Path] = ()) -> None:
    """Checks, before any work is done, that every target may be written.

    Args:
        targets: the files to write.
        force: whether existing ones are replaced.
        inputs: files that are read meanwhile, beside those of `reading`.

    Raises:
        OutputError: a target is an input or the index of one, is another target, too, exists and is not forced, is a
            directory, or can't be written.
    """
    with reading(inputs):
        seen: dict[Identity | Path, Path] = {}
        folders: dict[Path, Path] = {}
        for target in targets:
            about = _check(target, force)
            if about is not None and _is_stream(target, about):
                continue
            final = Path(os.path.realpath(target)) if target.is_symlink() else target
            folder = final.parent
            if folder not in folders:
                probe(folder, target)
                folders[folder] = Path(os.path.realpath(folder))
            key = folders[folder] / final.name if about is None else (about.st_dev, about.st_ino)
            if key in seen:
                other = "" if seen[key] == target else f", {seen[key]}"
                raise OutputError(str(target), f"two outputs have this name{other}", "choose another name")
            seen[key] = target


def check_stdout() -> None:
    """Checks that standard output, where it was sent to a file, is not an input.

    Raises:
        OutputError: it is.
    """
    with suppress(OSError):
        about = os.fstat(1)
        if stat.S_ISREG(about.st_mode) and (about.st_dev, about.st_ino) in _read:
            raise OutputError("standard output", "this is also an input", "send it to another file")


def _check(target: Path, force: bool) -> os.stat_result | None:
    """Returns what is known of a target that may be written, None if it does not exist.

    Raises:
        OutputError: it may not; see `check_targets`. Whether its directory can be written is not looked at.
    """
    try:
        about = target.stat()
    except FileNotFoundError:
        about = None
    except NotADirectoryError as error:
        problem = f"{target.parent} is not a directory"
        raise OutputError(str(target), problem, "choose another place") from error
    except OSError as error:
        problem = f"this can't be written: {(error.strerror or str(error)).lower()}"
        raise OutputError(str(target), problem, "choose another name") from error
    if about is not None and (about.st_dev, about.st_ino) in _read:
        raise OutputError(str(target), "this is also an input", "choose another name")
    if target.suffix in _INDICES and (indexed := _indexed_input(target)):
        raise OutputError(str(target), f"this is the index of the input {indexed}", "choose another name")
    if about is not None and stat.S_ISDIR(about.st_mode):
        raise OutputError(str(target), "this is a directory", "name a file in it")
    if about is not None and not force and not _is_stream(target, about):
        raise OutputError(str(target), "already exists", "choose another name or use --force")
    return about


def _identities(paths: Iterable[str | Path]) -> dict[Identity, str]:
    """Returns the identity of each path that is a regular file."""
    found: dict[Identity, str] = {}
    for path in paths:
        with suppress(OSError, ValueError):
            about = os.stat(path)
            if stat.S_ISREG(about.st_mode):
                found[about.st_dev, about.st_ino] = str(path)
    return found


def _indexed_input(target: Path) -> str | None:
    """Returns the input that a file of that name would be the index of."""
    bare = target.with_suffix("")
    found = _identities([bare, bare.with_suffix(_INDICES[target.suffix])]) if bare.name else {}
    return next((path for identity, path in found.items() if identity in _read), None)


def remove_stale(targets: Iterable[Path]) -> list[Path]:
    """Removes what runs that were killed have left unfinished of these targets, and returns what was removed.

    Files that another run is writing stay. Where a run was killed between putting the first and the last of several
    files in place (see `whole_files`), the first ones go, too.
    """
    targets, removed = list(targets), []
    for part in stale_parts(targets):
        if part.ready:
            removed += [target for target in targets if target.is_file()]
        removed.append(part.path)
        # The part last: as long as it lies there, the others are known to be unfinished.
        for path in removed:
            path.unlink(missing_ok=True)
    return list(dict.fromkeys(removed))


def remove_stale_in(folder: Path) -> None:
    """Removes what runs that were killed have left unfinished in a folder that holds nothing but our files."""
    for part in stale_parts([], everything=folder):
        part.path.unlink(missing_ok=True)


@contextmanager
def whole_file(target: Path, *, force: bool) -> Iterator[Path]:
    """Yields the temporary path to write to; renames it to `target` at the end, removes it after an error.

    Raises:
        OutputError: see `check_targets`.
    """
    with whole_files([target], force=force) as (temporary,):
        yield temporary


@contextmanager
def whole_files(targets: Sequence[Path], *, force: bool) -> Iterator[list[Path]]:
    """Yields temporary paths to write to, and puts all in place at the end; after an error, none.

    The first target is the last that appears: where it is, the others are.

    Raises:
        OutputError: see `check_targets`; or a target that was not there has been written by another program meanwhile.
    """
    parts: dict[Path, PartFile] = {}
    place = str(targets[0] if len(targets) == 1 else targets[0].parent)
    try:
        with named(place):
            for target in targets:
                about = _check(target, force)
                if about is None or not _is_stream(target, about):
                    parts[target] = PartFile.of(target)
                    parts[target].begin(about)
            yield [parts[target].path if target in parts else target for target in targets]
            if not force:
                _check_new(parts)
            _put_in_place(list(parts.values()))
    except BaseException as error:
        for part in parts.values():
            part.discard()
            part.speak_of_target(error)
        raise
    finally:
        for part in parts.values():
            part.close()


def _check_new(targets: Iterable[Path]) -> None:
    for target in targets:
        if target.exists():
            problem = "another program has written this file in the meantime"
            raise OutputError(str(target), problem, "choose another name or use --force")


def _put_in_place(parts: Sequence[PartFile]) -> None:
    if len(parts) > 1:
        parts[0].mark_ready()
    try:
        for part in reversed(parts):
            part.put_in_place()
    except KeyboardInterrupt:
        # One or the other is in place, and a set is never half there.
        for part in reversed(parts):
            with suppress(FileNotFoundError):
                part.put_in_place()
        raise


@contextmanager
def named(output: str) -> Iterator[None]:
    """Has errors of a full disk, which have no name, say which output they are about."""
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno in _FULL:
            error.filename = output
        raise


@contextmanager
def made_directory(directory: Path | None) -> Iterator[None]:
    """Has a directory be there, with those above it; after an error, those that were made and hold nothing are removed.

    Args:
        directory: the directory; None for none.

    Raises:
        OutputError: it is a file.
    """
    if directory is None:
        yield
        return
    if directory.exists() and not directory.is_dir():
        raise OutputError(str(directory), "this is a file, not a directory", "name another one")
    directory = Path(os.path.abspath(directory))
    missing = [path for path in (directory, *directory.parents) if not os.path.lexists(path)]
    try:
        directory.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        for path in missing:
            with suppress(OSError):
                path.rmdir()
        raise


def is_stream(target: Path) -> bool:
    """Returns whether it is a device, a pipe or an open file of the process, such as a redirected `/dev/stdout`."""
    try:
        return _is_stream(target, target.stat())
    except OSError:
        return False


def _is_stream(target: Path, about: os.stat_result) -> bool:
    if stat.S_ISDIR(about.st_mode):
        return False
    return not stat.S_ISREG(about.st_mode) or target.parent in _OPEN_FILES
