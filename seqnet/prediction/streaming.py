"""Records of files → predictions, in order, by several threads; and what is written of them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqnet.core.outputs import named, whole_file
from seqnet.core.records import RecordBatch
from seqnet.prediction.inputs import PredictionInputs
from seqnet.prediction.ordered_map import map_in_order
from seqnet.prediction.predictor import Predictor
from seqnet.prediction.rows import PredictedRows
from seqnet.prediction.tally import Tally
from seqnet.prediction.writers import opened_writer

__all__ = ["Output", "predict_in_order", "write_predictions"]

Placed = tuple[str, RecordBatch]
"""What messages call a file, and some of its records."""


@dataclass(frozen=True)
class Output:
    """Where predictions go.

    Attributes:
        target: the file; None for standard output.
        form: one of `writers.OUTPUT_FORMATS`.
        compress: whether text is compressed with gzip.
        force: whether a file is replaced.
    """

    target: Path | None
    form: str = "tsv"
    compress: bool = False
    force: bool = False


def predict_in_order(
    predictor: Predictor, records: Iterable[Placed], threads: int
) -> Generator[PredictedRows, None, None]:
    """Yields the predictions of record batches, in their order.

    Args:
        predictor: makes them.
        records: the batches.
        threads: of the CPU, which work on as many batches at once. Another device has the calling thread alone, so that
            nothing is computed on it, under settings of the whole process, while the caller does something else.
    """
    workers = threads if predictor.bundle.classifier.device.type == "cpu" else 1
    return _in_order(predictor, lambda item: predictor.predict_batch(item[1], item[0]), records, workers)


def _in_order(
    predictor: Predictor, work: Callable[[Placed], Any], records: Iterable[Placed], threads: int
) -> Generator[Any, None, None]:
    device = predictor.bundle.classifier.device
    return map_in_order(work, records, threads, device, size=lambda item: len(item[1].symbols.data))


def write_predictions(
    predictor: Predictor,
    inputs: PredictionInputs,
    paths: Sequence[str],
    output: Output,
    progress: Callable[[int], object] = lambda records: None,
    scored: Callable[[NDArray[np.float64]], object] = lambda probabilities: None,
) -> Tally:
    """Writes the predictions of the records of some files to one output, and returns their counts.

    Args:
        predictor: makes them.
        inputs: reads the files.
        paths: the files.
        output: where they go.
        progress: is told how many more records are done.
        scored: gets the probabilities (M, K) float64 of records whose status is ok, in order.

    Raises:
        SeqnetError: a file can't be read, or the output can't be written.
        OSError: a file can't be opened or read.
    """
    records = inputs.batches(paths)
    # Read before anything is written, so that standard output gets no header of a file that can't be read.
    first = next(records, None)
    place = named("standard output") if output.target is None else whole_file(output.target, force=output.force)
    bundle, tally = predictor.bundle, Tally()
    ensemble = len(bundle.members) > 1
    with (
        place as path,
        opened_writer(path, output.form, bundle.classes, compress=output.compress, ensemble=ensemble) as writer,
    ):

        def rendered(item: Placed) -> tuple[Tally, NDArray[np.float64], Any]:
            rows = predictor.predict_batch(item[1], item[0])
            return Tally.of(rows), rows.usual, writer.render(rows)

        every = chain([] if first is None else [first], records)
        with closing(_in_order(predictor, rendered, every, inputs.read.threads)) as done:
            for counted, usual, text in done:
                writer.write(text)
                tally.add(counted)
                scored(usual)
                progress(counted.counts.total())
    return tally
