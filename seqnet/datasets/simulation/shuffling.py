"""Shuffles that keep each sequence's count of every pair of neighbouring symbols.

The pairs of a sequence are the edges of a graph whose vertices are its symbols, and the sequences with the same pairs
are the paths that use every edge once. A path is drawn uniformly by drawing the order in which each vertex uses its
outgoing edges: any order will do for which the last edges of all vertices lead to the end vertex (they form a tree),
and these are as likely as the tree and the rest of the order are.

All sequences of a batch are shuffled at once. With N sequences of V different symbols, the vertices of all graphs are
numbered `record * V + symbol`, and E = ΣL - N edges lie in one array.

Source: Altschul & Erickson 1985, Mol. Biol. Evol. 2:526, doi:10.1093/oxfordjournals.molbev.a040370 (the paths);
Propp & Wilson 1998, J. Algorithms 27:170, doi:10.1006/jagm.1997.0917 (the tree, by cycle popping, which redraws the
edges of a cycle only and thereby ends soon where drawing whole sets anew would not).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqnet.core.alphabets import Alphabet
from seqnet.core.records import Ragged, gather_positions

__all__ = ["dinucleotide"]


@dataclass(frozen=True)
class _Graphs:
    """The graphs of N sequences with V different symbols.

    Attributes:
        vertex_count: V.
        tail: (E,) int64, vertex that each edge leaves, over all graphs.
        head: (E,) int64, symbol 0..V-1 that it leads to.
        end: (N,) int64, symbol that each sequence ends with.
    """

    vertex_count: int
    tail: NDArray[np.int64]
    head: NDArray[np.int64]
    end: NDArray[np.int64]


def dinucleotide(
    positives: Ragged, alphabet: Alphabet, rng: np.random.Generator, frequencies: NDArray[np.float64]
) -> Ragged:
    """Returns a shuffle of each sequence that keeps its pairs of neighbours, all such shuffles being equally likely.

    See `negatives.NegativeGenerator`; `alphabet` and `frequencies` (K,) float64 play no part, as ambiguity codes are
    symbols like others here. Each sequence keeps its first and last symbol. The result depends on how a stream of
    positives is cut into batches.
    """
    # Shorter sequences have no other order; longest first, those that are still to be walked are always a prefix.
    longer = np.flatnonzero(positives.lengths > 3)
    longer = longer[np.argsort(-positives.lengths[longer], kind="stable")]
    if not len(longer):
        return positives
    sequences = positives.take(longer)
    used, symbols = np.unique(sequences.data, return_inverse=True)
    graphs = _graphs(symbols.astype(np.int64), sequences, len(used))
    heads = _edge_order(graphs, rng)
    walked = used[_walk(graphs, heads, symbols[sequences.offsets[:-1]], sequences)]
    shuffled = positives.data.copy()
    shuffled[gather_positions(positives.offsets[longer], sequences.lengths)] = walked
    return Ragged(shuffled, positives.offsets)


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
    """Returns the heads (E,) int64 of all edges, vertex after vertex, in a random order of use that makes a path."""
    key = 2.0 * graphs.tail + rng.random(len(graphs.tail))
    last = _last_edges(graphs, rng)
    key[last] = 2.0 * graphs.tail[last] + 1.0
    return graphs.head[np.argsort(key)]


def _last_edges(graphs: _Graphs, rng: np.random.Generator) -> NDArray[np.int64]:
    """Returns, for each vertex but the end ones, the edge (M,) int64 that it uses last.

    Together they are trees into the end vertices, each drawn with equal probability: every vertex draws an edge, the
    vertices on cycles draw again, and so on until there are no cycles. Loops are cycles that would only be popped.
    """
    V = graphs.vertex_count
    record, symbol = np.divmod(graphs.tail, V)
    candidates = np.flatnonzero((symbol != graphs.head) & (symbol != graphs.end[record]))
    candidates = candidates[np.argsort(graphs.tail[candidates], kind="stable")]
    vertices, first, count = np.unique(graphs.tail[candidates], return_index=True, return_counts=True)
    drawn = np.empty(len(vertices), dtype=np.int64)
    # The vertices that draw nothing, the ends above all, stay where they are.
    successor = np.arange(len(graphs.end) * V)
    drawing = np.arange(len(vertices))
    checked = drawing
    while len(drawing):
        index = first[drawing] + (rng.random(len(drawing)) * count[drawing]).astype(np.int64)
        drawn[drawing] = candidates[index]
        successor[vertices[drawing]] = vertices[drawing] // V * V + graphs.head[drawn[drawing]]
        reached = vertices[checked]
        for _ in range(V):
            reached = successor[reached]
        # After V steps a walk is at the end or goes round a cycle, and all that goes round is reached from itself.
        on_cycle = np.isin(vertices[checked], reached)
        drawing = checked[on_cycle]
        checked = checked[np.isin(vertices[checked] // V, vertices[drawing] // V)]
    return drawn


def _walk(graphs: _Graphs, heads: NDArray[np.int64], first: NDArray[np.int64], sequences: Ragged) -> NDArray[np.int64]:
    """Returns the symbols (ΣL,) int64 on the paths from `first` (N,) int64 that use the edges in the order of `heads`.

    Args:
        graphs: graphs of N sequences, longest first.
        heads: (E,) int64, see `_edge_order`.
        first: (N,) int64, first symbol of each sequence.
        sequences: N sequences, for their lengths.
    """
    N, V = len(sequences), graphs.vertex_count
    degree = np.bincount(graphs.tail, minlength=N * V)
    next_edge = np.cumsum(degree) - degree  # (N * V,)
    walked = np.empty(len(sequences.data), dtype=np.int64)
    base, place, symbol = np.arange(N) * V, sequences.offsets[:-1].copy(), first
    walked[place] = symbol
    steps = np.arange(1, sequences.lengths[0])
    walking = N - np.searchsorted(sequences.lengths[::-1], steps, side="right")  # sequences longer than each step
    for active in walking.tolist():
        vertex = base[:active] + symbol[:active]
        symbol = heads[next_edge[vertex]]
        next_edge[vertex] += 1
        place = place[:active] + 1
        walked[place] = symbol
    return walked
