"""TSV, CSV and Parquet tables to record batches, streamed by pyarrow.

A table has a header, one column of sequences and one of names (the first, unless said otherwise); further columns are
handed through as text. Every cell is read as text, so that `0012` stays a name and `NA` a dipeptide. A missing cell
is empty. The formats differ in where the Arrow batches come from; all else is the same.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING

from seqnet.configs.reading import ReadOptions
from seqnet.errors import FormatError, TruncatedError
from seqnet.readers.formats import RecordFormat
from seqnet.readers.inputs import Input
from seqnet.records import Ragged, RecordBatch

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["FORMAT"]

_PARQUET = b"PAR1"
_DELIMITERS = "\t,"
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_LEAST_PARQUET = 12  # bytes: the mark, the length of the footer, the mark
_MOST_ROWS = 1 << 16
_LONGEST_ROW = 1 << 25  # pyarrow wants a whole row of text in each block that it parses


def _recognises(head: bytes) -> bool:
    if head.startswith(_PARQUET):
        return True
    is_text = not _CONTROL.search(head) and b"\n>" not in head
    return is_text and _delimiter(head) is not None


def _delimiter(head: bytes) -> str | None:
    """Returns what separates the columns in the first line, None if nothing does."""
    line = head.lstrip(b"\r\n").partition(b"\n")[0]
    return next((delimiter for delimiter in _DELIMITERS if delimiter.encode() in line), None)


def _read(source: Input, options: ReadOptions, skipped: Counter[str]) -> Generator[RecordBatch, None, None]:
    import pyarrow as pa

    batches = _parquet if source.head.startswith(_PARQUET) else _delimited
    try:
        for table in batches(source, options):
            yield from _records(table, options)
    except pa.ArrowException as error:
        raise _fault(error) from error
    except OSError as error:
        # Arrow reports data that do not decode as an OSError, but without the number of an operating system error.
        if error.errno is not None:
            raise
        raise _fault(error) from error


def _fault(error: Exception) -> FormatError:
    reason = str(error).partition("\n")[0].removeprefix("CSV parse error: ")
    if "straddling object" in reason:
        reason = f"a row is longer than {_LONGEST_ROW:,} bytes"
    return FormatError(f"the table can't be read: {reason}", "check that row against the header")


def _delimited(source: Input, options: ReadOptions) -> Generator[pa.RecordBatch, None, None]:
    """Yields the wanted columns of a table of text."""
    import pyarrow as pa
    from pyarrow.csv import ConvertOptions, ParseOptions, open_csv
    from pyarrow.csv import ReadOptions as ArrowReadOptions

    delimiter = _delimiter(source.head)
    header = source.head.decode(errors="replace").lstrip("\r\n")
    if not header.partition("\n")[2].strip():
        return  # pyarrow calls a header without rows an error
    wanted = _wanted(next(csv.reader(io.StringIO(header, newline=""), delimiter=delimiter or "\t")), options)
    with open_csv(
        source.text(),
        read_options=ArrowReadOptions(use_threads=False, block_size=_LONGEST_ROW),
        parse_options=ParseOptions(delimiter=delimiter, newlines_in_values=True),
        convert_options=ConvertOptions(include_columns=wanted, column_types=dict.fromkeys(wanted, pa.large_string())),
    ) as reader:
        yield from reader


def _parquet(source: Input, options: ReadOptions) -> Generator[pa.RecordBatch, None, None]:
    """Yields the wanted columns of a Parquet file."""
    from pyarrow.parquet import ParquetFile

    file = source.seekable()
    size = file.seek(0, io.SEEK_END)
    file.seek(-len(_PARQUET), io.SEEK_END)
    if size < _LEAST_PARQUET or file.read() != _PARQUET:
        raise TruncatedError("the Parquet file ends too early", "get the file again")
    file.seek(0)
    with ParquetFile(file, page_checksum_verification=True) as parquet:
        wanted = _wanted(parquet.schema_arrow.names, options)
        footer = parquet.metadata
        content = sum(footer.row_group(group).total_byte_size for group in range(footer.num_row_groups))
        rows = max(1, min(_MOST_ROWS, options.batch_bytes * footer.num_rows // max(1, content)))
        for table in parquet.iter_batches(batch_size=rows, columns=wanted, use_threads=False):
            yield table.select(wanted)


def _wanted(names: Sequence[str], options: ReadOptions) -> list[str]:
    """Returns the columns to read, each once: that of the names, that of the sequences, the further ones.

    Raises:
        FormatError: the table has none or several of that name.
    """
    wanted = [options.name_column or names[0], options.sequence_column, *options.columns]
    for name in wanted:
        if names.count(name) != 1:
            found = "no column" if name not in names else "more than one column"
            raise FormatError(f"{found} named {name!r}", f"its columns are: {', '.join(names)}")
    return list(dict.fromkeys(wanted))


def _records(table: pa.RecordBatch, options: ReadOptions) -> Generator[RecordBatch, None, None]:
    """Yields the records of an Arrow batch whose first column is that of the names, in batches of the right size."""
    size = table.column(options.sequence_column).nbytes
    step = max(1, table.num_rows * options.batch_bytes // max(1, size))
    for first in range(0, table.num_rows, step):
        part = table.slice(first, step)
        names = Ragged.from_arrow(part.column(0))
        columns = {name: Ragged.from_arrow(part.column(name)) for name in options.columns}
        yield RecordBatch(names, Ragged.from_arrow(part.column(options.sequence_column)), names, columns)


FORMAT = RecordFormat(_recognises, _read)
