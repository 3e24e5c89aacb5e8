"""Clusters of similar sequences: the connected components of the graph of similar pairs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from seqnet.configs.similarity import CLUSTER_SIMILARITY
from seqnet.core.alphabets import Alphabet
from seqnet.core.ragged import Ragged
from seqnet.similarity.pairs import similar_pairs

__all__ = ["Clusters", "cluster_records", "join_groups"]


@dataclass(frozen=True)
class Clusters:
    """Clusters of N records.

    Attributes:
        ids: (N,) int64, cluster of each record, numbered in the order of their first records.
        sizes: (C,) int64, number of records of each cluster.
        threshold: minimum similarity of a similar pair.
        k: length of the k-mers.
        pairs: similar pairs of distinct sequences.
        limits: one line for each limit that left pairs uncompared.
    """

    ids: NDArray[np.int64]
    sizes: NDArray[np.int64]
    threshold: float
    k: int
    pairs: int
    limits: tuple[str, ...]

    @property
    def largest_share(self) -> float:
        """Share of the records that are in the largest cluster."""
        return float(self.sizes.max() / self.sizes.sum()) if len(self.sizes) else 0.0


def cluster_records(
    tokens: Ragged, alphabet: Alphabet, threshold: float | None = None, *, k: int | None = None
) -> Clusters:
    """Returns the clusters of N token sequences: the connected components of the graph of similar pairs.

    Two records of different clusters are not similar, unless `limits` says that not all pairs were compared. Two
    records of one cluster may be similar only through a chain of other records.

    Args:
        tokens: N token sequences.
        alphabet: alphabet of the tokens.
        threshold: as in `similar_pairs` [default: `CLUSTER_SIMILARITY`].
        k: as in `similar_pairs`.

    Raises:
        SettingError: the threshold or k is out of bounds.
    """
    threshold = CLUSTER_SIMILARITY[alphabet.name] if threshold is None else threshold
    found = similar_pairs(tokens, alphabet, threshold, k=k)
    ids = _components(len(tokens), [(np.arange(len(tokens)), found.original), (found.first, found.second)])
    return Clusters(ids, np.bincount(ids), threshold, found.k, len(found.first), tuple(found.limits()))


def join_groups(*relations: NDArray[np.int64]) -> NDArray[np.int64]:
    """Returns groups (N,) int64 that join the groups of all given groupings (N,) int64, also through chains."""
    edges = []
    for groups in relations:
        _, first, which = np.unique(groups, return_index=True, return_inverse=True)
        edges.append((np.arange(len(groups)), first[which]))
    return _components(len(relations[0]), edges)


def _components(count: int, edges: list[tuple[NDArray[np.int64], NDArray[np.int64]]]) -> NDArray[np.int64]:
    """Returns the connected component (N,) int64 of each node, numbered in the order of their first nodes."""
    row, column = (np.concatenate([edge[side] for edge in edges]) for side in (0, 1))
    graph = sparse.coo_array((np.ones(len(row), dtype=np.int8), (row, column)), shape=(count, count))
    _, found = connected_components(graph, directed=False)
    _, first, which = np.unique(found, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[which].astype(np.int64)
