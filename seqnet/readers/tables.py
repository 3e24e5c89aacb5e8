"""TSV, CSV, Excel and Parquet tables to record batches, as a stream.

A table has a header, one column of sequences and one of names (the first by default). Further columns are returned as
text. Every cell is read as text, so that `0012` stays a name, and surrounding blanks are removed. A cell that is empty,
null, or a word such as `NA` or `nan` has no value. If the sequence has no value, it is empty, and the batch marks it as
missing. The formats differ only in the source of the Arrow batches.
"""

from __future__ import annotations

import io
import re
import shlex
from collections import Counter
from collections.abc import Generator, Sequence
from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import FormatError, TruncatedError
from seqnet.core.printable import listed, quoted
from seqnet.core.records import RecordBatch
from seqnet.readers.cells import EMPTY_ROWS, blanked, missing_cells, trimmed
from seqnet.readers.delimited import delimited, looks_delimited
from seqnet.readers.formats import RecordFormat
from seqnet.readers.inputs import Input
from seqnet.readers.workbooks import is_workbook, workbook

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray
    from pyarrow.parquet import ParquetFile

__all__ = ["FORMAT"]

_PARQUET = b"PAR1"
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_LEAST_PARQUET = 12  # bytes: the magic number, the length of the footer, the magic number
_MOST_ROWS = 1 << 16
_PAGES = 1 << 20
"""Number of bytes of a Parquet column that are read at once."""
_NAMED = 12
"""Maximum number of columns that an error lists."""


def _recognises(head: bytes) -> bool:
    if head.startswith(_PARQUET) or is_workbook(head):
        return True
    is_text = not _CONTROL.search(head) and b"\n>" not in head
    return is_text and looks_delimited(head)


def _read(source: Input, options: ReadOptions, skipped: Counter[str]) -> Generator[RecordBatch, None, None]:
    import pyarrow as pa

    try:
        for table in _tables(source, options, skipped):
            yield from _records(table, options)
    except MemoryError:
        raise
    except pa.ArrowException as error:
        raise _fault(error) from error
    except OSError as error:
        # Arrow reports undecodable data as an OSError without an error number of the operating system.
        if error.errno is not None:
            raise
        raise _fault(error) from error


def _tables(source: Input, options: ReadOptions, skipped: Counter[str]) -> Generator[pa.RecordBatch, None, None]:
    """Returns the wanted columns of a table, batch by batch."""
    choose = partial(_wanted, options=options)
    if source.head.startswith(_PARQUET):
        return _parquet(source, options, skipped)
    if is_workbook(source.head):
        return workbook(source.seekable(), choose, skipped)
    return delimited(source.text(), options.sequence_column, choose, skipped)


def _fault(error: Exception) -> FormatError:
    reason = str(error).partition("\n")[0].removeprefix("CSV parse error: ")
    remedy = "save it as UTF-8" if "UTF8" in reason else "check that row against the header"
    return FormatError(f"the table can't be read: {reason}", remedy)


def _parquet(source: Input, options: ReadOptions, skipped: Counter[str]) -> Generator[pa.RecordBatch, None, None]:
    """Yields the wanted columns of a Parquet file, without rows that have no value in any column."""
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    file = source.seekable()
    size = file.seek(0, io.SEEK_END)
    file.seek(-len(_PARQUET), io.SEEK_END)
    if size < _LEAST_PARQUET or file.read() != _PARQUET:
        raise TruncatedError("the Parquet file ends too early", "get the file again")
    file.seek(0)
    # Page by page: by default pyarrow reads a whole row group, which may be the whole file.
    with ParquetFile(file, page_checksum_verification=True, pre_buffer=False, buffer_size=_PAGES) as parquet:
        wanted = _wanted(parquet.schema_arrow.names, options)
        footer = parquet.metadata
        content = sum(footer.row_group(group).total_byte_size for group in range(footer.num_row_groups))
        rows = max(1, min(_MOST_ROWS, options.batch_bytes * footer.num_rows // max(1, content)))
        others = [name for name in parquet.schema_arrow.names if name not in wanted]
        at, valued = 0, None
        for part in parquet.iter_batches(batch_size=rows, columns=wanted, use_threads=False):
            table = part.select(wanted)
            empty = _valueless(table)
            if others and empty.any():
                # Other columns are read only if the wanted ones have empty rows, and once for the whole file.
                valued = _rows_with_values(parquet, others, rows) if valued is None else valued
                empty &= ~valued[at : at + len(empty)]
            at += len(empty)
            if empty.any():
                skipped[EMPTY_ROWS] += int(empty.sum())
                table = table.filter(pa.array(~empty))
            yield table


def _valueless(table: pa.RecordBatch) -> NDArray[np.bool_]:
    """Returns (N,) bool, which rows have no value in any column: each cell is null, or blank text."""
    import pyarrow as pa
    import pyarrow.compute as pc

    empty = np.ones(table.num_rows, dtype=bool)
    for column in table.columns:
        if not empty.any():
            break
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            lacking = pc.equal(pc.binary_length(pc.utf8_trim_whitespace(column)), 0).fill_null(True)
        else:
            lacking = column.is_null()
        empty &= lacking.to_numpy(zero_copy_only=False)
    return empty


def _rows_with_values(parquet: ParquetFile, columns: list[str], rows: int) -> NDArray[np.bool_]:
    """Returns (R,) bool, which of the R rows of a file have a value in any of the columns, read `rows` at a time."""
    parts = parquet.iter_batches(batch_size=rows, columns=columns, use_threads=False)
    return np.concatenate([np.zeros(0, dtype=bool), *(~_valueless(part) for part in parts)])


def _wanted(names: Sequence[str], options: ReadOptions) -> list[str]:
    """Returns the columns to read, each once: names, sequences, further columns.

    Raises:
        FormatError: the table has no column, or several columns, with a wanted name.
    """
    wanted = [options.name_column or names[0], options.sequence_column, *options.columns]
    for name in wanted:
        if names.count(name) != 1:
            found = "no column" if name not in names else "more than one column"
            raise FormatError(f"{found} named {quoted(name)}", _described_columns(name, names, options))
    return list(dict.fromkeys(wanted))


def _described_columns(name: str, names: Sequence[str], options: ReadOptions) -> str:
    """Returns a text that lists the columns, for the error about a missing column."""
    if f'"{name}"' in names:
        return (
            "its cells are in quotation marks, which TSV does not have: write it without (in R: quote=FALSE), or as CSV"
        )
    shown = listed(names, _NAMED)
    by_case = {other.lower(): other for other in names}
    near = [by_case[found] for found in get_close_matches(name.lower(), by_case)] if name not in names else []
    if not near:
        return f"its columns are: {shown}"
    option = {options.name_column: "--name-column", options.sequence_column: "--sequence-column"}.get(name)
    return f"its columns are: {shown}; " + (
        f"use {option} {shlex.quote(near[0])}" if option else f"did you mean {' or '.join(near)}?"
    )


def _records(table: pa.RecordBatch, options: ReadOptions) -> Generator[RecordBatch, None, None]:
    """Yields the records of an Arrow batch, whose first column has the names, in batches of the right size."""
    size = table.column(options.sequence_column).nbytes
    step = max(1, table.num_rows * options.batch_bytes // max(1, size))
    for first in range(0, table.num_rows, step):
        part = table.slice(first, step)
        names, symbols = trimmed(part.column(0)), trimmed(part.column(options.sequence_column))
        missing = missing_cells(symbols)
        symbols = symbols if missing is None else blanked(symbols, missing)
        columns = {name: trimmed(part.column(name)) for name in options.columns}
        yield RecordBatch(names, symbols, names, columns, missing)


FORMAT = RecordFormat(_recognises, _read)
