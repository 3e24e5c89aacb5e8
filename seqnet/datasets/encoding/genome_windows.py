"""Long sequences, such as a genome, of which training draws a new part each time.

The train split holds blocks of sequence without ambiguity codes, from which windows are drawn while training runs; the
other splits hold windows that are drawn once, so that they are the same for every model.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from seqnet.core.records import Ragged, gather, gather_positions
from seqnet.datasets.encoding.collection import EncodedRecords
from seqnet.datasets.windows import WindowPlaces, turn_at_random

__all__ = ["cut_blocks", "draw_windows"]

_BLOCK = 10_000
"""Most symbols in a block of short windows: what is held out as one, so that windows of two splits overlap nowhere."""

_WINDOWS = 4
"""Lengths of a window in a block, at least."""

_BLOCKS = 100
"""Blocks that a short genome is cut into, at least, as far as they hold a few windows each."""


def cut_blocks(examples: EncodedRecords, canonical: int, crop: int, left_out: Counter[str]) -> EncodedRecords:
    """Returns blocks of the examples that hold canonical symbols alone, each long enough for a window.

    A block is named after its record and place, `NAME:START-END`, 1-based and inclusive.

    Args:
        examples: N examples.
        canonical: tokens 1 to this are canonical.
        crop: length of a window.
        left_out: is told how many symbols are in no block.
    """
    tokens = examples.tokens
    size = max(min(_BLOCK, len(tokens.data) // _BLOCKS), _WINDOWS * crop)
    # Padding wraps around to 255, so that one comparison finds both.
    known = tokens.data - np.uint8(1) < canonical
    bounds = np.union1d(np.flatnonzero(known[1:] != known[:-1]) + 1, tokens.offsets)
    starts, lengths = bounds[:-1], np.diff(bounds)
    starts, lengths = starts[known[starts]], lengths[known[starts]]
    counts = -(-lengths // size)
    steps = gather_positions(np.zeros(len(counts), np.int64), counts) * size
    block_lengths = np.minimum(np.repeat(lengths, counts) - steps, size)
    block_starts = np.repeat(starts, counts) + steps
    enough = block_lengths >= crop
    block_starts, block_lengths = block_starts[enough], block_lengths[enough]
    if rest := len(known) - int(block_lengths.sum()):
        left_out["symbols in stretches too short for a window, or ambiguous"] += rest
    of = np.searchsorted(tokens.offsets, block_starts, side="right") - 1
    first = block_starts - tokens.offsets[of] + 1
    names = examples.names.take(of).text()
    labels = [
        f"{name}:{a}-{a + n - 1}" for name, a, n in zip(names, first.tolist(), block_lengths.tolist(), strict=True)
    ]
    data = gather(tokens.data, block_starts, block_lengths)
    return EncodedRecords(
        Ragged.from_lengths(data, block_lengths), Ragged.from_strings(labels), examples.labels[of], examples.groups[of]
    )


def draw_windows(
    blocks: EncodedRecords,
    crop: int,
    count: int,
    complement: NDArray[np.uint8] | None,
    rng: np.random.Generator,
) -> tuple[EncodedRecords, NDArray[np.int64]]:
    """Returns different windows drawn uniformly from blocks, from either strand where there are two.

    Args:
        blocks: N blocks, each at least as long as a window.
        crop: length of a window.
        count: windows to draw; where there are fewer, all are taken.
        complement: (T,) uint8, complement of each token; None where there is one strand.
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
