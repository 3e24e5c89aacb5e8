"""Embeddings of records → a Parquet or NumPy file; docs/formats.md describes both.

Rows have embeddings if the `Predictor` was set up to return them.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from seqnet.core.containers import Spool
from seqnet.core.errors import OutputError
from seqnet.core.ragged import Ragged
from seqnet.core.records import RecordBatch
from seqnet.datasets.tokenizing import RecordStatus
from seqnet.prediction.outputs import Start, Writer
from seqnet.prediction.rows import PredictedRows

__all__ = ["EmbeddingsOutput"]

_ENDINGS = (".parquet", ".npz")
_WORDS = [status.word for status in RecordStatus]
_ROWS = 1 << 14
"""Number of rows that are written at once."""


@dataclass(frozen=True)
class EmbeddingsOutput:
    """Names, status and embeddings of all records; see `outputs.Output`.

    Attributes:
        target: the file; its name ends in .parquet or .npz.
    """

    target: Path

    def __post_init__(self) -> None:
        """Checks the name.

        Raises:
            OutputError: it does not end in a known format.
        """
        if self.target.suffix not in _ENDINGS:
            raise OutputError(
                str(self.target), "embeddings are written as Parquet or NumPy arrays", "end it in .parquet or .npz"
            )

    def targets(self, start: Start) -> list[Path]:
        """See `outputs.Output`."""
        return [self.target]

    @contextmanager
    def opened(self, paths: Sequence[Path], start: Start) -> Iterator[Writer]:
        """See `outputs.Output`."""
        width = sum(member.output.in_features for member in start.bundle.members)
        opened = _parquet if self.target.suffix == ".parquet" else _arrays
        with opened(paths[0], width) as writer:
            yield writer


def _of(rows: PredictedRows) -> NDArray[np.float32]:
    assert rows.embeddings is not None
    return rows.embeddings


@contextmanager
def _parquet(path: Path, width: int) -> Iterator[Writer]:
    import pyarrow.parquet as pq

    vectors = pa.list_(pa.float32(), width)
    schema = pa.schema([("name", pa.large_string()), ("status", pa.large_string()), ("embedding", vectors)])

    def render(batch: RecordBatch, rows: PredictedRows) -> pa.Table:
        flat = pa.array(_of(rows).reshape(-1))
        column = pa.FixedSizeListArray.from_arrays(flat, width, mask=pa.array(rows.labels < 0))
        status = pa.array(_WORDS, pa.large_string()).take(pa.array(rows.status))
        return pa.table([pa.array(rows.names.text(), pa.large_string()), status, column], schema=schema)

    with pq.ParquetWriter(path, schema, write_page_checksum=True) as writer:
        yield Writer(render, writer.write_table)


@contextmanager
def _arrays(path: Path, width: int) -> Iterator[Writer]:
    """Writes the arrays at the end, when their length is known; until then, they are in temporary files."""
    with ExitStack() as stack:
        names, lengths, status, values = (
            stack.enter_context(closing(Spool(kind))) for kind in (np.uint8, np.int64, np.uint8, np.float32)
        )

        def write(rows: PredictedRows) -> None:
            # Text has a fixed number of characters in an array.
            text = rows.names.text()
            wide = Ragged.from_strings([name.encode("utf-32-le") for name in text])
            names.append(wide.data)
            lengths.append(wide.lengths // 4)
            status.append(rows.status)
            values.append(_of(rows).reshape(-1))

        yield Writer(lambda batch, rows: rows, write)
        count = status.length
        with zipfile.ZipFile(path, "w") as archive:
            with _member(archive, "embeddings", np.dtype("<f4"), (count, width)) as file:
                for piece in values.pieces():
                    file.write(piece)
            longest = max(int(lengths.view().max(initial=1)), 1)
            with _member(archive, "names", np.dtype(f"<U{longest}"), (count,)) as file:
                _write_names(file, names.view(), lengths.view(), longest)
            with _member(archive, "status", np.dtype(f"<U{max(map(len, _WORDS))}"), (count,)) as file:
                words = np.array(_WORDS)
                for piece in status.pieces():
                    file.write(words[np.frombuffer(piece, np.uint8)].tobytes())


def _write_names(file: IO[bytes], data: NDArray[np.uint8], lengths: NDArray[np.int64], longest: int) -> None:
    """Writes N names, whose characters are in `data`, 4 bytes each, with zeros up to `longest` characters."""
    at = 0
    rows = max(min(_ROWS, (1 << 22) // longest), 1)
    for first in range(0, len(lengths), rows):
        some = lengths[first : first + rows]
        padded = np.zeros((len(some), longest), dtype="<u4")
        stop = at + 4 * int(some.sum())
        padded[np.arange(longest) < some[:, None]] = data[at:stop].view("<u4")
        file.write(padded.tobytes())
        at = stop


@contextmanager
def _member(archive: zipfile.ZipFile, name: str, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Iterator[IO[bytes]]:
    """Yields a file for the values of an array of an .npz archive; the same arrays give the same bytes."""
    about = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
    with archive.open(about, "w", force_zip64=True) as file:
        header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_2_0(file, header)
        yield file
