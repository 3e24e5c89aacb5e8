"""GenBank, EMBL and Swiss-Prot to record batches.

A record ends with a line `//`. Biopython parses record by record. This module checks that a record begins correctly,
that it is complete, and that its sequence has the length in its first line. If this is a length of many megabases,
Biopython gets the lines of the sequence piece by piece, because it would hold each of them.

Source: https://www.insdc.org/submitting-standards/feature-table/ and https://web.expasy.org/docs/userman.html
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import FormatError, TruncatedError
from seqnet.core.printable import counted
from seqnet.core.records import RecordBatch
from seqnet.readers.biopython import (
    annotations_of,
    first_record,
    name_of,
    parsed,
    sequence_from,
    sequence_of,
    symbols_of,
    warning_lines,
)
from seqnet.readers.features import feature_records
from seqnet.readers.formats import RecordFormat
from seqnet.readers.inputs import Input
from seqnet.readers.single_records import SingleRecord, batched, wants_annotations
from seqnet.readers.text_lines import TextLines

if TYPE_CHECKING:
    from Bio.SeqRecord import SeqRecord

__all__ = ["EMBL", "GENBANK", "SWISSPROT"]

_END = "//"
_MOST_ENDS = 100
"""If a parser asks for a line this many times after the last line, it would do so for ever."""
_LONG = 1 << 22
"""Minimum number of symbols of a sequence whose lines are parsed piece by piece."""
_PIECE = 1 << 12
"""Number of lines that are parsed at once."""
_RELEASE = b"Genetic Sequence Data Bank"
"""Text in the first lines of the files of a GenBank release."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """One of the formats.

    Attributes:
        name: name for messages.
        parser: Biopython's name of the format.
        begin: start of the first line of a record.
        length: finds the length of the sequence in this line.
        sequence: start of the line before those of the sequence.
    """

    name: str
    parser: str
    begin: str
    length: re.Pattern[str]
    sequence: str = "SQ   "

    def declared(self, first: str) -> int | None:
        """Returns the length of the sequence that the first line of a record has; None if it has none."""
        found = self.length.search(first)
        return int(found[1]) if found else None


class _RecordLines:
    """The lines of one record, as a file object for Biopython.

    Args:
        lines: the lines of the file.
        parser: Biopython's name of the format.
        sequence: start of the line after which the lines of the sequence are parsed here; None if Biopython gets them.

    Attributes:
        complete: whether the end line of the record was read.
        cut: whether the file ended before it.
        symbols: the sequence that was parsed here.
    """

    def __init__(self, lines: TextLines, parser: str, sequence: str | None) -> None:
        self._lines, self._parser, self._sequence = lines, parser, sequence
        self._last = ""
        self._ends = 0
        self.complete = self.cut = False
        self.symbols = bytearray()

    def readline(self, size: int = -1) -> str:
        """Returns the next line with a newline; empty at the end."""
        line = None if self.complete or self.cut else self._lines.next()
        if self._sequence and line is not None and self._last.startswith(self._sequence):
            line = self._after_sequence(line)
        self._last = line or ""
        if line is None:
            self.cut = not self.complete
            self._ends += 1
            if self._ends > _MOST_ENDS:
                raise ValueError("the record ends too early")
            return ""
        self.complete = line.rstrip() == _END
        return line + "\n"

    def _after_sequence(self, line: str | None) -> str | None:
        """Parses the lines of the sequence from `line` on, and returns the line after them; None at the end."""
        while not _ends_sequence(line):
            piece: list[str] = []
            while line is not None and not _ends_sequence(line) and len(piece) < _PIECE:
                piece.append(line)
                line = self._lines.next()
            self.symbols += sequence_of(self._last, piece, self._parser)
        return line

    def read(self, size: int = -1) -> str:
        """Returns an empty string; parsers call this to check that the file is text."""
        if size != 0:
            raise ValueError("the record is read by lines")
        return ""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if line := self.readline():
            return line
        raise StopIteration


def _ends_sequence(line: str | None) -> bool:
    return line is None or line.rstrip() == _END or line.startswith("CONTIG")


def _read(
    kind: _Kind, source: Input, options: ReadOptions, skipped: Counter[str]
) -> Generator[RecordBatch, None, None]:
    return batched(_records(kind, source, options, skipped), options, annotated=True)


def _records(
    kind: _Kind, source: Input, options: ReadOptions, skipped: Counter[str]
) -> Generator[SingleRecord, None, None]:
    warned: Counter[str] = Counter()
    lines = TextLines(*source.first_line())
    if _RELEASE in source.head:
        _pass_preamble(lines, kind)
    while (first := lines.next_filled()) is not None:
        if not first.startswith(kind.begin):
            problem = f"a record of {kind.name} begins with {kind.begin.rstrip()}, and this line does not"
            raise FormatError(problem, "correct it, or get the file again", line=lines.number)
        record = _parse(kind, lines, first, warned)
        if options.feature and kind is not _SWISSPROT:
            yield from feature_records(record, options, skipped)
        else:
            yield _whole(record, options)
    source.notes.extend(warning_lines(warned))


def _pass_preamble(lines: TextLines, kind: _Kind) -> None:
    """Skips the preamble of a file, up to its first record."""
    while (line := lines.next()) is not None:
        if line.startswith(kind.begin):
            lines.back(line)
            return


def _parse(kind: _Kind, lines: TextLines, first: str, warned: Counter[str]) -> SeqRecord:
    """Returns the record whose first line has been read."""
    start = lines.number
    lines.back(first)
    declared = kind.declared(first)
    text = _RecordLines(lines, kind.parser, kind.sequence if (declared or 0) >= _LONG else None)
    try:
        record, warnings = parsed(lambda: first_record(text, kind.parser), kind.name, lambda: max(start, lines.number))
    except FormatError as error:
        raise (_cut(kind, start) if text.cut else error) from error
    if text.cut:
        raise _cut(kind, start)
    if record is None or not text.complete:
        problem = f"this is not valid {kind.name} (a record ends before its line of //)"
        raise FormatError(problem, "correct it, or get the file again", line=lines.number)
    if text.symbols:
        record.seq = sequence_from(text.symbols)
        text.symbols.clear()  # Biopython may still hold `text`
    if declared is not None and record.seq is not None and declared != len(record.seq):
        found = counted(len(record.seq), "symbols")
        problem = f"its sequence has {found}, and the first line of the record says {declared:,}"
        raise FormatError(problem, "correct it, or get the file again", line=start, record=name_of(record))
    warned.update(warnings)
    return record


def _cut(kind: _Kind, start: int) -> TruncatedError:
    return TruncatedError(f"the file ends within a record of {kind.name}", "get the file again", line=start)


def _whole(record: SeqRecord, options: ReadOptions) -> SingleRecord:
    """Returns the record as a whole, without its features."""
    name, symbols = name_of(record), symbols_of(record)
    annotations = annotations_of(record) if wants_annotations(options) else {}
    header = " ".join(f"{name} {record.description}".split())
    return SingleRecord(name, symbols or b"", header, annotations, missing=symbols is None)


def _is_genbank(head: bytes) -> bool:
    begins = head.lstrip().startswith(b"LOCUS       ")
    return begins or (_RELEASE in head[:1000] and b"\nLOCUS       " in head)


def _is_embl(head: bytes) -> bool:
    return re.match(rb"ID   \S+(?:;[^\n]*;|\s[^\n]*;)[^\n]*\b(?:BP|AA)\.?\s*\n", head.lstrip()) is not None and not (
        _is_swissprot(head)
    )


def _is_swissprot(head: bytes) -> bool:
    return re.match(rb"ID   [^\s;]+ +[^\n;]+;(?: +PRT;)? +\d+ AA\.", head.lstrip()) is not None


_GENBANK = _Kind("GenBank", "genbank", "LOCUS       ", re.compile(r" (\d+) (?:bp|aa)\b"), "ORIGIN")
_EMBL = _Kind("EMBL", "embl", "ID   ", re.compile(r" (\d+) (?:BP|AA)\b"))
_SWISSPROT = _Kind("Swiss-Prot", "swiss", "ID   ", re.compile(r" (\d+) AA\b"))

GENBANK = RecordFormat(_is_genbank, partial(_read, _GENBANK))
EMBL = RecordFormat(_is_embl, partial(_read, _EMBL))
SWISSPROT = RecordFormat(_is_swissprot, partial(_read, _SWISSPROT))
