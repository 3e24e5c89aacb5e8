"""Records of files → predictions, in order, by several threads, and their outputs."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from itertools import chain, islice
from typing import Any

from seqnet.core.errors import InputError
from seqnet.core.outputs import check_targets, whole_files
from seqnet.core.records import RecordBatch
from seqnet.prediction.inputs import PredictionInputs
from seqnet.prediction.ordered_map import HELD, map_in_order
from seqnet.prediction.outputs import Output, Start, Writer
from seqnet.prediction.predictor import Predictor
from seqnet.prediction.rows import PredictedRows
from seqnet.prediction.tally import Tally

__all__ = ["Placed", "opened_outputs", "predict_in_order", "predicted_in_order", "write_predictions"]

Placed = tuple[str, RecordBatch]
"""What messages call a file, and some of its records."""
_AT_ONCE = 16
"""Batches that a GPU computes before the predictions of the first are yielded."""


def predict_in_order(
    predictor: Predictor, records: Iterable[Placed], threads: int
) -> Generator[PredictedRows, None, None]:
    """Yields the predictions of record batches, in their order.

    Args:
        predictor: makes them.
        records: the batches.
        threads: number of CPU threads, each for one batch. On another device a few batches are computed at once, and
            none while the caller looks at their predictions, because settings of a device are global. After an error,
            predictions of finished batches may be lost.
    """

    def predicted(item: Placed) -> PredictedRows:
        return predictor.predict_batch(item[1], item[0])

    if predictor.bundle.classifier.device.type == "cpu":
        yield from _in_order(predictor, predicted, records, threads)
        return
    source = iter(records)
    while some := list(_in_order(predictor, predicted, _few(source), threads)):
        yield from some


def predicted_in_order(
    predictor: Predictor,
    render: Callable[[RecordBatch, PredictedRows], Any],
    records: Iterable[Placed],
    threads: int,
) -> Generator[Any, None, None]:
    """Yields the results of `render` for record batches and their predictions, in order; it runs in the threads."""

    def rendered(item: Placed) -> Any:
        place, batch = item
        rows = predictor.predict_batch(batch, place)
        try:
            return render(batch, rows)
        except InputError as error:
            raise error.at(place) from None

    return _in_order(predictor, rendered, records, threads)


def _in_order(
    predictor: Predictor, work: Callable[[Placed], Any], records: Iterable[Placed], threads: int
) -> Generator[Any, None, None]:
    device = predictor.bundle.classifier.device
    return map_in_order(work, records, threads, device, size=lambda item: _held_bytes(item[1]))


def _few(records: Iterator[Placed]) -> Iterator[Placed]:
    """Yields the next batches: enough for the threads of a GPU, and fewer if they are large."""
    held = 0
    for item in islice(records, _AT_ONCE):
        yield item
        held += _held_bytes(item[1])
        if held > HELD:
            return


def _held_bytes(batch: RecordBatch) -> int:
    return len(batch.symbols.data) + (0 if batch.originals is None else len(batch.originals.entries.data))


def write_predictions(
    predictor: Predictor,
    inputs: PredictionInputs,
    paths: Sequence[str],
    outputs: Sequence[Output],
    progress: Callable[[int], object] = lambda records: None,
    *,
    force: bool = False,
) -> Tally:
    """Writes outputs of the predictions of the records of some files, and returns the counts of the records.

    Either the files of all outputs are complete, or none exists.

    Args:
        predictor: makes the predictions.
        inputs: reads the files.
        paths: the files.
        outputs: outputs to write.
        progress: called with the number of further records that are done.
        force: whether existing files are replaced.

    Raises:
        SeqnetError: a file can't be read, or an output can't be written.
        OSError: a file can't be opened or read.
    """
    records = inputs.batches(paths)
    # Read before anything is written, so that standard output gets no header of a file that can't be read.
    first = next(records, None)
    tally = Tally()
    with opened_outputs(outputs, Start(predictor.bundle, first and first[1]), force) as writers:

        def rendered(batch: RecordBatch, rows: PredictedRows) -> tuple[Tally, list[Any]]:
            return Tally.of(rows), [writer.render(batch, rows) for writer in writers]

        every = chain([] if first is None else [first], records)
        with closing(predicted_in_order(predictor, rendered, every, inputs.read.threads)) as done:
            for counted, parts in done:
                for writer, part in zip(writers, parts, strict=True):
                    writer.write(part)
                tally.add(counted)
                progress(counted.counts.total())
    return tally


@contextmanager
def opened_outputs(outputs: Sequence[Output], start: Start, force: bool) -> Iterator[list[Writer]]:
    """Yields the writers of some outputs, whose files are put in place together at the end."""
    targets = [output.targets(start) for output in outputs]
    every = list(chain.from_iterable(targets))
    check_targets(every, force=force)  # among others, that no two outputs have one name
    with ExitStack() as stack:
        paths = iter(stack.enter_context(whole_files(every, force=force)) if every else [])
        yield [
            stack.enter_context(output.opened(list(islice(paths, len(own))), start))
            for output, own in zip(outputs, targets, strict=True)
        ]
