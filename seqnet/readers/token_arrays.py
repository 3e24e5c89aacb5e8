"""Arrays of protein tokens in a NumPy `.npz` archive to record batches.

Each array of the archive is one class: `(N, L)` integers, 0 = padding after the sequence, 1..20 = the amino acids in
the order of the protein alphabet. The records of array `positives` are named `positives_1`, `positives_2`, ... and
have `positives` in their column `label`.
Arrays are read row by row and never unpickled, because neither their size nor their content is trusted.

Source of the layout: White 2021, dmol.pub, "Standard Layers", `solubility.npz`.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections import Counter
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from seqnet.configs.readers import ReadOptions
from seqnet.core.alphabets import ALPHABETS
from seqnet.core.containers import Spool, drop_pages
from seqnet.core.errors import FormatError, SeqnetError, TruncatedError
from seqnet.core.printable import counted
from seqnet.core.ragged import Ragged
from seqnet.core.records import RecordBatch
from seqnet.readers.formats import RecordFormat
from seqnet.readers.inputs import Input
from seqnet.readers.workbooks import is_workbook

__all__ = ["FORMAT"]

_DIRECTORY_END = b"PK\x05\x06"
_DIRECTORY_END_BYTES = 22 + 0xFFFF  # the record itself, and the longest possible comment after it
_LONGEST_HEADER = 10_000  # bytes; the header of a two-dimensional array has about a hundred
_PIECE = 1 << 22  # bytes that are copied at once
_MOST_EXPANDED = 1_032  # maximum bytes that deflate can make of one
_EXPECTED = "each array must have rows of integers, one protein in each row, and there must be no other arrays"


def _recognises(head: bytes) -> bool:
    return head.startswith((b"PK\x03\x04", _DIRECTORY_END)) and not is_workbook(head)


@dataclass(frozen=True, slots=True)
class _TokenArray:
    """An array whose header has been read.

    Attributes:
        name: name of the array.
        stream: stream at the data of the array.
        rows: N, number of rows.
        columns: L, length of a row.
        dtype: type of the integers.
        by_column: whether data are in column-major (Fortran) order.
    """

    name: str
    stream: IO[bytes]
    rows: int
    columns: int
    dtype: np.dtype[Any]
    by_column: bool


def _read(source: Input, options: ReadOptions, skipped: Counter[str]) -> Generator[RecordBatch, None, None]:
    file = source.seekable()
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if members and not any(info.filename.endswith(".npy") for info in members):
                raise FormatError("this is a zip archive of other files", "unpack it and give the files")
            for info in members:
                _check_member(info)
                with archive.open(info) as stream:
                    array = _open_array(info, stream)
                    yield from _records(array, options.batch_bytes)
    except SeqnetError:
        raise
    except (zipfile.BadZipFile, zlib.error, ValueError, EOFError, NotImplementedError, RuntimeError) as error:
        size = file.seek(0, 2)
        file.seek(max(0, size - _DIRECTORY_END_BYTES))
        if _DIRECTORY_END not in file.read():
            raise TruncatedError("the .npz archive ends too early", "get the file again") from error
        raise FormatError("this is not a valid .npz archive", "get the file again") from error


def _check_member(info: zipfile.ZipInfo) -> None:
    """Checks that a member can have the size that the archive states, before any of it is read.

    Raises:
        FormatError: it can't, or it has a compression that NumPy does not write.
    """
    stored = info.compress_type == zipfile.ZIP_STORED
    if not stored and info.compress_type != zipfile.ZIP_DEFLATED:
        raise FormatError(f"member {info.filename!r} is neither stored nor deflated", "write it with numpy.savez")
    most = info.compress_size * (1 if stored else _MOST_EXPANDED)
    if info.file_size > most:
        raise FormatError(f"member {info.filename!r} is not as long as the archive says", "get the file again")


def _open_array(info: zipfile.ZipInfo, stream: IO[bytes]) -> _TokenArray:
    """Returns the array of an archive's member, with the stream at its data.

    Raises:
        FormatError: it is not a valid array of tokens.
        ValueError: it is not an array.
    """
    name = info.filename.removesuffix(".npy")
    version = np.lib.format.read_magic(stream)
    # Checked first, because NumPy would read a header of 4 GB before refusing it.
    start = stream.read(2 if version == (1, 0) else 4)
    if int.from_bytes(start, "little") > min(_LONGEST_HEADER, info.file_size):
        raise FormatError(f"array {name!r} has a damaged header", "get the file again")
    stream.seek(-len(start), io.SEEK_CUR)
    read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    try:
        shape, by_column, dtype = read_header(stream)
    except Exception as error:
        # NumPy parses the header as Python code, and an invalid header fails in many ways.
        raise FormatError(f"array {name!r} has a damaged header", "get the file again") from error
    if any(size < 0 for size in shape):
        raise FormatError(f"array {name!r} has a damaged header", "get the file again")
    if dtype.kind not in "iu" or len(shape) != 2:
        raise FormatError(f"array {name!r} is {len(shape)}-D of type {dtype}", _EXPECTED)
    if shape[0] and not shape[1]:
        raise FormatError(f"array {name!r} has {counted(shape[0], 'rows')} without columns", _EXPECTED)
    if shape[0] * shape[1] * dtype.itemsize != info.file_size - stream.tell():
        raise FormatError(f"array {name!r} is not as long as its header says", "get the file again")
    return _TokenArray(name, stream, shape[0], shape[1], dtype, by_column)


def _blocks(array: _TokenArray, step: int) -> Generator[NDArray[Any], None, None]:
    """Yields the rows of an array, (N, L) with N up to `step`."""
    if array.by_column:
        # A row is spread over all data, so the data are copied to disk.
        with closing(Spool(np.uint8)) as spool:
            while piece := array.stream.read(_PIECE):
                spool.append(np.frombuffer(piece, np.uint8))
            mapped = spool.view()
            whole = mapped.view(array.dtype).reshape(array.columns, array.rows).T  # (N, L)
            for first in range(0, array.rows, step):
                yield whole[first : first + step]
                drop_pages(mapped)
    else:
        for first in range(0, array.rows, step):
            rows = min(step, array.rows - first)
            data = array.stream.read(rows * array.columns * array.dtype.itemsize)
            yield np.frombuffer(data, array.dtype).reshape(rows, array.columns)  # (N, L)


def _records(array: _TokenArray, batch_bytes: int) -> Generator[RecordBatch, None, None]:
    """Yields the records of an array."""
    first = 1
    for tokens in _blocks(array, max(1, batch_bytes // max(1, array.columns))):
        yield RecordBatch(
            names := Ragged.from_strings([f"{array.name}_{row}" for row in range(first, first + len(tokens))]),
            _decode(array.name, tokens, first),
            names,
            {"label": Ragged.from_strings([array.name] * len(tokens))},
        )
        first += len(tokens)


def _decode(name: str, tokens: NDArray[Any], first: int) -> Ragged:
    """Returns the sequences of the rows of an array.

    Args:
        name: name of the array.
        tokens: (N, L) integers.
        first: 1-based number of the first row in the array.

    Raises:
        FormatError: there is padding within a sequence, or a number that is not a token.
    """
    protein = ALPHABETS["protein"]
    lengths = np.count_nonzero(tokens, axis=1)  # (N,)
    within = np.arange(tokens.shape[1]) < lengths[:, np.newaxis]  # (N, L)
    wrong = (tokens < 0) | (tokens > protein.size) | ((tokens != 0) != within)
    if wrong.any():
        row = int(np.argmax(wrong.any(axis=1)))
        column = int(np.argmax(wrong[row]))
        token = int(tokens[row, column])
        problem = (
            f"{token} is not a token" if token not in range(protein.size + 1) else "padding lies within the sequence"
        )
        raise FormatError(
            f"array {name!r}, row {first + row}, column {column + 1}: {problem}",
            f"tokens are 1 to {protein.size}, and 0 after the last of them",
            record=f"{name}_{first + row}",
        )
    return Ragged.from_lengths(protein.to_symbol[tokens[within]], lengths.astype(np.int64))


FORMAT = RecordFormat(_recognises, _read)
