"""What reads the records of one file, wherever it does so."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import closing
from types import TracebackType
from typing import Self

from seqnet.core.printable import counted
from seqnet.core.records import RecordBatch

__all__ = ["EMPTY", "RecordReader", "spoken_path"]

EMPTY = "empty"
"""The format of a file that holds nothing, or blanks only."""


class RecordReader(ABC):
    """The records of one file, to be iterated once; a context manager that closes the file.

    Iterating raises a FormatError or TruncatedError where the file is not what it should be, a SettingError where an
    option does not fit it, and an OSError where it can't be read. A sound file may hold no records: then there are no
    batches, and `nothing` says why.

    Attributes:
        path: the file, `-` for stdin.
        format: name of its format, a row of `FORMATS`; `EMPTY` where it holds nothing at all.
        skipped: number of records that were left out, by reason, up to where iteration has come.
        notes: a line for each thing in the file that is odd, and was read all the same.
        region: the only region of alignments that is read; None for all.
        count: number of records so far.
    """

    path: str
    format: str
    skipped: Counter[str]
    notes: list[str]
    region: str | None
    count = 0
    _started = False

    def __iter__(self) -> Iterator[RecordBatch]:
        if self._started:
            raise RuntimeError(f"{self.path} can be iterated once; open it again")
        self._started = True
        return self._counted()

    def _counted(self) -> Iterator[RecordBatch]:
        with closing(self._batches()) as batches:
            for batch in batches:
                self.count += len(batch)
                yield batch

    @property
    def nothing(self) -> str | None:
        """Why the file, read to its end, has no records; None where it has some."""
        if self.count:
            return None
        if self.format == EMPTY:
            return "the file is empty"
        if self.skipped:
            reasons = ", ".join(counted(count, reason) for reason, count in self.skipped.items())
            return f"all of its records were skipped: {reasons}"
        return f"no read overlaps {self.region}" if self.region else "it holds no records"

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
    def _batches(self) -> Generator[RecordBatch, None, None]:
        """Yields the batches that hold records."""


def spoken_path(path: str) -> str:
    """Returns what messages call an input."""
    return "stdin" if path == "-" else path
