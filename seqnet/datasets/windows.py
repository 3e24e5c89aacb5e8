"""Windows of one length, drawn at random from longer sequences.

In: blocks of sequence, each at least as long as a window. Out: windows (n, L) uint8 of tokens, and where they are from.
All random numbers come from the generator that is passed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

__all__ = ["WindowPlaces", "random_starts", "turn_at_random"]


@dataclass(frozen=True, eq=False)
class WindowPlaces:
    """All places of a window in M blocks, numbered from 0, one block after the other.

    Attributes:
        length: L, length of a window.
        starts: (M,) int64, position of each block in the tokens.
        ends: (M,) int64, number of places in a block and in those before it.
    """

    length: int
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]

    @classmethod
    def within(cls, starts: NDArray[np.int64], lengths: NDArray[np.int64], length: int) -> Self:
        """Returns the places of windows in blocks at `starts` (M,) int64, with `lengths` (M,) int64 of L or more."""
        return cls(length, starts, np.cumsum(lengths - length + 1))

    def __len__(self) -> int:
        return int(self.ends[-1])

    def locate(self, places: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Returns the block (n,) int64 that each place (n,) int64 is in, and its offset (n,) int64 in that block."""
        block = np.searchsorted(self.ends, places, side="right")
        return block, places - np.concatenate([[0], self.ends[:-1]])[block]

    def cut(self, data: NDArray[np.uint8], places: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Returns the windows (n, L) uint8 of tokens `data` (ΣL,) uint8 at places (n,) int64."""
        block, offset = self.locate(places)
        # A view of all windows. An array of the positions of all their symbols would be eight times as large.
        return np.asarray(sliding_window_view(data, self.length)[self.starts[block] + offset])

    def draw(self, data: NDArray[np.uint8], count: int, rng: np.random.Generator) -> NDArray[np.uint8]:
        """Returns `count` windows (count, L) uint8, drawn uniformly over all places, with replacement."""
        return self.cut(data, rng.integers(0, len(self), count))


def turn_at_random(
    windows: NDArray[np.uint8], complement: NDArray[np.uint8], rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Puts the reverse complement in place of each window (n, L) with a chance of one half; returns of which (n,) bool.

    Args:
        windows: (n, L) uint8; changed in place.
        complement: (T,) uint8, complement of each token.
        rng: source of the draws.
    """
    turned = rng.random(len(windows)) < 0.5
    windows[turned] = complement[windows[turned, ::-1]]
    return turned


def random_starts(lengths: NDArray[np.int64], window: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Returns where (N,) int64 a random part of `window` symbols starts in each sequence; 0 in one that is no longer.

    Args:
        lengths: (N,) int64.
        window: longest part.
        rng: source of the draws.
    """
    return rng.integers(0, np.maximum(lengths - window, 0) + 1)
