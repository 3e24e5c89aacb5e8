"""Outputs that a later run can continue: an unfinished file beside a target, and a journal of what is complete in it.

Both are named like part files, with fixed tokens. So a run that does not continue them removes them as stale files. A
run that writes them holds their locks.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from seqnet.core.errors import OutputError
from seqnet.core.outputs.locks import try_lock
from seqnet.core.outputs.partial_files import named_part

__all__ = ["Journal", "open_journal", "unfinished_files"]

_PIECE = 1 << 22
_COMPLETE = {"complete": True}
"""The last entry of a journal whose output is about to be put in place."""


class Journal:
    """An unfinished output.

    Args:
        target: the path of the complete output.
        files: the unfinished output and the journal, opened for reading and writing.

    Attributes:
        path: of the unfinished output.
        state: what was complete when the last entry was made; None at the start.
    """

    def __init__(self, target: Path, path: Path, journal: Path, descriptors: list[int]) -> None:
        import xxhash

        self.path, self._journal, self._target = path, journal, target
        self._data, self._lines = (os.fdopen(descriptor, "r+b") for descriptor in descriptors)
        self._digest = xxhash.xxh3_64()  # of the complete bytes
        self.state: dict[str, Any] | None = None

    def resume(self, run: Mapping[str, Any]) -> None:
        """Reads the journal, and cuts the unfinished output to what is complete in it.

        Args:
            run: identity of the run; JSON values.

        Raises:
            OutputError: the unfinished output is that of another run.
        """
        lines = [_entry(line) for line in self._lines.read().splitlines(keepends=True)]
        if lines and lines[0] is not None and lines[0] != {"run": run}:
            was = lines[0].get("run", {})
            other = next((key for key in run if was.get(key) != run[key]), "seqnet")
            problem = f"the unfinished run differs in: {other}"
            raise OutputError(str(self._target), problem, f"remove {self.path} to start again, or choose another name")
        kept, size = 0, 0
        entries = lines[1:] if lines and lines[0] is not None else []
        for entry in entries:
            if entry in (None, _COMPLETE) or not self._has(entry["bytes"] - size, entry["digest"]):
                break
            kept, size, self.state = kept + 1, entry["bytes"], entry["state"]
        self._data.seek(size)
        self._data.truncate()
        self._rewrite([{"run": run}, *entries[:kept]])

    def add(self, data: bytes | memoryview, state: Mapping[str, Any]) -> None:
        """Writes data to the unfinished output, and then an entry with the state that is complete after them."""
        self._data.write(data)
        self._data.flush()
        self._digest.update(data)
        entry = {"bytes": self._data.tell(), "digest": self._digest.hexdigest(), "state": state}
        self._lines.write(json.dumps(entry).encode() + b"\n")
        self._lines.flush()

    def finish(self, data: bytes) -> None:
        """Writes the last bytes, which have no entry in the journal."""
        self._data.write(data)
        self._data.flush()

    def complete(self) -> None:
        """Records in the journal that the output is complete and will be put in place next."""
        self._lines.write(json.dumps(_COMPLETE).encode() + b"\n")
        self._lines.flush()

    def remove(self) -> None:
        """Removes both files, where they are."""
        for path in (self.path, self._journal):
            with suppress(FileNotFoundError):
                path.unlink()

    def close(self) -> None:
        """Closes the files, which stay."""
        for file in (self._data, self._lines):
            with suppress(OSError):  # such as a full disk, which was reported before
                file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _has(self, count: int, digest: str) -> bool:
        """Reads the next bytes of the unfinished output, and returns whether they are complete and unchanged."""
        found = self._digest.copy()
        while count > 0 and (piece := self._data.read(min(count, _PIECE))):
            found.update(piece)
            count -= len(piece)
        if count or found.hexdigest() != digest:
            return False
        self._digest = found
        return True

    def _rewrite(self, entries: list[Any]) -> None:
        self._lines.seek(0)
        self._lines.truncate()
        self._lines.write(b"".join(json.dumps(entry).encode() + b"\n" for entry in entries))
        self._lines.flush()


def _entry(line: bytes) -> dict[str, Any] | None:
    """Returns an entry of a journal; None if it is incomplete or damaged."""
    if not line.endswith(b"\n"):
        return None
    try:
        found = json.loads(line)
    except ValueError:
        return None
    known = ({"run"}, {"bytes", "digest", "state"}, set(_COMPLETE))
    return found if isinstance(found, dict) and set(found) in known else None


def _paths(target: Path) -> list[Path]:
    """Returns the paths of the unfinished output of a target and of its journal."""
    final = Path(os.path.realpath(target))
    return [named_part(final, number) for number in (0, 1)]


def unfinished_files(target: Path) -> list[Path]:
    """Returns the files that a later run can continue; none if it was killed after putting the target in place."""
    paths = _paths(target)
    if target.is_file():
        with suppress(FileNotFoundError), paths[1].open("rb") as journal:
            *_, last = [b"", *journal]
            if _entry(last) == _COMPLETE:
                return []
    return paths


@contextmanager
def open_journal(target: Path) -> Iterator[Journal]:
    """Yields the unfinished output of a target, a new one if there is none.

    Raises:
        OutputError: another run is writing it, or it can't be created.
    """
    paths = _paths(target)
    descriptors: list[int] = []
    try:
        for path in paths:
            descriptors.append(os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666))
            if not _locked(descriptors[-1]):
                raise OutputError(str(target), "another run is writing it", "wait for its end, or choose another name")
        journal = Journal(target, paths[0], paths[1], descriptors)
    except BaseException:
        for descriptor in descriptors:
            os.close(descriptor)
        raise
    with journal:
        yield journal


def _locked(descriptor: int) -> bool:
    """Locks a file, and returns whether no other process has locked it; True on systems without locks."""
    try:
        return try_lock(descriptor)
    except OSError:
        return True
