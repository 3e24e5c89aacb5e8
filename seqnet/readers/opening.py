"""From a path to its records: what kind of file is it, and who reads it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Generator, Iterator
from types import TracebackType
from typing import Self

import numpy as np

from seqnet.alphabets import guess_alphabet
from seqnet.configs.reading import ReadOptions
from seqnet.errors import EmptyInputError, FormatError, InputError, SettingError
from seqnet.readers.formats import FORMATS
from seqnet.readers.inputs import Input
from seqnet.records import RecordBatch

__all__ = ["RecordReader", "open_records", "spoken_path"]


def open_records(path: str, options: ReadOptions) -> RecordReader:
    """Returns a reader of the records of a file, whose format and compression are found by its content.

    Args:
        path: the file, or `-` for stdin.
        options: how to read it.

    Raises:
        FormatError: it is of no known format, or its compressed data are damaged.
        EmptyInputError: it is empty.
        TruncatedError: its compressed data end too early.
        SettingError: an option asks for alignments, and it holds none.
        OSError: it can't be opened or read.
    """
    try:
        source = Input(path)
        try:
            found = _detect(source)
            _check_options(found, options)
            return RecordReader(source, found, options)
        except BaseException:
            source.close()
            raise
    except InputError as error:
        error.at(spoken_path(path))
        raise


def _check_options(found: str, options: ReadOptions) -> None:
    """Refuses options that would do nothing with a file of this format."""
    for name in ("region", "min_mapq", "reference"):
        if getattr(options, name) and found != "sam":
            raise SettingError(
                f"read.{name}", getattr(options, name), f"none for {found}: only SAM, BAM and CRAM have it"
            )


class RecordReader:
    """The records of one file, to be iterated once; a context manager that closes the file.

    Iterating raises a FormatError, TruncatedError or EmptyInputError where the file is not what it should be, and a
    SettingError where an option does not fit it.

    Args:
        source: the file, which the reader closes.
        format: name of its format.
        options: how to read it.

    Attributes:
        path: the file, `-` for stdin.
        format: name of its format, a row of `FORMATS`.
        skipped: number of records that were left out, by reason, up to where iteration has come.
    """

    def __init__(self, source: Input, format: str, options: ReadOptions) -> None:
        self.path = source.path
        self.format = format
        self.skipped: Counter[str] = Counter()
        self._source = source
        self._batches: Generator[RecordBatch, None, None] = FORMATS.load(format).read(source, options, self.skipped)
        self._region = options.region
        self._started = False

    def __iter__(self) -> Iterator[RecordBatch]:
        if self._started:
            raise RuntimeError(f"{self.path} can be iterated once; open it again")
        self._started = True
        return self._checked()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def passed(self) -> int | None:
        """How many bytes of the file were read, as they are stored, None where that is not known."""
        return self._source.passed

    def close(self) -> None:
        """Closes the file."""
        self._batches.close()
        self._source.close()

    def _checked(self) -> Iterator[RecordBatch]:
        """Yields the batches that hold records, and knows the path of errors."""
        empty = True
        try:
            for batch in self._batches:
                if len(batch):
                    empty = False
                    yield batch
            if empty:
                raise self._nothing_left()
        except InputError as error:
            error.at(spoken_path(self.path))
            raise
        finally:
            self.close()

    def _nothing_left(self) -> EmptyInputError:
        if not self.skipped:
            return EmptyInputError(f"no read overlaps {self._region}" if self._region else "it holds no records")
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in self.skipped.items())
        return EmptyInputError(f"none of its records is left: {reasons}")


def spoken_path(path: str) -> str:
    """Returns what messages call an input."""
    return "stdin" if path == "-" else path


def _detect(source: Input) -> str:
    """Returns the name of the format of an input."""
    for name in FORMATS:
        if FORMATS.load(name).recognises(source.head):
            return name
    first_line = source.head.strip().partition(b"\n")[0].strip()
    header = "put a line such as >name before each sequence"
    if b"\n>" in source.head:
        raise FormatError("FASTA without a header: there is text before the first '>'", header, line=1)
    if re.fullmatch(rb"[A-Za-z*-]+", first_line) and guess_alphabet(np.frombuffer(first_line, dtype=np.uint8)):
        raise FormatError("sequence text without a FASTA header", header, line=1)
    within = f" within {source.compression}" if source.compression else ""
    raise FormatError(f"it is no sequence file{within} (tried {', '.join(FORMATS)})", "convert it to one of these")
