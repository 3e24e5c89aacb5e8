"""What reads the records of one file, wherever it does so."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from seqnet.records import RecordBatch

__all__ = ["RecordReader", "spoken_path"]


class RecordReader(ABC):
    """The records of one file, to be iterated once; a context manager that closes the file.

    Iterating raises a FormatError, TruncatedError or EmptyInputError where the file is not what it should be, a
    SettingError where an option does not fit it, and an OSError where it can't be read.

    Attributes:
        path: the file, `-` for stdin.
        format: name of its format, a row of `FORMATS`.
        skipped: number of records that were left out, by reason, up to where iteration has come.
    """

    path: str
    format: str
    skipped: Counter[str]
    _started = False

    def __iter__(self) -> Iterator[RecordBatch]:
        if self._started:
            raise RuntimeError(f"{self.path} can be iterated once; open it again")
        self._started = True
        return self._batches()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    @abstractmethod
    def passed(self) -> int | None:
        """How many bytes of the file were read, as they are stored, None where that is not known."""

    @abstractmethod
    def close(self) -> None:
        """Closes the file."""

    @abstractmethod
    def _batches(self) -> Iterator[RecordBatch]:
        """Yields the batches that hold records."""


def spoken_path(path: str) -> str:
    """Returns what messages call an input."""
    return "stdin" if path == "-" else path
