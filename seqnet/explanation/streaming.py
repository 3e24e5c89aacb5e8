"""Records of files → attributions, in order, by several threads; and what is written of them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from seqnet.core.outputs import named, whole_file
from seqnet.core.records import RecordBatch, chunks
from seqnet.explanation.attributions import Attributions
from seqnet.explanation.explainer import Explainer
from seqnet.explanation.writers import format_of, opened_writer
from seqnet.prediction.inputs import PredictionInputs
from seqnet.prediction.ordered_map import map_in_order
from seqnet.prediction.tally import Tally

__all__ = ["explain_in_order", "write_attributions"]

_TOGETHER = 1 << 12
"""Symbols that one thread explains together; each has as many variants as there are other symbols."""

Placed = tuple[str, RecordBatch]
Found = TypeVar("Found")


def explain_in_order(
    explainer: Explainer,
    records: Iterable[Placed],
    threads: int,
    then: Callable[[Attributions], Found],
) -> Generator[Found, None, None]:
    """Yields what a function makes of the attributions of some records, in their order.

    Args:
        explainer: makes the attributions.
        records: batches of records, each with what messages call its file.
        threads: of the CPU, which work on as many parts of a batch at once; another device has one.
        then: called in the same thread.
    """
    device = explainer.bundle.classifier.device

    def work(item: Placed) -> Found:
        return then(explainer.explain_batch(item[1], item[0]))

    workers = threads if device.type == "cpu" else 1
    return map_in_order(work, _parts(records), workers, device, size=lambda item: len(item[1].symbols.data))


def _parts(records: Iterable[Placed]) -> Iterator[Placed]:
    """Yields the same records in smaller batches."""
    for place, batch in records:
        for start, stop in chunks(batch.symbols, _TOGETHER, _TOGETHER):
            yield place, batch.take(np.arange(start, stop))


def write_attributions(
    explainer: Explainer,
    inputs: PredictionInputs,
    paths: Sequence[str],
    output: Path | None,
    *,
    force: bool = False,
    progress: Callable[[int], object] = lambda records: None,
    then: Callable[[Attributions], object] = lambda found: None,
) -> Tally:
    """Writes the attributions of the records of some files, and returns the counts of the records.

    Args:
        explainer: makes them.
        inputs: reads the files.
        paths: the files.
        output: the file to write; None for standard output.
        force: whether an existing file is replaced.
        progress: is told how many more records are done.
        then: is given the attributions of some records after the other, in input order.

    Raises:
        SeqnetError: a file can't be read, or the output can't be written.
        OSError: a file can't be opened or read.
    """
    records = inputs.batches(paths)
    # Read before anything is written, so that standard output gets no header of a file that can't be read.
    first = next(records, None)
    place = named("standard output") if output is None else whole_file(output, force=force)
    bundle, tally, form = explainer.bundle, Tally(), format_of(output)
    with place as path, opened_writer(path, form, explainer.options.method, bundle.alphabet) as writer:

        def rendered(found: Attributions) -> tuple[Attributions, Any]:
            return found, writer.render(found)

        every = chain([] if first is None else [first], records)
        with closing(explain_in_order(explainer, every, inputs.read.threads, rendered)) as done:
            for found, text in done:
                writer.write(text)
                then(found)
                tally.add(Tally.of(found.rows))
                progress(len(found))
    return tally
