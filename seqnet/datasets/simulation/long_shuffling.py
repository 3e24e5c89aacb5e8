"""A shuffle of one long sequence that preserves its dinucleotide counts, in little memory.

It draws the same random numbers in the same order as `shuffling` and returns the same sequence. There, the edges are
sorted by random keys, all at once. Here, the keys are drawn again for each range of values, and only the edges
in this range are sorted. So a sequence takes about three bytes per symbol in addition to itself, in place of 80.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["draw_trees", "shuffle_long"]

_PIECE = 1 << 20
"""Number of edges that are processed together."""
_SORTED = 1 << 20
"""Number of edges that are sorted together, but for sequences that would need more than `_RANGES` ranges."""
_RANGES = 32
"""Maximum number of ranges of keys; for each, all keys are drawn once."""

Picker = Callable[[NDArray[np.int64], NDArray[np.int64]], tuple[NDArray[np.int64], NDArray[np.int64]]]
"""Indices of vertices, and for each the rank of one of its edges → these edges, and the vertices where they end."""


def draw_trees(
    vertices: NDArray[np.int64],
    counts: NDArray[np.int64],
    graphs: int,
    symbols: int,
    pick: Picker,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Returns the edge (M,) int64 that each vertex uses last; each tree of such edges is equally likely.

    Every vertex draws an edge. The vertices on cycles draw again until there are no cycles.

    Args:
        vertices: (M,) int64, ascending, the vertices that have an edge to draw.
        counts: (M,) int64, number of edges of each.
        graphs: N; vertex v belongs to graph v // V.
        symbols: V, vertices of a graph.
        pick: returns the edges of the given ranks.
        rng: source of the draws.
    """
    drawn = np.empty(len(vertices), dtype=np.int64)
    # Vertices that draw no edge, such as the end vertices, point to themselves.
    successor = np.arange(graphs * symbols)
    drawing = np.arange(len(vertices))
    checked = drawing
    while len(drawing):
        ranks = (rng.random(len(drawing)) * counts[drawing]).astype(np.int64)
        drawn[drawing], successor[vertices[drawing]] = pick(drawing, ranks)
        reached = vertices[checked]
        for _ in range(symbols):
            reached = successor[reached]
        # After V steps a walk is at the end or on a cycle. A vertex is on a cycle if it can be reached from itself.
        on_cycle = np.isin(vertices[checked], reached)
        drawing = checked[on_cycle]
        checked = checked[np.isin(vertices[checked] // symbols, vertices[drawing] // symbols)]
    return drawn


@dataclass(frozen=True)
class _Sequence:
    """One sequence.

    Attributes:
        tokens: (L,) uint8.
        used: (V,) uint8, its different tokens, ascending.
        numbers: (256,) uint8, number 0..V-1 of each token.
        piece: number of edges that are processed together.
    """

    tokens: NDArray[np.uint8]
    used: NDArray[np.uint8]
    numbers: NDArray[np.uint8]
    piece: int

    def edges(self) -> Iterator[tuple[int, NDArray[np.uint8], NDArray[np.uint8]]]:
        """Yields the edges in pieces: index of the first one, start vertices (P,) uint8, end vertices (P,) uint8."""
        for first in range(0, len(self.tokens) - 1, self.piece):
            yield (first, *self.edges_from(first))

    def edges_from(self, first: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Returns the start and end vertices of a piece."""
        numbers = self.numbers[self.tokens[first : first + self.piece + 1]]
        return numbers[:-1], numbers[1:]


def shuffle_long(tokens: NDArray[np.uint8], rng: np.random.Generator, piece: int = _PIECE) -> NDArray[np.uint8]:
    """Returns a shuffle (L,) uint8 of a sequence of at least four tokens (L,) uint8; see `shuffling.dinucleotide`.

    Args:
        tokens: the sequence.
        rng: source of all randomness.
        piece: number of edges that are processed together; the result does not depend on it.
    """
    used = np.flatnonzero(_counts(tokens, piece)).astype(np.uint8)
    numbers = np.zeros(256, dtype=np.uint8)
    numbers[used] = np.arange(len(used))
    sequence = _Sequence(tokens, used, numbers, piece)
    keys = deepcopy(rng)
    for _, tails, _ in sequence.edges():
        rng.random(len(tails))
    heads = _heads(sequence, _last_edges(sequence, rng), keys)
    return _walk(used, heads, int(numbers[tokens[0]]), len(tokens))


def _counts(tokens: NDArray[np.uint8], piece: int) -> NDArray[np.int64]:
    counts = np.zeros(256, dtype=np.int64)
    for start in range(0, len(tokens), piece):
        counts += np.bincount(tokens[start : start + piece], minlength=256)
    return counts


def _last_edges(sequence: _Sequence, rng: np.random.Generator) -> NDArray[np.int64]:
    """Returns the edges (M,) int64 that the vertices, except for the end vertex, use last."""
    V, end = len(sequence.used), sequence.numbers[sequence.tokens[-1]]

    def candidates(tails: NDArray[np.uint8], heads: NDArray[np.uint8]) -> NDArray[np.bool_]:
        return np.asarray((tails != heads) & (tails != end))

    counts = [np.bincount(tails[candidates(tails, heads)], minlength=V) for _, tails, heads in sequence.edges()]
    ends = np.cumsum(counts, axis=0)  # (pieces, V)
    vertices = np.flatnonzero(ends[-1])

    def pick(drawing: NDArray[np.int64], ranks: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        found = np.empty((2, len(drawing)), dtype=np.int64)
        for index, (vertex, rank) in enumerate(zip(vertices[drawing].tolist(), ranks.tolist(), strict=True)):
            piece = int(np.searchsorted(ends[:, vertex], rank, side="right"))
            tails, heads = sequence.edges_from(piece * sequence.piece)
            before = int(ends[piece - 1, vertex]) if piece else 0
            place = int(np.flatnonzero(candidates(tails, heads) & (tails == vertex))[rank - before])
            found[:, index] = piece * sequence.piece + place, heads[place]
        return found[0], found[1]

    return draw_trees(vertices, ends[-1][vertices], 1, V, pick, rng)


def _heads(sequence: _Sequence, last: NDArray[np.int64], keys: np.random.Generator) -> list[bytearray]:
    """Returns the end vertices of the edges of each of V vertices, in the order of their use.

    Args:
        sequence: the sequence.
        last: (M,) int64, edges that their vertices use last.
        keys: source of one random key for each edge; edges are used in the order of their keys.
    """
    V = len(sequence.used)
    # Buffers that grow would leave gaps in memory, between the arrays that are sorted.
    counts = np.sum([np.bincount(tails, minlength=V) for _, tails, _ in sequence.edges()], axis=0)  # (V,)
    heads = [bytearray(count) for count in counts.tolist()]
    filled = [0] * V
    ranges = min(-(-len(sequence.tokens) // _SORTED), _RANGES)
    for number in range(ranges):
        low, high = number / ranges, (number + 1) / ranges
        found, ends = [], []
        source = deepcopy(keys)
        for first, tails, targets in sequence.edges():
            drawn = source.random(len(tails))
            within = (drawn >= low) & (drawn < high)
            within[last[(last >= first) & (last < first + len(tails))] - first] = False
            found.append(2.0 * tails[within] + drawn[within])
            ends.append(targets[within])
        key, end = np.concatenate(found), np.concatenate(ends)
        del found, ends
        order = np.argsort(key)
        bounds = np.searchsorted(key, 2.0 * np.arange(V + 1) - 0.5, sorter=order)
        for vertex in range(V):
            start, filled[vertex] = filled[vertex], filled[vertex] + int(bounds[vertex + 1] - bounds[vertex])
            heads[vertex][start : filled[vertex]] = end[order[bounds[vertex] : bounds[vertex + 1]]].data
    for edge in last.tolist():
        tail, target = sequence.numbers[sequence.tokens[edge : edge + 2]].tolist()
        heads[tail][-1] = target
    return heads


def _walk(used: NDArray[np.uint8], heads: list[bytearray], first: int, length: int) -> NDArray[np.uint8]:
    """Returns the tokens (length,) uint8 on the path from vertex `first` that uses edges in the order of `heads`."""
    walked = np.empty(length, dtype=np.uint8)
    walked[0] = used[first]
    following = [iter(ends).__next__ for ends in heads]
    vertex = first
    for start in range(1, length, _PIECE):
        part = bytearray(min(_PIECE, length - start))
        for index in range(len(part)):
            part[index] = vertex = following[vertex]()
        walked[start : start + len(part)] = used[np.frombuffer(part, dtype=np.uint8)]
    return walked
