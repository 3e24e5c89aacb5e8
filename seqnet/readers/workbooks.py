"""The first sheet of an Excel workbook (.xlsx) to Arrow batches of text.

Cells have the stored value and not the displayed text: 3 instead of 3.00, dates as 2024-03-01, and for a formula the
value at the time of saving. Rows without any value are left out and counted, like blank lines in text.

openpyxl reads a sheet row by row, but all texts of the workbook at once. So a workbook that unpacks to more than a
maximum size is refused first.
"""

from __future__ import annotations

import re
import warnings
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from datetime import datetime, time
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO
from xml.etree.ElementTree import ParseError

from seqnet.core.errors import FormatError, TruncatedError
from seqnet.core.printable import quoted
from seqnet.readers.cells import EMPTY_ROWS

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["is_workbook", "workbook"]

_OFFICE = re.compile(rb"PK\x03\x04.{26}(?:\[Content_Types\]\.xml|_rels/|docProps/|xl/|customXml/)", re.DOTALL)
"""Start of a zip archive that is an Office document, whichever program wrote it."""
_BOOK = "xl/workbook.xml"
_MOST_ROWS = 1 << 20
"""Maximum number of rows in Excel."""
_ROWS = 1 << 12
_NAMED = 5
"""Maximum number of other sheets that a message names."""
_MOST_BYTES, _LARGE, _MOST_PACKED = 1 << 30, 1 << 26, 100
"""Maximum bytes of a part of a workbook; and for parts above the second number, maximum ratio to the packed size."""

_DAMAGE = (
    zipfile.BadZipFile, zlib.error, ParseError, EOFError, KeyError, IndexError, ValueError, TypeError, AttributeError,
    NotImplementedError, RuntimeError,
)  # fmt: skip
"""Errors of openpyxl for a workbook with damaged parts."""

_Row = Sequence[object]


def is_workbook(head: bytes) -> bool:
    """Returns whether the first bytes of a file are those of an Office document in XML."""
    return _OFFICE.match(head) is not None


def workbook(
    file: BinaryIO, choose: Callable[[Sequence[str]], list[str]], skipped: Counter[str]
) -> Generator[pa.RecordBatch, None, None]:
    """Yields the wanted columns of the first sheet of a workbook.

    Args:
        file: the workbook.
        choose: function from the names of all columns to the wanted ones.
        skipped: counter to which further sheets, and rows below the header without a value, are added.

    Raises:
        FormatError: the file is not a workbook, is damaged or too large, or a row has more cells than the header.
        TruncatedError: the file ends too early.
    """
    import pyarrow as pa

    rows = _rows(file, skipped)
    header = next(rows, None)
    others = "; only the first sheet is read" if skipped else ""
    if header is None and others:
        raise FormatError(
            "the first sheet of the workbook is empty", "put the table in the first sheet, or save it as CSV"
        )
    if header is None:
        return
    names = [_text(cell).strip() for cell in header[1]]
    try:
        wanted = choose(names)
    except FormatError as error:
        error.remedy += others
        raise
    places = [names.index(name) for name in wanted]
    while block := list(islice(rows, _ROWS)):
        for number, row in block:
            if any(cell is not None for cell in row[len(names) :]):
                problem = f"row {number:,} has a cell to the right of the header's {len(names):,}"
                raise FormatError(problem, "give each column a name, or empty that cell")
        columns = [[_text(row[place]) if place < len(row) else "" for _, row in block] for place in places]
        arrays = [pa.array(column, pa.large_string()) for column in columns]
        yield pa.RecordBatch.from_arrays(arrays, names=wanted)


def _text(cell: object) -> str:
    """Returns the text of a cell."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return str(cell.date() if cell.time() == time() else cell)
    return str(cell)


def _rows(file: BinaryIO, skipped: Counter[str]) -> Iterator[tuple[int, _Row]]:
    """Yields the rows of the first sheet that have a value, with their 1-based numbers."""
    number, rows, begun = 0, None, False
    while True:
        # openpyxl warns of content that it does not read: styles, drawings, validation rules.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                rows = rows or _open(file, skipped)
                block = list(islice(rows, _ROWS))
            except _DAMAGE as error:
                raise _fault(file) from error
        if not block:
            return
        for row in block:
            number += 1
            if number > _MOST_ROWS:
                raise FormatError(f"the sheet has more than {_MOST_ROWS:,} rows", "save it as CSV")
            if any(cell is not None and not (isinstance(cell, str) and not cell.strip()) for cell in row):
                begun = True
                yield number, row
            elif begun:
                skipped[EMPTY_ROWS] += 1


def _open(file: BinaryIO, skipped: Counter[str]) -> Iterator[_Row]:
    """Returns the rows of the first sheet of a workbook."""
    import openpyxl

    with zipfile.ZipFile(file) as archive:
        parts = archive.infolist()
    if _BOOK not in {part.filename for part in parts}:
        raise FormatError("this is an Office document, but not an Excel workbook", "save the table as .xlsx or .csv")
    for part in parts:
        packed = part.file_size > _MOST_PACKED * part.compress_size
        if part.file_size > _MOST_BYTES or (part.file_size > _LARGE and packed):
            problem = f"{part.filename} in the workbook unpacks to {part.file_size:,} bytes"
            raise FormatError(problem, "save it as CSV")
    book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
    if not book.worksheets:
        raise FormatError("the workbook has no sheet of cells", "save the table as .xlsx or .csv")
    sheet, *others = book.worksheets
    if others:
        names = ", ".join(quoted(other.title) for other in others[:_NAMED]) + (", …" if len(others) > _NAMED else "")
        skipped[f"other sheets ({names}); only the first, {quoted(sheet.title)}, is read"] += len(others)
    sheet.reset_dimensions()  # some programs write wrong dimensions, and openpyxl would leave out rows outside of them
    return iter(sheet.iter_rows(values_only=True))


def _fault(file: BinaryIO) -> FormatError | TruncatedError:
    """Returns the error for a workbook that can't be read."""
    if not zipfile.is_zipfile(file):
        return TruncatedError("the Excel workbook ends too early", "get the file again")
    return FormatError("the Excel workbook is damaged", "get the file again, or save it as CSV")
