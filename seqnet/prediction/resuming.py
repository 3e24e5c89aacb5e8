"""Predictions whose run can be killed at any moment: the next run continues after the last complete batch.

Rows are stored in an unfinished file beside the target (`core.outputs.resumable`), text as it will be written. A
Parquet file can't be continued, so its rows are stored as Arrow record batches and converted at the end. Batches depend
only on the inputs, so the table has the same bytes however often its run was killed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from struct import Struct
from typing import Any

import pyarrow as pa

from seqnet.core.outputs import Journal, check_targets, named, open_journal, whole_files
from seqnet.core.records import RecordBatch
from seqnet.prediction.inputs import PredictionInputs
from seqnet.prediction.outputs import Start
from seqnet.prediction.predictor import Predictor
from seqnet.prediction.record_counts import tally_from_json, tally_to_json
from seqnet.prediction.rows import PredictedRows
from seqnet.prediction.shard_files import ShardOutput
from seqnet.prediction.streaming import Placed, predicted_in_order
from seqnet.prediction.tally import Tally
from seqnet.prediction.writers import (
    EncodedRows,
    TableOutput,
    arrow_table,
    encoded_rows,
    parquet_schema,
    parquet_writer,
)

__all__ = ["write_resumable"]

_LENGTH = Struct("<Q")


def write_resumable(
    predictor: Predictor,
    inputs: PredictionInputs,
    paths: Sequence[str],
    output: TableOutput | ShardOutput,
    run: Mapping[str, Any],
    progress: Callable[[int], object] = lambda records: None,
    *,
    resumed: Callable[[int], object] = lambda records: None,
    force: bool = False,
) -> Tally:
    """Writes a table of predictions, continuing an unfinished one, and returns the counts of all its records.

    After an error or a signal, complete batches are kept, and the next call with the same arguments continues.

    Args:
        predictor: makes the predictions.
        inputs: reads the files.
        paths: the files.
        output: the table, a file, or a shard.
        run: identity of the run, as JSON values.
        progress: called with the number of further records that are done.
        resumed: called with the number of records that earlier runs have done, if any.
        force: whether an existing file is replaced.

    Raises:
        OutputError: the unfinished table is of another run or is being written, or the target can't be written.
        SeqnetError, OSError: see `write_predictions`.
    """
    start = Start(predictor.bundle, None)
    targets = output.targets(start)
    check_targets(targets, force=force)
    form = output.table if isinstance(output, ShardOutput) else output
    rows = _rows(form, predictor)
    with named(str(targets[0])), open_journal(targets[0]) as journal:
        journal.resume(run)
        tally, batches = Tally(), 0
        if journal.state is None:
            journal.add(rows.header, {"batches": 0, "tally": tally_to_json(tally)})
        else:
            tally, batches = tally_from_json(journal.state["tally"]), int(journal.state["batches"])
            resumed(tally.counts.total())
        with closing(inputs.batches(paths)) as records:
            for _ in islice(records, batches):
                pass  # read again, so that what is counted while reading is that of all records
            _predict(predictor, inputs, records, rows, journal, tally, batches, progress)
        _finish(journal, rows, form, output, targets, start, tally, force=force)
    return tally


def _predict(
    predictor: Predictor,
    inputs: PredictionInputs,
    records: Iterator[Placed],
    rows: EncodedRows,
    journal: Journal,
    tally: Tally,
    batches: int,
    progress: Callable[[int], object],
) -> None:
    """Adds the rows of records to a journal, and their counts to a tally, after `batches` of earlier runs."""

    def rendered(batch: RecordBatch, found: PredictedRows) -> tuple[Tally, bytes | memoryview]:
        return Tally.of(found), rows.render(batch, found)

    with closing(predicted_in_order(predictor, rendered, records, inputs.read.threads)) as done:
        for number, (counted, data) in enumerate(done, batches + 1):
            tally.add(counted)
            journal.add(data, {"batches": number, "tally": tally_to_json(tally)})
            progress(counted.counts.total())


def _finish(
    journal: Journal,
    rows: EncodedRows,
    form: TableOutput,
    output: TableOutput | ShardOutput,
    targets: Sequence[Path],
    start: Start,
    tally: Tally,
    *,
    force: bool,
) -> None:
    """Puts the complete table in place, with the description of a shard."""
    if form.form != "parquet":
        journal.finish(rows.end)
    with whole_files(targets, force=force) as paths:
        if form.form == "parquet":
            _convert(journal.path, paths[0], start)
        if isinstance(output, ShardOutput):
            output.describe(journal.path if form.form != "parquet" else paths[0], paths[1], start, tally)
        journal.complete()
        if form.form != "parquet":
            journal.path.replace(paths[0])
    journal.remove()


def _rows(output: TableOutput, predictor: Predictor) -> EncodedRows:
    """Returns the bytes in which rows are stored."""
    classes, ensemble = predictor.bundle.classes, len(predictor.bundle.members) > 1
    if output.form != "parquet":
        return encoded_rows(output.form, classes, compress=output.compress, ensemble=ensemble)
    schema = parquet_schema(classes, ensemble=ensemble)

    def render(batch: RecordBatch, rows: PredictedRows) -> bytes:
        (one,) = arrow_table(rows, classes).cast(schema).combine_chunks().to_batches() or [_no_rows(schema)]
        data = one.serialize()
        return b"".join([_LENGTH.pack(data.size), data])

    return EncodedRows(b"", render, b"")


def _no_rows(schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([], schema)


def _convert(source: Path, target: Path, start: Start) -> None:
    """Writes stored rows as a Parquet file, a row group for each batch."""
    schema = parquet_schema(start.bundle.classes, ensemble=len(start.bundle.members) > 1)
    with source.open("rb") as file, parquet_writer(target, schema) as writer:
        while length := file.read(_LENGTH.size):
            data = pa.py_buffer(file.read(*_LENGTH.unpack(length)))
            writer.write_table(pa.Table.from_batches([pa.ipc.read_record_batch(data, schema)]))
