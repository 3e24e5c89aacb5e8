"""Text tables to Arrow tables: TSV, and CSV with commas or semicolons.

A row is always one line, so that a table has as many records as lines after its header. TSV has no quoting: quotation
marks are ordinary characters. In CSV a cell may be quoted (RFC 4180), and the closing quotation mark must be in the
same line. A cell with a line break, or an open quotation mark, is an error that names the line. pyarrow would join all
lines up to the next quotation mark to one row.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray

from seqnet.core.errors import FormatError
from seqnet.core.printable import counted
from seqnet.core.ragged import Ragged
from seqnet.readers.cells import EMPTY_ROWS

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["delimited", "looks_delimited"]

_DELIMITERS = "\t;,"
_BLOCK = 1 << 20
_LONGEST_ROW = 1 << 25
_NEWLINE, _RETURN, _BLANK = b"\n\r "
_BLANKS = b" \t\v\f"
_LINE_END = re.compile(rb"\r\n|\n|\r")
_BLANK_QUOTE = re.compile(rb' "')
"""A quotation mark after a blank, which does not start a quoted cell for pyarrow; `bytes.find` is slower."""
_ROW_ERROR = re.compile(r"Row #(\d+): Expected (\d+) columns, got (\d+)")


def looks_delimited(head: bytes) -> bool:
    """Returns whether the first line of a text contains a column delimiter."""
    line = _LINE_END.split(head.lstrip(b"\r\n"), maxsplit=1)[0]
    return any(delimiter.encode() in line for delimiter in _DELIMITERS)


def delimited(
    stream: BinaryIO, sequence_column: str, choose: Callable[[Sequence[str]], list[str]], skipped: Counter[str]
) -> Generator[pa.Table, None, None]:
    """Yields the wanted columns of a text table.

    Args:
        stream: the text, UTF-8.
        sequence_column: name of a column, used to find the delimiter.
        choose: function from the names of all columns to the wanted ones.
        skipped: counter to which rows without any value, which are left out, are added.

    Raises:
        FormatError: a row does not fit the header, a quotation mark is not closed in its line, or a row is too long.
        pa.ArrowException: the text is not UTF-8.
    """
    lines = _Lines(stream)
    header = lines.first()
    delimiter, names = _columns(header, sequence_column, lines.at)
    lines.at += 1
    wanted = choose(names)
    parse = _parser(delimiter, len(names), {name: names.index(name) for name in wanted})
    while block := lines.next():
        # pyarrow raises an error for a text without rows.
        if block[:1] not in b"\r\n" or block.strip(b"\r\n"):
            rows = _rows(block, delimiter, parse, lines.at)
            if (empty := _empty_rows(rows, block, delimiter)) is not None:
                skipped[EMPTY_ROWS] += int(empty.sum())
                rows = rows.take(np.flatnonzero(~empty))
            yield rows
        lines.at += _line_ends(block)


def _columns(header: bytes, sequence_column: str, line: int) -> tuple[str, list[str]]:
    """Returns the delimiter and the column names.

    The delimiter is the one with which a column is named `sequence_column`; if there is none, the most frequent one.
    """
    candidates = sorted(_DELIMITERS, key=lambda delimiter: -header.count(delimiter.encode()))
    found = {delimiter: _cells(header, delimiter) for delimiter in candidates}
    names = {
        delimiter: [cell.decode(errors="replace").strip() for cell in cells]
        for delimiter, cells in found.items()
        if cells is not None
    }
    fitting = [delimiter for delimiter in names if sequence_column in names[delimiter]]
    chosen = next(iter([*fitting, *candidates]))
    if chosen not in names:
        raise _open_quote(line)
    return chosen, names[chosen]


def _parser(delimiter: str, columns: int, wanted: dict[str, int]) -> Callable[[bytes], pa.Table]:
    """Returns a function that parses lines without a header.

    Args:
        delimiter: the column delimiter.
        columns: number of columns.
        wanted: name → 0-based index of the columns to keep.
    """
    import pyarrow as pa
    from pyarrow.csv import ConvertOptions, ParseOptions, ReadOptions, read_csv

    keys = [str(place) for place in wanted.values()]
    quote = False if delimiter == "\t" else '"'
    read = ReadOptions(use_threads=False, block_size=2 * _LONGEST_ROW, column_names=list(map(str, range(columns))))
    split = ParseOptions(delimiter=delimiter, quote_char=quote, newlines_in_values=False)
    convert = ConvertOptions(include_columns=keys, column_types=dict.fromkeys(keys, pa.large_string()))

    def parse(lines: bytes) -> pa.Table:
        found = read_csv(pa.BufferReader(lines), read_options=read, parse_options=split, convert_options=convert)
        return found.rename_columns(list(wanted))

    return parse


def _rows(block: bytes, delimiter: str, parse: Callable[[bytes], pa.Table], line: int) -> pa.Table:
    """Returns the rows of a block of lines; `line` is the number of its first line.

    An open quotation mark causes fewer rows than lines, or a row with another number of cells. Quotation marks are
    checked one by one only in this case, and not for every line of a large table.
    """
    import pyarrow as pa

    try:
        if delimiter == "\t" or b'"' not in block:
            return parse(block)
        if b" " not in block or not _BLANK_QUOTE.search(block):
            found = parse(block)
            if len(found) == _line_ends(block) + (not block.endswith((b"\n", b"\r"))):
                return found
    except pa.ArrowInvalid as error:
        if not _ROW_ERROR.search(str(error)):
            raise
    block = block if delimiter == "\t" else _closed(block, delimiter, line)
    try:
        return parse(block)
    except pa.ArrowInvalid as error:
        if match := _ROW_ERROR.search(str(error)):
            raise _row_error(block, line, *map(int, match.groups())) from error
        raise


def _empty_rows(rows: pa.Table, block: bytes, delimiter: str) -> NDArray[np.bool_] | None:
    """Returns (N,) bool, which rows have no value in any column, including columns that are not kept; None if none.

    Only lines whose first kept cell is empty or starts with a blank are checked.

    Args:
        rows: the rows.
        block: their lines.
        delimiter: the column delimiter.
    """
    first = Ragged.from_arrow(rows.column(0))
    begins = np.append(first.data, 0)[np.minimum(first.offsets[:-1], len(first.data))]
    doubtful = np.flatnonzero((first.lengths == 0) | (begins <= _BLANK))
    if not len(doubtful):
        return None
    lines = [line for line in _LINE_END.split(block) if line]
    empty = np.zeros(len(rows), dtype=bool)
    nothing = (delimiter if delimiter == "\t" else delimiter + '"').encode() + _BLANKS
    for row in doubtful:
        if not lines[row].translate(None, nothing):
            empty[row] = not any(cell.strip() for cell in _cells(lines[row], delimiter) or [b'"'])
    return empty if empty.any() else None


def _row_error(block: bytes, line: int, row: int, columns: int, cells: int) -> FormatError:
    """Returns the error for a row with another number of cells than the header.

    Args:
        block: the lines.
        line: number of the first of these lines.
        row: number of the row among the lines that are not empty, from 1.
        columns: number of cells in the header.
        cells: number of cells in the row.
    """
    filled = (place for place, text in enumerate(_LINE_END.split(block), line) if text)
    problem = f"the row has {counted(cells, 'cells')}, the header has {columns:,}"
    return FormatError(problem, "give it one cell for each column", line=next(islice(filled, row - 1, None)))


class _Lines:
    """A text in blocks of whole lines.

    Args:
        stream: the text.

    Attributes:
        at: 1-based number of the first line of the next block; updated by the caller.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self.at = 1
        self._stream = stream
        self._rest = b""

    def first(self) -> bytes:
        """Returns the first line that is not empty, without its line end; empty if there is none."""
        text = b""
        while not text and (block := self.next()):
            text = block.lstrip(b"\r\n")
            self.at += _line_ends(block[: len(block) - len(text)])
        line, *rest = _LINE_END.split(text, maxsplit=1)
        self._rest = b"".join([*rest, self._rest])
        return line

    def next(self) -> bytes:
        """Returns the next lines, with their line ends; empty at the end."""
        parts, size = [self._rest], len(self._rest)
        self._rest = b""
        while chunk := self._stream.read(_BLOCK):
            # Old Mac files have a carriage return as line end.
            end = chunk.rfind(b"\n") + 1 or chunk.rfind(b"\r") + 1
            parts.append(chunk[:end] if end else chunk)
            if end:
                self._rest = chunk[end:]
                break
            size += len(chunk)
            if size > _LONGEST_ROW:
                problem = f"a row is longer than {_LONGEST_ROW:,} bytes"
                line = self.at + _line_ends(b"".join(parts))
                raise FormatError(problem, "give sequences of this length as FASTA", line=line)
        return b"".join(parts)


def _line_ends(lines: bytes) -> int:
    """Returns the number of line ends."""
    data = np.frombuffer(lines, dtype=np.uint8)  # five times as fast as bytes.count for short lines
    ends = np.count_nonzero(data == _NEWLINE)
    if b"\r" in lines:
        returns = data == _RETURN
        ends += np.count_nonzero(returns) - np.count_nonzero(returns[:-1] & (data[1:] == _NEWLINE))
    return int(ends)


def _closed(block: bytes, delimiter: str, line: int) -> bytes:
    """Returns the lines rewritten so that only quotation marks around cells have a meaning.

    Args:
        block: the lines.
        delimiter: the column delimiter.
        line: number of the first of these lines.

    Raises:
        FormatError: a cell starts with a quotation mark and does not end with one in the same line.
    """
    made = []
    for number, text in enumerate(_LINE_END.split(block), line):
        if b'"' in text:
            cells = _cells(text, delimiter)
            if cells is None:
                raise _open_quote(number)
            text = delimiter.encode().join(b'"' + cell.replace(b'"', b'""') + b'"' for cell in cells)
        made.append(text)
    return b"\n".join(made)


def _open_quote(line: int) -> FormatError:
    problem = "a cell begins with a quotation mark that does not end the cell in the same line"
    remedy = 'close it, write "" for a quotation mark within quotation marks, and no line breaks within cells'
    return FormatError(problem, remedy, line=line)


def _cells(line: bytes, delimiter: str) -> list[bytes] | None:
    """Returns the cells of a line; None if a cell starts with a quotation mark and does not end with one."""
    if delimiter == "\t":
        return line.split(b"\t")
    mark = delimiter.encode()
    quoted = re.compile(rb'\s*"([^"]*(?:""[^"]*)*)"\s*(?=' + mark + rb"|\Z)")
    plain = re.compile(rb"[^" + mark + rb"]*")
    cells, at = [], 0
    while at <= len(line):
        if found := quoted.match(line, at):
            cells.append(found[1].replace(b'""', b'"'))
        elif (found := plain.match(line, at)) and not found[0].lstrip().startswith(b'"'):
            cells.append(found[0])
        else:
            return None
        at = found.end() + 1
    return cells
