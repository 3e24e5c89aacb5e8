"""Base class of all readers of the records of a file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import closing
from types import TracebackType
from typing import Self

from seqnet.core.printable import counted
from seqnet.core.records import RecordBatch

__all__ = ["EMPTY", "RecordReader", "shown_path"]

EMPTY = "empty"
"""Format of a file that is empty or has only blanks."""


class RecordReader(ABC):
    """The records of one file, to be iterated once; a context manager that closes the file.

    Iteration raises a FormatError or TruncatedError if the file is not valid, a SettingError if an option does not fit
    the file, and an OSError if it can't be read. A valid file may have no records: then there are no batches, and
    `why_empty` gives the reason.

    Attributes:
        path: the file, `-` for stdin.
        format: name of its format, a row of `FORMATS`; `EMPTY` for an empty file.
        skipped: reason → number of records left out so far.
        notes: one line for each irregularity in the file that did not prevent reading.
        region: the region of alignments to read; None for all.
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
    def why_empty(self) -> str | None:
        """Reason why a file that was read to its end has no records; None if it has some."""
        if self.count:
            return None
        if self.format == EMPTY:
            return "the file is empty"
        if self.skipped:
            reasons = ", ".join(counted(count, reason) for reason, count in self.skipped.items())
            return f"all of its records were skipped: {reasons}"
        return f"no read overlaps {self.region}" if self.region else "the file has no records"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    @abstractmethod
    def passed(self) -> int | None:
        """Number of stored bytes of the file that were read; None if unknown."""

    @abstractmethod
    def close(self) -> None:
        """Closes the file."""

    @abstractmethod
    def _batches(self) -> Generator[RecordBatch, None, None]:
        """Yields the batches; each has records."""


def shown_path(path: str) -> str:
    """Returns the name of an input for messages."""
    return "stdin" if path == "-" else path
