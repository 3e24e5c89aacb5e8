"""Records that have a duplicate or near-duplicate in the same group, or in another one.

The groups are any numbers, such as the split or the class of each record; they are called sides here. Records with the
same sequence and the same side are one node, so that a sequence that occurs a thousand times costs no more than one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqnet.audit.checks import Offenders
from seqnet.core.ragged import gather_positions

__all__ = ["DuplicatePairs", "duplicated_records"]


@dataclass(frozen=True)
class DuplicatePairs:
    """Equal and similar pairs among N records.

    Attributes:
        original: (N,) int64, the first record with the same sequence as each record.
        first: (M,) int64, first record of each similar pair, an original.
        second: (M,) int64, second record of each similar pair, an original.
        similarity: (M,) float64, similarity of each pair.
    """

    original: NDArray[np.int64]
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    similarity: NDArray[np.float64]

    @classmethod
    def identical(cls, original: NDArray[np.int64]) -> DuplicatePairs:
        """Returns the pairs of equal sequences only."""
        found = np.unique(original)
        return cls(original, found, found, np.ones(len(found)))

    @property
    def directed(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Both records and the similarity of each pair, in both directions."""
        other = self.first != self.second
        return (
            np.concatenate([self.first, self.second[other]]),
            np.concatenate([self.second, self.first[other]]),
            np.concatenate([self.similarity, self.similarity[other]]),
        )


@dataclass(frozen=True)
class _Nodes:
    """Nodes: sets of records with the same original and the same side.

    Attributes:
        of: (N,) int64, node of each record.
        original: (V,) int64, ascending.
        side: (V,) int64.
        members: (V,) int64, number of records.
        head: (V,) int64, the first record.
        next: (V,) int64, the second record, or the first if there is only one.
    """

    of: NDArray[np.int64]
    original: NDArray[np.int64]
    side: NDArray[np.int64]
    members: NDArray[np.int64]
    head: NDArray[np.int64]
    next: NDArray[np.int64]


def duplicated_records(
    pairs: DuplicatePairs, sides: NDArray[np.integer], records: NDArray[np.int64], *, differ: bool
) -> Offenders:
    """Returns the records that have a duplicate, each with its most similar one.

    Args:
        pairs: pairs of duplicates.
        sides: (N,) integer, side of each record, such as its split or class.
        records: (M,) int64, ascending, records to look at.
        differ: whether the duplicate must be on another side; otherwise it must be on the same side.
    """
    nodes = _nodes(pairs.original, sides.astype(np.int64))
    source, target, similarity = _between(nodes, pairs, differ=differ)
    order = np.lexsort((nodes.head[target], -similarity, source))
    source, target, similarity = source[order], target[order], similarity[order]
    first = np.ones(len(source), dtype=bool)
    first[1:] = source[1:] != source[:-1]
    best = np.full(len(nodes.side), -1, dtype=np.int64)
    best[source[first]] = np.flatnonzero(first)
    edge = best[nodes.of[records]]
    records, edge = records[edge >= 0], edge[edge >= 0]
    others = nodes.head[target[edge]]
    others = np.where(others == records, nodes.next[target[edge]], others)
    return Offenders(records, others, similarity[edge])


def _nodes(original: NDArray[np.int64], sides: NDArray[np.int64]) -> _Nodes:
    order = np.lexsort((np.arange(len(original)), sides, original))
    new = np.ones(len(order), dtype=bool)
    new[1:] = (np.diff(original[order]) != 0) | (np.diff(sides[order]) != 0)
    starts = np.flatnonzero(new)
    members = np.diff(np.append(starts, len(order)))
    of = np.empty(len(order), dtype=np.int64)
    of[order] = np.cumsum(new) - 1
    head = order[starts]
    return _Nodes(of, original[head], sides[head], members, head, order[starts + (members > 1)])


def _between(
    nodes: _Nodes, pairs: DuplicatePairs, *, differ: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Returns source and target (E,) int64 of the edges between nodes, and their similarity (E,) float64."""
    first, second, similarity = pairs.directed
    # The nodes of an original are adjacent.
    start, stop = (np.searchsorted(nodes.original, first, side=side) for side in ("left", "right"))
    edge = np.repeat(np.arange(len(first)), stop - start)
    source = gather_positions(start, stop - start)
    start, stop = (np.searchsorted(nodes.original, second[edge], side=side) for side in ("left", "right"))
    again = np.repeat(np.arange(len(edge)), stop - start)
    target = gather_positions(start, stop - start)
    source, edge = source[again], edge[again]
    same = nodes.side[source] == nodes.side[target]
    use = ~same if differ else same & ((source != target) | (nodes.members[source] > 1))
    return source[use], target[use], similarity[edge][use]
