"""Ragged tokens → padded batches.

`TokenStore` gathers sequences, or parts of them, into a padded batch by index. `epoch_order` and `buckets` decide which
sequences are in the same batch.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seqnet.core.ragged import Ragged
from seqnet.nn.devices import moved

__all__ = [
    "Batch",
    "Parts",
    "TokenStore",
    "batch_count",
    "buckets",
    "chunked_parts",
    "epoch_order",
    "on_device",
    "part_counts",
    "window_parts",
]

Batch = tuple[Tensor, Tensor]
"""Tokens (B, L) uint8, padded with 0, and lengths (B,) int64."""

Parts = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
"""Parts of sequences: index of the sequence (S,) int64, start (S,) int64 in this sequence, length (S,) int64."""


class TokenStore:
    """Token sequences from which batches are gathered.

    Args:
        tokens: N token sequences; may be memory-mapped.
    """

    def __init__(self, tokens: Ragged) -> None:
        self.starts: NDArray[np.int64] = np.ascontiguousarray(tokens.offsets[:-1])
        self.lengths: NDArray[np.int64] = np.ascontiguousarray(tokens.lengths)
        self.data = tokens.data
        self.rows = tokens.rows

    def __len__(self) -> int:
        return len(self.lengths)

    def gather(self, starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> Batch:
        """Returns the batch of the parts of the data at `starts` (B,) int64, with `lengths` (B,) int64 ≥ 1."""
        steps = np.arange(int(lengths.max()), dtype=np.int64)
        inside = steps < lengths[:, None]  # (B, L)
        positions = np.minimum(starts[:, None] + steps, len(self.data) - 1)
        tokens = np.where(inside, self.data[positions], np.uint8(0))
        return torch.from_numpy(tokens), torch.from_numpy(lengths)

    def whole(self, indices: NDArray[np.int64]) -> Batch:
        """Returns the batch of whole sequences at `indices` (B,) int64."""
        if self.rows is not None:
            lengths = torch.full((len(indices),), self.rows.shape[1], dtype=torch.int64)
            return torch.from_numpy(self.rows[indices]), lengths
        return self.gather(self.starts[indices], self.lengths[indices])


def on_device(tokens: Tensor, lengths: Tensor, device: torch.device) -> tuple[Tensor, Tensor | None]:
    """Returns a batch on a device; lengths are None if no sequence is padded.

    So layers need no mask for such a batch. On the device, they could not know without waiting for it.

    Args:
        tokens: (B, L) uint8, on the CPU.
        lengths: (B,) int64, on the CPU.
        device: where the batch is computed.
    """
    padded = bool((lengths != tokens.shape[1]).any())
    return moved(tokens, device), moved(lengths, device) if padded else None


def window_parts(lengths: NDArray[np.int64], window: int) -> Parts:
    """Returns the parts in which sequences of any length are given to a model with a window.

    A sequence that fits into the window is one part. A longer one is covered from end to end by windows that overlap by
    half or slightly more. Their positions are symmetric, so the windows of a strand are those of the other strand.

    Args:
        lengths: (N,) int64.
        window: maximum length of a part.

    """
    counts = part_counts(lengths, window)
    return _parts_of(lengths, window, counts, 0, int(counts.sum()))


def chunked_parts(lengths: NDArray[np.int64], window: int, most: int) -> Iterator[Parts]:
    """Yields the result of `window_parts`, at most `most` parts at a time: those of a chromosome take much memory."""
    counts = part_counts(lengths, window)
    total = int(counts.sum())
    for first in range(0, total, most):
        yield _parts_of(lengths, window, counts, first, min(first + most, total))


def part_counts(lengths: NDArray[np.int64], window: int) -> NDArray[np.int64]:
    """Returns the number (N,) int64 of parts of each sequence."""
    stride = max(window // 2, 1)
    slack = np.maximum(lengths - window, 0)
    counts = -(-slack // stride) + 1
    # A central window must have equal distances to both ends.
    return np.asarray(counts + ((counts % 2) & (slack % 2)))


def _parts_of(lengths: NDArray[np.int64], window: int, counts: NDArray[np.int64], first: int, last: int) -> Parts:
    """Returns parts first to last (0-based, half-open), from the number (N,) int64 of parts of each sequence."""
    ends = np.cumsum(counts)
    begin = ends - counts
    taken = np.maximum(np.minimum(ends, last) - np.maximum(begin, first), 0)
    sequence = np.repeat(np.arange(len(lengths), dtype=np.int64), taken)
    before = np.arange(first, last, dtype=np.int64) - begin[sequence]
    after, slack = counts[sequence] - 1 - before, np.maximum(lengths - window, 0)[sequence]
    steps = np.maximum(before + after, 1)
    distance = (2 * np.minimum(before, after) * slack + steps) // (2 * steps)  # from the nearer end, rounded
    start = np.where(before <= after, distance, slack - distance)
    return sequence, start, np.minimum(lengths[sequence], window)


def buckets(lengths: NDArray[np.int64], batch_tokens: int) -> Iterator[NDArray[np.int64]]:
    """Yields index batches (B,) int64 of similar lengths, each of at most `batch_tokens` tokens including padding.

    Args:
        lengths: (N,) int64.
        batch_tokens: maximum of B · L; a longer sequence is a batch of its own.
    """
    order = np.argsort(lengths, kind="stable")
    start = 0
    while start < len(order):
        # Lengths ascend, so the last sequence of a batch is the longest, and the end of the batch is found by
        # bisection.
        low, high = start + 1, len(order)
        while low < high:
            middle = (low + high + 1) // 2
            if (middle - start) * int(lengths[order[middle - 1]]) <= batch_tokens:
                low = middle
            else:
                high = middle - 1
        yield order[start:low]
        start = low


def batch_count(records: int, batch_size: int) -> int:
    """Returns the number of batches for this number of records.

    A last batch of one record is added to the batch before it, because batch normalisation needs a variance.
    """
    alone = records % batch_size == 1 and records > batch_size > 1
    return -(-records // batch_size) - alone


def epoch_order(lengths: NDArray[np.int64], batch_size: int, rng: np.random.Generator) -> list[NDArray[np.int64]]:
    """Returns the batches (B,) int64 of an epoch in random order, each with sequences of similar length.

    Sequences are shuffled, sorted by length within groups of 50 batches, and cut into batches. If all lengths are
    equal, this is a plain shuffle.

    Args:
        lengths: (N,) int64.
        batch_size: sequences in a batch; the last batch may be smaller, or larger by one (see `batch_count`).
        rng: source of the order.
    """
    order = rng.permutation(len(lengths))
    if len(lengths) and int(lengths.min()) != int(lengths.max()):
        run = 50 * batch_size
        parts = [order[start : start + run] for start in range(0, len(order), run)]
        order = np.concatenate([part[np.argsort(lengths[part], kind="stable")] for part in parts])
    count = batch_count(len(order), batch_size)
    ends = [*(batch_size * (index + 1) for index in range(count - 1)), len(order)]
    batches = [order[batch_size * index : ends[index]] for index in range(count)]
    return [batches[index] for index in rng.permutation(len(batches))]
