"""Outputs that are whole or not there.

A target is written under a temporary name beside it and renamed when it is complete; an existing one is refused
unless the user forces it. Devices and pipes (`/dev/stdout`, a FIFO) are written as they are.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from seqnet.errors import OutputError

__all__ = ["check_targets", "made_directory", "named", "whole_file"]

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_OPEN_FILES = (Path("/dev"), Path("/dev/fd"), Path("/proc/self/fd"))


def check_targets(targets: Iterable[Path], *, force: bool, inputs: Iterable[str | Path] = ()) -> None:
    """Checks, before any work is done, that every target may be written.

    Args:
        targets: the files to write.
        force: whether existing ones are replaced.
        inputs: files that are read meanwhile, which no target may be.

    Raises:
        OutputError: a target is an input, exists and is not forced, is a directory, or its directory is missing or
            not writable.
    """
    read = [Path(path) for path in inputs]
    for target in targets:
        if any(path.is_file() and target.exists() and target.samefile(path) for path in read):
            raise OutputError(str(target), "this is an input, too", "choose another name")
        if target.is_dir():
            raise OutputError(str(target), "this is a directory", "name a file in it")
        if target.exists() and not force and not _is_stream(target):
            raise OutputError(str(target), "exists already", "choose another name or say --force")
        parent = target.parent
        if not parent.is_dir():
            raise OutputError(str(target), f"there is no directory {parent}", f"make it first: mkdir -p {parent}")
        if not os.access(parent, os.W_OK) and not target.exists():
            raise OutputError(str(target), f"the directory {parent} is not writable", "choose another place")


@contextmanager
def whole_file(target: Path, *, force: bool) -> Iterator[Path]:
    """Yields the temporary path to write to; renames it to `target` at the end, removes it after an error.

    Raises:
        OutputError: see `check_targets`.
    """
    check_targets([target], force=force)
    if _is_stream(target):
        with named(str(target)):
            yield target
        return
    final = Path(os.path.realpath(target))
    temporary = final.with_name(f".{final.name}.{os.getpid()}.part")
    try:
        with named(str(target)):
            yield temporary
            temporary.replace(final)
    except BaseException:
        with suppress(FileNotFoundError):
            temporary.unlink()
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


def _is_stream(target: Path) -> bool:
    """Returns whether it is a device, a pipe or an open file of the process, such as a redirected `/dev/stdout`."""
    return target.exists() and (not target.is_file() or target.parent in _OPEN_FILES)
