"""Shuffles that preserve the dinucleotide counts of each sequence.

The pairs of neighbouring symbols are the edges of a graph whose vertices are the symbols. A sequence with the same
pairs is a path that uses every edge once. To draw a path uniformly, draw the order in which each vertex uses its
outgoing edges. An order is valid if the last edges of all vertices lead to the end vertex, that is, if they form a
tree. All trees, and all orders of the other edges, are equally likely.

All sequences of a batch are shuffled at once. For N sequences with V different symbols, the vertices of all graphs are
numbered `record * V + symbol`, and the E = ΣL - N edges are in one array.

Source: Altschul & Erickson 1985, Mol. Biol. Evol. 2:526, doi:10.1093/oxfordjournals.molbev.a040370 (the paths);
Propp & Wilson 1998, J. Algorithms 27:170, doi:10.1006/jagm.1997.0917 (the tree, by cycle popping, which redraws only
the edges of a cycle and so needs far fewer draws than redrawing all edges).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqnet.core.alphabets import Alphabet
from seqnet.core.ragged import Ragged, gather_positions
from seqnet.datasets.simulation.long_shuffling import draw_trees, shuffle_long

__all__ = ["dinucleotide"]

_LONG = 1 << 16
"""Number of tokens from which a sequence that is alone is shuffled in little memory, and faster."""


@dataclass(frozen=True)
class _Graphs:
    """The graphs of N sequences with V different symbols.

    Attributes:
        vertex_count: V.
        tail: (E,) int64, start vertex of each edge, over all graphs.
        head: (E,) int64, end symbol 0..V-1 of each edge.
        end: (N,) int64, last symbol of each sequence.
    """

    vertex_count: int
    tail: NDArray[np.int64]
    head: NDArray[np.int64]
    end: NDArray[np.int64]


def dinucleotide(
    positives: Ragged, alphabet: Alphabet, rng: np.random.Generator, frequencies: NDArray[np.float64]
) -> Ragged:
    """Returns a shuffle of each sequence with the same dinucleotide counts; all such shuffles are equally likely.

    See `negatives.NegativeGenerator`; `alphabet` and `frequencies` (K,) float64 are not used, because ambiguity codes
    are ordinary symbols here. Each sequence keeps its first and last symbol. The result depends on the batches that a
    stream of positives is divided into.
    """
    # Shorter sequences have no other order. With the longest first, the sequences that are not complete are always a
    # prefix.
    longer = np.flatnonzero(positives.lengths > 3)
    longer = longer[np.argsort(-positives.lengths[longer], kind="stable")]
    if not len(longer):
        return positives
    if len(longer) == 1 and positives.lengths[longer[0]] > _LONG:
        start, stop = positives.offsets[longer[0]], positives.offsets[longer[0] + 1]
        return _replaced(positives, int(start), shuffle_long(positives.data[start:stop], rng))
    sequences = positives.take(longer)
    used, symbols = np.unique(sequences.data, return_inverse=True)
    graphs = _graphs(symbols.astype(np.int64), sequences, len(used))
    heads = _edge_order(graphs, rng)
    walked = used[_walk(graphs, heads, symbols[sequences.offsets[:-1]], sequences)]
    shuffled = positives.data.copy()
    shuffled[gather_positions(positives.offsets[longer], sequences.lengths)] = walked
    return Ragged(shuffled, positives.offsets)


def _replaced(sequences: Ragged, start: int, data: NDArray[np.uint8]) -> Ragged:
    """Returns N sequences with other tokens (L,) uint8 from a place of their data on."""
    before, after = sequences.data[:start], sequences.data[start + len(data) :]
    return Ragged(np.concatenate([before, data, after]) if len(before) or len(after) else data, sequences.offsets)


def _graphs(symbols: NDArray[np.int64], sequences: Ragged, vertex_count: int) -> _Graphs:
    """Returns the graphs of `sequences`, whose tokens are renumbered as `symbols` (ΣL,) int64, 0..V-1."""
    leaves = np.ones(len(symbols), dtype=bool)
    leaves[sequences.offsets[1:] - 1] = False
    enters = np.ones(len(symbols), dtype=bool)
    enters[sequences.offsets[:-1]] = False
    record = np.repeat(np.arange(len(sequences)), sequences.lengths - 1)  # (E,)
    end = symbols[sequences.offsets[1:] - 1]
    return _Graphs(vertex_count, record * vertex_count + symbols[leaves], symbols[enters], end)


def _edge_order(graphs: _Graphs, rng: np.random.Generator) -> NDArray[np.int64]:
    """Returns the heads (E,) int64 of all edges, vertex by vertex, in a random order of use that is a valid path."""
    key = 2.0 * graphs.tail + rng.random(len(graphs.tail))
    last = _last_edges(graphs, rng)
    key[last] = 2.0 * graphs.tail[last] + 1.0
    return graphs.head[np.argsort(key)]


def _last_edges(graphs: _Graphs, rng: np.random.Generator) -> NDArray[np.int64]:
    """Returns the edge (M,) int64 that each vertex, except for end vertices, uses last.

    Together these edges are trees that lead to the end vertices; see `long_shuffling.draw_trees`. Loops are left out
    because they are always cycles.
    """
    V = graphs.vertex_count
    record, symbol = np.divmod(graphs.tail, V)
    candidates = np.flatnonzero((symbol != graphs.head) & (symbol != graphs.end[record]))
    candidates = candidates[np.argsort(graphs.tail[candidates], kind="stable")]
    vertices, first, count = np.unique(graphs.tail[candidates], return_index=True, return_counts=True)

    def pick(drawing: NDArray[np.int64], ranks: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        edges = candidates[first[drawing] + ranks]
        return edges, vertices[drawing] // V * V + graphs.head[edges]

    return draw_trees(vertices, count, len(graphs.end), V, pick, rng)


def _walk(graphs: _Graphs, heads: NDArray[np.int64], first: NDArray[np.int64], sequences: Ragged) -> NDArray[np.int64]:
    """Returns the symbols (ΣL,) int64 on the paths from `first` (N,) int64 that use the edges in the order of `heads`.

    Args:
        graphs: graphs of N sequences, longest first.
        heads: (E,) int64, see `_edge_order`.
        first: (N,) int64, first symbol of each sequence.
        sequences: N sequences; only their lengths are used.
    """
    N, V = len(sequences), graphs.vertex_count
    degree = np.bincount(graphs.tail, minlength=N * V)
    next_edge = np.cumsum(degree) - degree  # (N * V,)
    walked = np.empty(len(sequences.data), dtype=np.int64)
    base, place, symbol = np.arange(N) * V, sequences.offsets[:-1].copy(), first
    walked[place] = symbol
    steps = np.arange(1, sequences.lengths[0])
    walking = N - np.searchsorted(sequences.lengths[::-1], steps, side="right")  # number still walking
    for active in walking.tolist():
        vertex = base[:active] + symbol[:active]
        symbol = heads[next_edge[vertex]]
        next_edge[vertex] += 1
        place = place[:active] + 1
        walked[place] = symbol
    return walked
