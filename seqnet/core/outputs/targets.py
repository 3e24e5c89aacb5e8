"""Outputs that are written completely or not at all, and never over an input.

A target is written under a temporary name in the same directory and renamed when it is complete. An existing target is
refused unless the user forces it. Devices and pipes (`/dev/stdout`, a FIFO) are written directly.

The temporary name of `NAME` is `.NAME.TOKEN.part` with a random token. The file is locked while it is written. So the
next run can distinguish the stale file of a killed run (see `remove_stale`) from one that another run is writing.
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
"""Suffix of an index file → suffix of the indexed file that it may replace in the name."""

Identity = tuple[int, int]
"""Device and inode; the same for all names of one file."""

_INPUT = "this is also an input"
_read: dict[Identity, str] = {}
"""Files that the running command must not replace, such as its inputs: identity → why."""


@contextmanager
def reading(inputs: Iterable[str | Path], why: str = _INPUT) -> Iterator[None]:
    """Refuses every output that is one of these files, under any name, until the end of the block.

    Args:
        inputs: paths; paths that do not exist or are not regular files are ignored.
        why: what the error says.
    """
    before = dict(_read)
    _read.update(dict.fromkeys(_identities(inputs), why))
    try:
        yield
    finally:
        _read.clear()
        _read.update(before)


def check_targets(targets: Iterable[Path], *, force: bool, inputs: Iterable[str | Path] = ()) -> None:
    """Checks, before any work is done, that every target may be written.

    Args:
        targets: the files to write.
        force: whether existing files may be replaced.
        inputs: files that are read at the same time, in addition to those of `reading`.

    Raises:
        OutputError: a target is an input, the index of an input, the same as another target, or a directory; or it
            exists and `force` is off; or it can't be written.
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
    """Checks that standard output, if it is redirected to a file, is not an input.

    Raises:
        OutputError: standard output is an input.
    """
    with suppress(OSError):
        about = os.fstat(1)
        if stat.S_ISREG(about.st_mode) and (about.st_dev, about.st_ino) in _read:
            problem = _read[about.st_dev, about.st_ino]
            raise OutputError("standard output", problem, "send it to another file")


def _check(target: Path, force: bool) -> os.stat_result | None:
    """Returns the status of a target that may be written; None if it does not exist.

    Raises:
        OutputError: the target may not be written; see `check_targets`. This does not check the directory's
            permissions.
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
        raise OutputError(str(target), _read[about.st_dev, about.st_ino], "choose another name")
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
    """Returns the input that a file with this name would be the index of; None if there is none."""
    bare = target.with_suffix("")
    found = _identities([bare, bare.with_suffix(_INDICES[target.suffix])]) if bare.name else {}
    return next((path for identity, path in found.items() if identity in _read), None)


def remove_stale(targets: Iterable[Path], kept: Iterable[Path] = ()) -> list[Path]:
    """Removes unfinished files of these targets that killed runs have left, and returns the removed paths.

    Files that another run is writing, and those of `kept` (real paths), are not removed.
    If a run was killed between putting the first and the last of several
    files in place (see `whole_files`), the files that are in place are removed, too.
    """
    targets, kept, removed = list(targets), set(kept), []
    for part in stale_parts(targets):
        if Path(os.path.realpath(part.path)) in kept:
            continue
        if part.ready:
            removed += [target for target in targets if target.is_file()]
        removed.append(part.path)
        # The part file is removed last: while it exists, the other files are known to be incomplete.
        for path in removed:
            path.unlink(missing_ok=True)
    return list(dict.fromkeys(removed))


def remove_stale_in(folder: Path) -> None:
    """Removes unfinished files that killed runs have left in a folder that holds only seqnet's files."""
    for part in stale_parts([], everything=folder):
        part.path.unlink(missing_ok=True)


@contextmanager
def whole_file(target: Path, *, force: bool) -> Iterator[Path]:
    """Yields a temporary path to write to, renames it to `target` at the end, and removes it after an error.

    Raises:
        OutputError: see `check_targets`.
    """
    with whole_files([target], force=force) as (temporary,):
        yield temporary


@contextmanager
def whole_files(targets: Sequence[Path], *, force: bool) -> Iterator[list[Path]]:
    """Yields temporary paths to write to, and renames all of them at the end; after an error, none.

    The first target is renamed last: if it exists, the others do, too.

    Raises:
        OutputError: see `check_targets`; or another program has written a target in the meantime.
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
        # Each rename is atomic, and a set of files is never incomplete at the end.
        for part in reversed(parts):
            with suppress(FileNotFoundError):
                part.put_in_place()
        raise


@contextmanager
def named(output: str) -> Iterator[None]:
    """Adds the name of the output to errors about a full disk, which have no file name."""
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno in _FULL:
            error.filename = output
        raise


@contextmanager
def made_directory(directory: Path | None) -> Iterator[None]:
    """Creates a directory with its parents if it does not exist; after an error, removes created directories if empty.

    Args:
        directory: the directory, or None.

    Raises:
        OutputError: a file with this name exists.
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
    """Returns whether a target is a device, a pipe or an open file of the process, such as `/dev/stdout`."""
    try:
        return _is_stream(target, target.stat())
    except OSError:
        return False


def _is_stream(target: Path, about: os.stat_result) -> bool:
    if stat.S_ISDIR(about.st_mode):
        return False
    return not stat.S_ISREG(about.st_mode) or target.parent in _OPEN_FILES
