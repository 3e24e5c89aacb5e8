"""Clustal alignments to record batches, one alignment at a time.

Each block has a line for each sequence, in the same order. It may end with a line of the marks `*`, `:` and `.` for
conserved columns. This line begins with a blank and is ignored.

Source: http://www.clustal.org/download/clustalx_help.html
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Generator, Iterator

from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import FormatError
from seqnet.core.printable import quoted
from seqnet.core.records import RecordBatch
from seqnet.readers.aligned_rows import AlignedRows
from seqnet.readers.formats import RecordFormat
from seqnet.readers.inputs import Input
from seqnet.readers.single_records import SingleRecord, batched
from seqnet.readers.text_lines import TextLines

__all__ = ["FORMAT"]

_HEADER = re.compile(
    r"CLUSTAL[^\t,;]*|(?:PROBCONS|MUSCLE|MSAPROBS|Kalign|Biopython|T-COFFEE)\b[^\t]*\balignment\b[^\t]*"
)
_MARKS = re.compile(r"[*:.\s]*")


def _recognises(head: bytes) -> bool:
    first = head.lstrip().partition(b"\n")[0]
    return first.isascii() and _HEADER.fullmatch(first.decode()) is not None


def _read(source: Input, options: ReadOptions, skipped: Counter[str]) -> Generator[RecordBatch, None, None]:
    return batched(_records(TextLines(*source.first_line())), options)


def _records(lines: TextLines) -> Iterator[SingleRecord]:
    while lines.next_filled() is not None:  # a header
        rows, block = AlignedRows(), _Block(lines)
        while block.read(rows):
            pass
        for name, symbols in rows:
            yield SingleRecord(name, symbols)


class _Block:
    """Reads the blocks of one alignment."""

    def __init__(self, lines: TextLines) -> None:
        self._lines = lines

    def read(self, rows: AlignedRows) -> bool:
        """Adds the next block to the rows of an alignment, and returns False if there is none."""
        line = self._lines.next_filled()
        if line is None or _HEADER.fullmatch(line):
            if line is not None:
                self._lines.back(line)
            return False
        known, count, first = len(rows), 0, self._lines.number
        while line is not None and line.strip() and not (line[0].isspace() and _MARKS.fullmatch(line)):
            self._add(rows, count, line, is_new=not known)
            if rows.length(count) != rows.length(0):
                raise self._wrong("a row that is not as long as the first one of its block")
            count += 1
            line = self._lines.next()
        if count < known or not count:
            raise FormatError("a block has no row for each sequence", "correct it, or get the file again", line=first)
        return True

    def _add(self, rows: AlignedRows, index: int, line: str, *, is_new: bool) -> None:
        """Adds a line to the sequence at `index`."""
        words = line.split()
        if line[0].isspace() or not 2 <= len(words) <= 3 or not (len(words) == 2 or words[2].isdecimal()):
            raise self._wrong("a line that is not a name and symbols")
        if is_new:
            rows.begin(words[0])
        elif index >= len(rows) or rows.name(index) != words[0]:
            raise self._wrong(f"a row of {quoted(words[0])}, where the first block has another sequence or none")
        rows.add(index, words[1])
        if len(words) == 3 and int(words[2]) != rows.residues(index):
            raise self._wrong(f"a row that should end at residue {words[2]}, and ends at {rows.residues(index)}")

    def _wrong(self, what: str) -> FormatError:
        remedy = "correct it, or get the file again"
        return FormatError(f"this is not valid Clustal ({what})", remedy, line=self._lines.number)


FORMAT = RecordFormat(_recognises, _read, aligned=True)
