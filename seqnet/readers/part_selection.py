"""The batches of a part of a file that can only be read as a whole.

For text, as in a .gz, a batch belongs to the part with the last stored byte that was read before it. For other formats
(tables, SAM, CRAM, 2bit and the like), batches are counted first, and each part gets its share of the number.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Generator

from seqnet.configs.readers import ReadOptions
from seqnet.core.records import RecordBatch
from seqnet.readers.formats import RecordFormat
from seqnet.readers.inputs import Input

__all__ = ["selected_batches"]


def selected_batches(
    source: Input, format: RecordFormat, options: ReadOptions, skipped: Counter[str]
) -> Generator[RecordBatch, None, None]:
    """Yields the batches of a part of an input; all of it is read.

    Args:
        source: the input, a file.
        format: its format.
        options: have the part.
        skipped: counts the skipped records of the part by reason.
    """
    every: Counter[str] = Counter()
    is_here = _by_position(source, options) if format.streams else _by_number(source, format, options)
    found = format.read(source, options, every)
    while True:
        here, before = is_here(), every.copy()
        batch = next(found, None)
        if here:
            skipped.update(every - before)
        if batch is None:
            return
        if here:
            yield batch


def _by_position(source: Input, options: ReadOptions) -> Callable[[], bool]:
    """Returns a function that decides by the stored bytes read so far whether the next batch is in the part."""
    batches = 0

    def is_here() -> bool:
        nonlocal batches
        place = source.passed if batches else 0
        batches += 1
        assert place is not None
        return options.part_start <= place and (options.part_end is None or place < options.part_end)

    return is_here


def _by_number(source: Input, format: RecordFormat, options: ReadOptions) -> Callable[[], bool]:
    """Returns a function that decides by its number whether the next batch is in the part; counts the batches first."""
    again = Input(source.path)
    try:
        count = sum(1 for _ in format.read(again, options, Counter()))
    finally:
        again.close()
    size = os.path.getsize(source.path)
    end = size if options.part_end is None else options.part_end
    here = range(*(-(-count * place // size) for place in (options.part_start, end)))
    numbers = iter(range(count + 1))
    return lambda: next(numbers) in here
