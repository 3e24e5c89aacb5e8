"""Storage of encoded records: columns that grow on disk, and a uniform sample of a stream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqnet.core.containers import Spool, drop_pages
from seqnet.core.ragged import Ragged
from seqnet.core.threads import Threads
from seqnet.datasets.dataset import Columns
from seqnet.similarity import Hasher

__all__ = ["Collector", "EncodedRecords", "Reservoir"]


@dataclass(frozen=True)
class EncodedRecords:
    """N labelled token sequences.

    Attributes:
        tokens: N token sequences.
        names: N names.
        labels: (N,) int32.
        groups: (N,) int64; negative for a record that forms its own group (see `given_splits`).
    """

    tokens: Ragged
    names: Ragged
    labels: NDArray[np.int32]
    groups: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def size(self) -> int:
        """Approximate number of bytes of the records in memory."""
        return len(self.tokens.data) + len(self.names.data) + 28 * len(self)

    def take(self, indices: NDArray[np.int64]) -> EncodedRecords:
        """Returns the records at `indices` (M,) int64."""
        return EncodedRecords(
            self.tokens.take(indices), self.names.take(indices), self.labels[indices], self.groups[indices]
        )

    def drop_pages(self) -> None:
        """Removes memory-mapped columns from memory; see `core.containers.drop_pages`."""
        for column in (self.tokens, self.names):
            drop_pages(column.data)
            drop_pages(column.offsets)
        drop_pages(self.labels)
        drop_pages(self.groups)

    @staticmethod
    def concatenate(parts: Sequence[EncodedRecords]) -> EncodedRecords:
        """Returns the records of all parts, in order."""
        return EncodedRecords(
            Ragged.concatenate([part.tokens for part in parts]),
            Ragged.concatenate([part.names for part in parts]),
            np.concatenate([part.labels for part in parts]),
            np.concatenate([part.groups for part in parts]),
        )


class Collector:
    """Collects encoded records for the dataset file; all columns are on disk.

    Attributes:
        tokens: all sequences so far, uint8.
        offsets: start of each sequence, and end of the last one, int64.
        name_bytes: all names so far, uint8.
        name_offsets: start of each name, and end of the last one, int64.
        groups: group of each record, int64.
        labels: class of each record, int32.
        sequence_hashes: hashes of all sequences so far.
        name_hashes: hashes of all names so far.
        count: number of records so far.
    """

    def __init__(self) -> None:
        self.tokens, self.name_bytes = Spool(np.uint8), Spool(np.uint8)
        self.offsets, self.name_offsets = Spool(np.int64), Spool(np.int64)
        self.groups, self.labels = Spool(np.int64), Spool(np.int32)
        self._pool = Threads(1)
        self.sequence_hashes, self.name_hashes = Hasher(self._pool), Hasher(self._pool)
        self.count = 0
        for offsets in (self.offsets, self.name_offsets):
            offsets.append(np.zeros(1, dtype=np.int64))

    def add(self, examples: EncodedRecords) -> None:
        """Adds records at the end."""
        self.sequence_hashes.add(examples.tokens)
        self.name_hashes.add(examples.names)
        self.offsets.append(examples.tokens.offsets[1:] + self.tokens.length)
        self.name_offsets.append(examples.names.offsets[1:] + self.name_bytes.length)
        self.tokens.append(examples.tokens.data)
        self.name_bytes.append(examples.names.data)
        self.groups.append(examples.groups)
        self.labels.append(examples.labels)
        self.count += len(examples)

    def collected(self) -> EncodedRecords:
        """Returns all records so far; all columns are memory-mapped."""
        return EncodedRecords(
            Ragged(self.tokens.view(), self.offsets.view()),
            Ragged(self.name_bytes.view(), self.name_offsets.view()),
            self.labels.view(),
            self.groups.view(),
        )

    def columns(self, split: NDArray[np.uint8]) -> Columns:
        """Returns all examples so far as the columns of a dataset, with these splits (N,)."""
        return Columns(self.tokens, self.offsets, self.name_bytes, self.name_offsets, self.labels, self.groups, split)

    def relabel(self, labels: NDArray[np.int32] | None, groups: NDArray[np.int64] | None = None) -> None:
        """Replaces the labels of all records by `labels` (N,) and the groups by `groups` (N,), unless they are None."""
        if labels is not None:
            self.labels = _replaced(self.labels, labels)
        if groups is not None:
            self.groups = _replaced(self.groups, groups)

    def close(self) -> None:
        """Frees the disk space."""
        self._pool.shutdown(cancel_futures=True)
        for hasher in (self.sequence_hashes, self.name_hashes):
            hasher.close()
        for column in (self.tokens, self.offsets, self.name_bytes, self.name_offsets, self.groups, self.labels):
            column.close()


def _replaced(column: Spool, values: NDArray[Any]) -> Spool:
    """Returns a column of other values (N,) on disk, and deletes the old one."""
    new = Spool(column.dtype)
    new.append(values)
    column.close()
    return new


_RESERVOIR_BYTES = 1 << 24
"""Maximum bytes of held records; beyond it the sample is reduced to its size."""


class Reservoir:
    """A uniform sample of at most `size` records of each class of a stream, in stream order.

    Each record draws a random key, and each class keeps the records with the smallest keys. So the stream may have any
    length, and only the sample is held in memory.

    Args:
        size: number of records to keep of each class.
        rng: source of the keys.

    Source: Efraimidis and Spirakis 2006, doi:10.1016/j.ipl.2005.11.003, with equal weights.
    """

    def __init__(self, size: int, rng: np.random.Generator) -> None:
        self._size = size
        self._rng = rng
        self._parts: list[EncodedRecords] = []
        self._keys: list[NDArray[np.float64]] = []
        self._held = 0
        self._prune_at = _RESERVOIR_BYTES

    def add(self, examples: EncodedRecords) -> None:
        """Adds records of the stream."""
        self._parts.append(examples)
        self._keys.append(self._rng.random(len(examples)))
        self._held += examples.size
        if self._held >= self._prune_at:
            self._prune()
            self._prune_at = max(_RESERVOIR_BYTES, 2 * self._held)

    def sample(self) -> EncodedRecords | None:
        """Returns the sample; None if no records were added."""
        if not self._parts:
            return None
        self._prune()
        return self._parts[0]

    def _prune(self) -> None:
        examples, keys = EncodedRecords.concatenate(self._parts), np.concatenate(self._keys)
        kept = [np.empty(0, dtype=np.int64)]
        for label in np.unique(examples.labels):
            members = np.flatnonzero(examples.labels == label)
            kept.append(members[np.argsort(keys[members], kind="stable")[: self._size]])
        chosen = np.sort(np.concatenate(kept))
        self._parts, self._keys = [examples.take(chosen)], [keys[chosen]]
        self._held = self._parts[0].size
