"""Records of files → attributions, in order, by several threads; and what is written of them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from seqnet.core.errors import InputError
from seqnet.core.outputs import named, whole_file
from seqnet.core.printable import named_record
from seqnet.core.ragged import chunks
from seqnet.core.records import RecordBatch
from seqnet.explanation.attributions import Attributions
from seqnet.explanation.explainer import Explainer
from seqnet.explanation.logos import LogoFiles
from seqnet.explanation.writers import format_of, opened_writer
from seqnet.prediction.ordered_map import map_in_order
from seqnet.prediction.outputs import Writer
from seqnet.prediction.tally import Tally

__all__ = ["Destination", "explain_in_order", "named_records", "write_attributions"]

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
    """Yields the same records in smaller batches; an empty batch stays one."""
    for place, batch in records:
        for start, stop in list(chunks(batch.symbols, _TOGETHER, _TOGETHER)) or [(0, 0)]:
            yield place, batch.take(np.arange(start, stop))


def named_records(records: Iterable[Placed], names: Sequence[str]) -> Iterator[Placed]:
    """Yields the records with these names; all records if there are no names.

    Raises:
        InputError: at the end: there is no record of one of the names.
    """
    if not names:
        yield from records
        return
    missing, wanted = set(names), pa.array(names, pa.large_string())
    for place, batch in records:
        chosen = np.flatnonzero(pc.is_in(batch.names.to_arrow(), wanted).to_numpy(zero_copy_only=False))
        if len(chosen):
            named = batch.take(chosen)
            missing.difference_update(named.names.text())
            yield place, named
    if missing:
        raise InputError(
            f"no input has a {named_record(min(missing))}", "names are in the column name of seqnet predict"
        )


@dataclass(frozen=True)
class Destination:
    """Where attributions go.

    Attributes:
        target: the file of the attributions; None for standard output.
        logos: what draws logos; None for no logos.
        force: whether existing files are replaced.
        then: is given the attributions of some records after the other, in input order; None for nothing.
        table: whether they are written as a table; without one, there are only logos, or what `then` does.
    """

    target: Path | None = None
    logos: LogoFiles | None = None
    force: bool = False
    then: Callable[[Attributions], object] | None = None
    table: bool = True


def write_attributions(
    explainer: Explainer,
    records: Iterator[Placed],
    output: Destination,
    threads: int,
    progress: Callable[[int], object] = lambda records: None,
) -> Tally:
    """Writes the attributions of records, and returns the counts of the records.

    Args:
        explainer: makes them.
        records: batches of records, each with what messages call its file.
        output: where they go.
        threads: of the CPU.
        progress: called with the number of further records that are done.

    Raises:
        SeqnetError: a file can't be read, or the output can't be written.
        OSError: a file can't be opened or read.
    """
    # Read before anything is written, so that standard output gets no header of a file that can't be read.
    first = next(records, None)
    tally, logos = Tally(), output.logos
    with _kept_together(logos), _opened(explainer, output) as writer:

        def rendered(found: Attributions) -> tuple[Attributions, Tally, Any]:
            return found, Tally.of(found.rows), writer.render(found)

        every = chain([] if first is None else [first], records)
        with closing(explain_in_order(explainer, every, threads, rendered)) as done:
            for found, counted, text in done:
                writer.write(text)
                if logos is not None:
                    logos.add(found)
                if output.then is not None:
                    output.then(found)
                tally.add(counted)
                progress(counted.counts.total())
        if logos is not None:
            logos.finish()
    return tally


@contextmanager
def _opened(explainer: Explainer, output: Destination) -> Iterator[Writer]:
    """Yields what writes the table; it does nothing if there is none."""
    if not output.table:
        yield Writer(lambda found: None, lambda text: None)
        return
    place = named("standard output") if output.target is None else whole_file(output.target, force=output.force)
    bundle, form, method = explainer.bundle, format_of(output.target), explainer.options.method
    with place as path, opened_writer(path, form, method, bundle.classes, bundle.alphabet) as writer:
        yield writer


@contextmanager
def _kept_together(logos: LogoFiles | None) -> Iterator[None]:
    """Removes the logos that were drawn if the attributions can't be completed."""
    try:
        yield
    except BaseException:
        if logos is not None:
            logos.discard()
        raise
