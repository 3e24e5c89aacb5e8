"""Sequences that a program has, in batches of the size that files are read in."""

from __future__ import annotations

from collections.abc import Iterator

from seqnet.configs.readers import ReadOptions
from seqnet.core.ragged import chunks
from seqnet.core.records import RecordBatch
from seqnet.prediction.inputs import PredictionInputs

__all__ = ["IN_MEMORY", "in_batches"]

IN_MEMORY = "sequences"
"""What messages call sequences that are in no file."""
_BATCH_BYTES = ReadOptions().batch_bytes


def in_batches(inputs: PredictionInputs, records: RecordBatch) -> Iterator[tuple[str, RecordBatch]]:
    """Yields records in batches of the size that files are read in, at least one."""
    (checked,) = inputs.checked(IN_MEMORY, iter([records]))
    for start, stop in list(chunks(checked.symbols, _BATCH_BYTES)) or [(0, 0)]:
        names = checked.names.slice(start, stop)
        missing = None if checked.missing is None else checked.missing[start:stop]
        yield IN_MEMORY, RecordBatch(names, checked.symbols.slice(start, stop), names, missing=missing)
