"""Provenance of a file: hashes of its inputs and versions of the software."""

from __future__ import annotations

import hashlib
import io
import platform
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import TYPE_CHECKING, Self

import seqnet

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["InputHashes", "file_hash", "versions"]

_PACKAGES = ("numpy", "pysam", "scikit-learn", "torch")


def versions() -> dict[str, str]:
    """Returns the versions of Python, seqnet and the packages that can change a result."""
    found = {"python": platform.python_version(), "seqnet": seqnet.__version__}
    return found | {package: version(package) for package in _PACKAGES}


def file_hash(path: Path, stop: Event | None = None) -> str:
    """Returns the SHA-256 of a file in hexadecimal; of the part read so far if `stop` is set."""
    with _StoppableFile(path, stop) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _StoppableFile(io.FileIO):
    """A file that is read, and ends where it is once `stop` is set."""

    def __init__(self, path: Path, stop: Event | None) -> None:
        super().__init__(path)
        self._stop = stop

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        return 0 if self._stop and self._stop.is_set() else super().readinto(buffer) or 0


class InputHashes:
    """Hashes input files in the background while they are read.

    Args:
        paths: the inputs; `-` and files that are not regular have no hash.
    """

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = list(dict.fromkeys(paths))
        self._pool = ThreadPoolExecutor(max_workers=1)
        self._hashes: dict[str, Future[str]] = {}
        self._stop = Event()

    def __enter__(self) -> Self:
        for path in self._paths:
            if path != "-" and Path(path).is_file():
                self._hashes[path] = self._pool.submit(file_hash, Path(path), self._stop)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # After an error there is no need to hash the rest of a large file.
        self._stop.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def collect(self) -> list[dict[str, str | None]]:
        """Waits for the hashes, then returns path and SHA-256 (None for a stream) of each input."""
        return [
            {"path": path, "sha256": self._hashes[path].result() if path in self._hashes else None}
            for path in self._paths
        ]
