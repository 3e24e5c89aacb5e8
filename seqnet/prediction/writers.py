"""Predictions → TSV, JSON lines or Parquet.

Columns: `name`, `label`, `probability` (of the label), for an ensemble `sd` (of that probability over its members), one
`p_CLASS` per class, `status`. A row without a prediction has nothing between name and status. Tabs, line ends and
other control characters within a name, such as tables may have, are escaped in TSV.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from seqnet.core.bgzf import BGZF_END, bgzf
from seqnet.core.errors import OutputError
from seqnet.core.escaping import one_line
from seqnet.core.outputs import named
from seqnet.core.ragged import Ragged
from seqnet.core.records import RecordBatch
from seqnet.datasets.tokenizing import RecordStatus
from seqnet.prediction.decision import UNCERTAIN
from seqnet.prediction.outputs import Start, Writer
from seqnet.prediction.rows import PredictedRows

if TYPE_CHECKING:
    import pyarrow.parquet as pq

__all__ = [
    "OUTPUT_FORMATS",
    "EncodedRows",
    "TableOutput",
    "arrow_table",
    "columns",
    "decimals",
    "encoded_rows",
    "format_of",
    "joined_lines",
    "opened_writer",
    "parquet_schema",
    "parquet_writer",
    "text_columns",
    "text_stream",
]


_DIGITS = 6
"""Decimals of a probability in text."""


def columns(classes: Sequence[str], *, ensemble: bool = False) -> list[str]:
    """Returns the names of the output columns."""
    deviation = ["sd"] if ensemble else []
    return ["name", "label", "probability", *deviation, *(f"p_{name}" for name in classes), "status"]


def _status_words() -> pa.Array:
    return pa.array([status.word for status in RecordStatus], pa.large_string())


def _label_words(classes: Sequence[str], predictions: PredictedRows) -> pa.Array:
    """Returns the predicted class names as text (N,), null where there is none."""
    labels = predictions.labels
    if predictions.uncertain is not None:
        labels = np.where(predictions.uncertain, len(classes), labels)
    return pa.array([*classes, UNCERTAIN], pa.large_string()).take(pa.array(labels, mask=labels < 0))


def _numbers(predictions: PredictedRows) -> list[NDArray[np.float64]]:
    """Returns the columns of numbers (N,) float64, NaN where there is nothing."""
    chosen = np.arange(len(predictions)), np.maximum(predictions.labels, 0)
    deviations = [] if predictions.deviations is None else [predictions.deviations[chosen]]
    return [predictions.probabilities[chosen], *deviations, *predictions.probabilities.T]


def decimals(values: NDArray[np.float64]) -> pa.LargeStringArray:
    """Returns probabilities (N,) as text of a fixed number of decimals, NaN as the empty string."""
    present = ~np.isnan(values)
    scaled = np.rint(values[present] * 10**_DIGITS).astype(np.int64)
    text = np.empty((len(scaled), _DIGITS + 2), dtype=np.uint8)
    for place in range(_DIGITS):
        text[:, _DIGITS + 1 - place] = scaled % 10 + ord("0")
        scaled //= 10
    text[:, 0] = scaled + ord("0")
    text[:, 1] = ord(".")
    return Ragged.from_lengths(text.ravel(), present * np.int64(_DIGITS + 2)).to_arrow()


def text_columns(predictions: PredictedRows, classes: Sequence[str]) -> list[pa.Array]:
    """Returns the columns of the output as text (N,), empty where there is nothing."""
    return [
        one_line(predictions.names).to_arrow(),
        pc.fill_null(_label_words(classes, predictions), ""),
        *(decimals(column) for column in _numbers(predictions)),
        _status_words().take(pa.array(predictions.status)),
    ]


def joined_lines(columns: Sequence[pa.Array]) -> memoryview:
    """Returns columns of text (N,) as tab-separated lines."""
    *others, last = columns
    if not len(last):
        return memoryview(b"")
    tab, newline, nothing = (pa.scalar(text, pa.large_string()) for text in ("\t", "\n", ""))
    ended = pc.binary_join_element_wise(last, newline, nothing)
    joined = pc.binary_join_element_wise(*others, ended, tab)
    return memoryview(joined.buffers()[2])


@contextmanager
def text_stream(target: Path | None, *, compress: bool) -> Iterator[IO[bytes]]:
    """Yields a file, or standard output, to which text is written, compressed with gzip on request."""
    with target.open("wb") if target else nullcontext(sys.stdout.buffer) as raw:
        if compress:
            # No time and no name in the header: the same predictions give the same bytes.
            with gzip.GzipFile("", "wb", compresslevel=5, fileobj=raw, mtime=0) as packed:
                yield packed  # type: ignore[misc]
        else:
            yield raw
        raw.flush()


class EncodedRows(NamedTuple):
    """A text format: its bytes are a header, those of each batch of rows, and an end.

    Attributes:
        header: the first bytes.
        render: a batch and its rows → bytes.
        end: the last bytes.
    """

    header: bytes
    render: Callable[[RecordBatch, PredictedRows], bytes | memoryview]
    end: bytes


def encoded_rows(kind: str, classes: Sequence[str], *, compress: bool, ensemble: bool) -> EncodedRows:
    """Returns how rows become text, `tsv` or `jsonl`; blocks of bgzip, which gzip reads, if it is compressed."""
    header = ("\t".join(columns(classes, ensemble=ensemble)) + "\n").encode() if kind == "tsv" else b""
    render = (lambda rows: joined_lines(text_columns(rows, classes))) if kind == "tsv" else partial(_json, classes)
    if not compress:
        return EncodedRows(header, lambda batch, rows: render(rows), b"")
    return EncodedRows(bgzf(header), lambda batch, rows: bgzf(render(rows)), BGZF_END)


def _json(classes: Sequence[str], rows: PredictedRows) -> bytes:
    """Returns rows as JSON, one line each."""
    lines = []
    for row in arrow_table(rows, classes).to_pylist():
        rounded = {key: round(value, _DIGITS) if isinstance(value, float) else value for key, value in row.items()}
        lines.append(json.dumps(rounded, ensure_ascii=False).encode() + b"\n")
    return b"".join(lines)


@contextmanager
def _text(kind: str, target: Path | None, classes: Sequence[str], compress: bool, ensemble: bool) -> Iterator[Writer]:
    encoded = encoded_rows(kind, classes, compress=compress, ensemble=ensemble)
    with text_stream(target, compress=False) as stream:
        stream.write(encoded.header)
        yield Writer(encoded.render, stream.write)
        stream.write(encoded.end)


def parquet_schema(classes: Sequence[str], *, ensemble: bool) -> pa.Schema:
    """Returns the columns of Parquet."""
    first, label, *numbers, last = columns(classes, ensemble=ensemble)
    text, number = pa.large_string(), pa.float64()
    return pa.schema([(first, text), (label, text), *((name, number) for name in numbers), (last, text)])


@contextmanager
def parquet_writer(target: Path | None, schema: pa.Schema) -> Iterator[pq.ParquetWriter]:
    """Yields what writes tables, each as a row group, to a file or to standard output."""
    import pyarrow.parquet as pq

    sink = target if target is not None else pa.PythonFile(sys.stdout.buffer, mode="w")
    with pq.ParquetWriter(sink, schema, write_page_checksum=True) as writer:
        yield writer


@contextmanager
def _parquet(target: Path | None, classes: Sequence[str], compress: bool, ensemble: bool) -> Iterator[Writer]:
    schema = parquet_schema(classes, ensemble=ensemble)
    with parquet_writer(target, schema) as writer:
        yield Writer(lambda batch, predictions: arrow_table(predictions, classes).cast(schema), writer.write_table)


def arrow_table(predictions: PredictedRows, classes: Sequence[str]) -> pa.Table:
    """Returns the rows as an Arrow table, null where there is nothing."""
    missing = predictions.labels < 0
    names = pa.array(predictions.names.text(), pa.large_string())
    arrays = [
        names,
        _label_words(classes, predictions),
        *(pa.array(value, mask=missing) for value in _numbers(predictions)),
        _status_words().take(pa.array(predictions.status)),
    ]
    return pa.table(arrays, names=columns(classes, ensemble=predictions.deviations is not None))


OUTPUT_FORMATS: Mapping[str, Callable[[Path | None, Sequence[str], bool, bool], AbstractContextManager[Writer]]] = {
    "tsv": partial(_text, "tsv"),
    "jsonl": partial(_text, "jsonl"),
    "parquet": _parquet,
}


def format_of(target: Path) -> tuple[str, bool]:
    """Returns the format of a file name, and whether it is compressed with gzip.

    Raises:
        OutputError: the name does not end in a known format.
    """
    if str(target).startswith(("/dev/", "/proc/")):
        return "tsv", False
    name = target.name.removesuffix(".gz")
    suffix = Path(name).suffix.removeprefix(".")
    compressed = name != target.name
    known = {"tsv": "tsv", "txt": "tsv", "jsonl": "jsonl", "ndjson": "jsonl", "parquet": "parquet"}
    if suffix not in known or (compressed and known[suffix] == "parquet"):
        if not target.is_file() and target.exists():
            return "tsv", False
        raise OutputError(
            str(target),
            "the name does not end in a known format",
            "end it in .tsv, .tsv.gz, .jsonl, .jsonl.gz or .parquet",
        )
    return known[suffix], compressed


@contextmanager
def opened_writer(
    target: Path | None, kind: str, classes: Sequence[str], *, compress: bool = False, ensemble: bool = False
) -> Iterator[Writer]:
    """Yields what writes predictions to a file, or to standard output.

    Args:
        target: the file; None for standard output.
        kind: one of `OUTPUT_FORMATS`.
        classes: the K class names.
        compress: whether text is compressed with gzip.
        ensemble: whether predictions have deviations.
    """
    with OUTPUT_FORMATS[kind](target, classes, compress, ensemble) as writer:
        yield writer


@dataclass(frozen=True)
class TableOutput:
    """A table with one row for each record; see `outputs.Output`.

    Attributes:
        target: the file; None for standard output.
        form: one of `OUTPUT_FORMATS`.
        compress: whether text is compressed with gzip.
    """

    target: Path | None
    form: str = "tsv"
    compress: bool = False

    def targets(self, start: Start) -> list[Path]:
        """See `outputs.Output`."""
        return [] if self.target is None else [self.target]

    @contextmanager
    def opened(self, paths: Sequence[Path], start: Start) -> Iterator[Writer]:
        """See `outputs.Output`."""
        path, bundle = paths[0] if paths else None, start.bundle
        ensemble = len(bundle.members) > 1
        with (
            named("standard output") if path is None else nullcontext(),
            opened_writer(path, self.form, bundle.classes, compress=self.compress, ensemble=ensemble) as writer,
        ):
            yield writer
