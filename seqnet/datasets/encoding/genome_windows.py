"""Windows of long sequences, such as genomes, which training draws again in each epoch.

The train split holds blocks of sequence without ambiguity codes. Training draws windows from these. The other splits
hold windows that are drawn once, so that every model is measured on the same windows.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from seqnet.core.ragged import Ragged, gather_positions, gather_ranges
from seqnet.datasets.encoding.collection import EncodedRecords
from seqnet.datasets.windows import WindowPlaces, turn_at_random

__all__ = ["cut_blocks", "draw_windows", "known_blocks"]

_BLOCK = 10_000
"""Maximum length of a block of short windows; a block is in one split, so that windows of two splits never overlap."""

_WINDOWS = 4
"""Minimum length of a block, in windows."""

_BLOCKS = 100
"""Minimum number of blocks of a short genome, as long as each block holds several windows."""


def cut_blocks(examples: EncodedRecords, canonical: int, crop: int, left_out: Counter[str]) -> EncodedRecords:
    """Returns the blocks of the records: stretches of canonical symbols that are long enough for a window.

    A block is named after its record and position, `NAME:START-END`, 1-based and inclusive.

    Args:
        examples: N records.
        canonical: tokens 1 to this number are canonical.
        crop: length of a window.
        left_out: counter to which the number of symbols outside of blocks is added.
    """
    tokens = examples.tokens
    block_starts, block_lengths = known_blocks(tokens, canonical, crop)
    enough = block_lengths >= crop
    block_starts, block_lengths = block_starts[enough], block_lengths[enough]
    if rest := len(tokens.data) - int(block_lengths.sum()):
        left_out["symbols in stretches too short for a window, or ambiguous"] += rest
    of = np.searchsorted(tokens.offsets, block_starts, side="right") - 1
    first = block_starts - tokens.offsets[of] + 1
    names = examples.names.take(of).text()
    labels = [
        f"{name}:{a}-{a + n - 1}" for name, a, n in zip(names, first.tolist(), block_lengths.tolist(), strict=True)
    ]
    data = gather_ranges(tokens.data, block_starts, block_lengths)
    return EncodedRecords(
        Ragged.from_lengths(data, block_lengths), Ragged.from_strings(labels), examples.labels[of], examples.groups[of]
    )


def known_blocks(tokens: Ragged, canonical: int, length: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Returns start (M,) int64 and length (M,) int64 of the blocks of sequences: stretches without ambiguity codes.

    Args:
        tokens: N token sequences.
        canonical: tokens 1 to this number are canonical.
        length: of the windows that are to be drawn from the blocks; a block may be shorter than one.
    """
    size = max(min(_BLOCK, len(tokens.data) // _BLOCKS), _WINDOWS * length)
    # Padding (0) wraps around to 255, so one comparison finds padding and ambiguity codes.
    known = tokens.data - np.uint8(1) < canonical
    bounds = np.union1d(np.flatnonzero(known[1:] != known[:-1]) + 1, tokens.offsets)
    starts, lengths = bounds[:-1], np.diff(bounds)
    starts, lengths = starts[known[starts]], lengths[known[starts]]
    counts = -(-lengths // size)
    steps = gather_positions(np.zeros(len(counts), np.int64), counts) * size
    return np.repeat(starts, counts) + steps, np.minimum(np.repeat(lengths, counts) - steps, size)


def draw_windows(
    blocks: EncodedRecords,
    crop: int,
    count: int,
    complement: NDArray[np.uint8] | None,
    rng: np.random.Generator,
) -> tuple[EncodedRecords, NDArray[np.int64]]:
    """Returns distinct windows drawn uniformly from blocks, from both strands if there are two.

    Args:
        blocks: N blocks, each at least as long as a window.
        crop: length of a window.
        count: number of windows to draw; if fewer exist, all are taken.
        complement: (T,) uint8, complement of each token; None for an alphabet without strands.
        rng: source of the draws.

    Returns:
        The windows, named `BLOCK+OFFSET`, or `BLOCK-OFFSET` on the other strand, and the block (count,) int64 of each.
    """
    places = WindowPlaces.within(blocks.tokens.offsets[:-1], blocks.tokens.lengths, crop)
    count = min(count, len(places))
    drawn = rng.choice(len(places), count, replace=False)
    of, offset = places.locate(drawn)
    rows = places.cut(blocks.tokens.data, drawn)
    turned = np.zeros(count, dtype=bool) if complement is None else turn_at_random(rows, complement, rng)
    names = blocks.names.take(of).text()
    labels = [f"{a}{'-' if t else '+'}{o}" for a, o, t in zip(names, offset.tolist(), turned.tolist(), strict=True)]
    windows = EncodedRecords(
        Ragged.from_lengths(rows.ravel(), np.full(count, crop, dtype=np.int64)),
        Ragged.from_strings(labels),
        blocks.labels[of],
        blocks.groups[of],
    )
    return windows, of
