"""The columnar record batch that readers yield and all other code takes: several `Ragged` columns of equal length."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from seqnet.core.originals import Originals
from seqnet.core.ragged import Ragged

__all__ = ["RecordBatch", "joined_batches", "parted"]


@dataclass(frozen=True)
class RecordBatch:
    """Up to a few thousand records, in file order.

    Attributes:
        names: N record ids: the first word of a FASTA or FASTQ header, or the read name of a BAM. Names, headers and
            columns are in UTF-8.
        symbols: N sequences as in the file, with its letter case; empty for a record without a sequence.
        headers: N full header lines without `>` or `@`; the names if the format has no more.
        columns: other columns of a table: name → N strings.
        missing: (N,) bool, whether a table marks the sequence as missing (it is then empty); None if no sequence is
            missing.
        originals: the entries of the file behind the records, if the reader was to return them. Batches that are made
            of others do not have them.
    """

    names: Ragged
    symbols: Ragged
    headers: Ragged
    columns: Mapping[str, Ragged] = field(default_factory=dict)
    missing: NDArray[np.bool_] | None = None
    originals: Originals | None = None

    def __len__(self) -> int:
        return len(self.names)

    def with_originals(self, originals: Originals | None) -> RecordBatch:
        """Returns the same records with these entries of their file."""
        return replace(self, originals=originals)

    def slice(self, start: int, stop: int) -> RecordBatch:
        """Returns records start to stop (0-based, half-open); the data are views."""
        names = self.names.slice(start, stop)
        headers = names if self.headers is self.names else self.headers.slice(start, stop)
        columns = {key: column.slice(start, stop) for key, column in self.columns.items()}
        missing = None if self.missing is None else self.missing[start:stop]
        return RecordBatch(names, self.symbols.slice(start, stop), headers, columns, missing)

    def take(self, indices: NDArray[np.int64]) -> RecordBatch:
        """Returns the records at `indices` (M,) int64, in that order."""
        names = self.names.take(indices)
        headers = names if self.headers is self.names else self.headers.take(indices)
        columns = {key: column.take(indices) for key, column in self.columns.items()}
        missing = None if self.missing is None else self.missing[indices]
        return RecordBatch(names, self.symbols.take(indices), headers, columns, missing)

    def as_utf8(self) -> RecordBatch:
        """Returns the same records with names, headers and columns in UTF-8; see `Ragged.as_utf8`."""
        names = self.names.as_utf8()
        headers = names if self.headers is self.names else self.headers.as_utf8()
        columns = {key: one.as_utf8() for key, one in self.columns.items()}
        return RecordBatch(names, self.symbols, headers, columns, self.missing, self.originals)

    @staticmethod
    def concatenate(batches: Iterable[RecordBatch]) -> RecordBatch:
        """Returns the records of all batches, in order; all batches must have the same columns."""
        parts = list(batches)
        names = Ragged.concatenate([part.names for part in parts])
        same = all(part.headers is part.names for part in parts)
        headers = names if same else Ragged.concatenate([part.headers for part in parts])
        keys = parts[0].columns if parts else {}
        columns = {key: Ragged.concatenate([part.columns[key] for part in parts]) for key in keys}
        missing = None
        if any(part.missing is not None for part in parts):
            masks = [np.zeros(len(part), dtype=bool) if part.missing is None else part.missing for part in parts]
            missing = np.concatenate(masks)
        return RecordBatch(names, Ragged.concatenate([part.symbols for part in parts]), headers, columns, missing)


def joined_batches(first: RecordBatch, second: RecordBatch) -> RecordBatch:
    """Returns the records and the originals of two batches of one file, one after the other."""
    one, other = first.originals, second.originals
    assert one is not None
    assert other is not None
    shifted = np.where(other.records < 0, -1, other.records + len(first))
    batch = RecordBatch.concatenate([first, second])
    return batch.with_originals(
        Originals(
            one.form,
            Ragged.concatenate([one.entries, other.entries]),
            np.concatenate([one.records, shifted]),
            Ragged.concatenate([one.names, other.names]),
            np.concatenate([one.mates, other.mates]),
        )
    )


def parted(batch: RecordBatch, entry: int) -> tuple[RecordBatch, RecordBatch]:
    """Returns the records of the entries before `entry`, and those of the others, as two batches."""
    originals = batch.originals
    assert originals is not None
    at = int(np.count_nonzero(originals.records[:entry] >= 0))
    before = batch.slice(0, at).with_originals(originals.slice(0, entry, 0))
    return before, batch.slice(at, len(batch)).with_originals(originals.slice(entry, len(originals), at))
