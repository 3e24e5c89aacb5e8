"""Pairs of similar sequences among many, without comparing every pair.

Similarity is the containment of k-mers: |A ∩ B| / min(|A|, |B|), the share of the smaller sequence's k-mers that the
other sequence also has. Pairs whose samples share k-mers are candidates. The similarity of a candidate is counted on
all k-mers, so reported values are exact. Limits on the work are counted and reported.

Source: Broder 1997, doi:10.1109/SEQUEN.1997.666900.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqnet.configs.similarity import KMER_LENGTHS
from seqnet.core.alphabets import Alphabet
from seqnet.core.errors import SettingError
from seqnet.core.printable import counted
from seqnet.core.ragged import Ragged
from seqnet.similarity.hashing import sequence_hashes
from seqnet.similarity.kmers import kmer_sets
from seqnet.similarity.sketches import Index, index_sets

__all__ = ["SimilarPairs", "similar_pairs"]

# Maximum number of meetings of two sequences at a k-mer: in total (about ten seconds), and per round.
_MEETINGS = 400_000_000
_MEETINGS_IN_A_ROUND = 20_000_000
# Maximum number of k-mers of candidates that are counted per round (about a second), and held in memory.
_COUNTED_IN_A_ROUND = 1 << 27
_COUNTED_AT_A_TIME = 1 << 24
# Number of sequences that each is compared with, among those that share a k-mer too common to look up.
_NEIGHBOURS = 8

Candidates = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
"""First < second sequence (M,), and the number of k-mers (M,) that their samples share."""
Found = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]
"""First < second sequence (M,), and their similarity (M,)."""


@dataclass(frozen=True)
class SimilarPairs:
    """M pairs among the distinct sequences of N records.

    Attributes:
        first: (M,) int64, record of one sequence: the first record with this sequence.
        second: (M,) int64, record of the other sequence; larger than `first`.
        similarity: (M,) float64, at least the threshold.
        original: (N,) int64, for each record, the first record with the same sequence; it represents all of them here.
        k: length of the k-mers.
        common: number of k-mers that too many sequences have; sequences that share no other k-mer were compared with
            only a few of each other.
        crowded: number of sequences with more likely candidates than were counted.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    similarity: NDArray[np.float64]
    original: NDArray[np.int64]
    k: int
    common: int
    crowded: int

    def limits(self) -> list[str]:
        """Returns one line for each limit that left pairs uncompared."""
        lines = []
        if self.common:
            lines.append(f"{self.common:,} very common {self.k}-mers were not looked up; not all pairs were compared")
        if self.crowded:
            lines.append(f"{counted(self.crowded, 'sequences were')} compared with their likeliest candidates only")
        return lines


def similar_pairs(
    tokens: Ragged,
    alphabet: Alphabet,
    threshold: float,
    *,
    k: int | None = None,
    queries: NDArray[np.int64] | None = None,
    work: int = _MEETINGS,
) -> SimilarPairs:
    """Returns the pairs of distinct sequences that are similar.

    It takes about 40 bytes of memory for each symbol.

    Args:
        tokens: N token sequences.
        alphabet: alphabet of the tokens; DNA is compared on both strands.
        threshold: minimum similarity, above 0 and at most 1.
        k: length of the k-mers [default: `KMER_LENGTHS`].
        queries: (Q,) int64, records of which each pair must contain at least one [default: all].
        work: maximum number of meetings of two sequences at a k-mer.

    Raises:
        SettingError: the threshold or k is out of bounds.
    """
    if not 0 < threshold <= 1:
        raise SettingError("similarity", threshold, "more than 0, at most 1")
    _, first, which = np.unique(sequence_hashes(tokens), return_index=True, return_inverse=True)
    original = first[which]
    distinct = np.unique(original)
    sets = kmer_sets(tokens.take(distinct), alphabet, KMER_LENGTHS[alphabet.name] if k is None else k)
    index = index_sets(sets, work)
    queried = np.ones(len(distinct), dtype=bool) if queries is None else np.isin(distinct, original[queries])
    (row, other, similarity), crowded = _found(index, queried, threshold)
    return SimilarPairs(distinct[row], distinct[other], similarity, original, sets.k, index.common, crowded)


def _found(index: Index, queried: NDArray[np.bool_], threshold: float) -> tuple[Found, int]:
    """Returns the similar pairs of the query sequences, and the number of sequences with too many candidates."""
    row, other, similarity = [np.empty(0, np.int64)], [np.empty(0, np.int64)], [np.empty(0, np.float64)]
    crowded = [np.empty(0, np.int64)]
    for candidates in _candidates(index, queried, threshold):
        found, more = _verified(index, candidates, threshold)
        row.append(found[0])
        other.append(found[1])
        similarity.append(found[2])
        crowded.append(more)
    rows, others = np.concatenate(row), np.concatenate(other)
    # A pair from a crowd may also have been found by lookup.
    _, once = np.unique(rows * len(index) + others, return_index=True)
    count = len(np.unique(np.concatenate(crowded)))
    return (rows[once], others[once], np.concatenate(similarity)[once]), count


def _candidates(index: Index, queried: NDArray[np.bool_], threshold: float) -> Iterator[Candidates]:
    """Yields pairs that may be similar."""
    rows = np.flatnonzero(queried)
    for start, stop in _rounds(index.cost[rows], _MEETINGS_IN_A_ROUND):
        some = rows[start:stop]
        # Earlier queries have already been compared with these; earlier sequences that are no queries have not.
        since = int(some[0]) if queried.all() else 0
        shared = (index.sketch[some] @ index.sketch[since:].T).tocoo()
        row, other = some[shared.row], shared.col.astype(np.int64) + since
        use = (other > row) | ((other != row) & ~queried[other])
        row, other, count = row[use], other[use], shared.data[use].astype(np.int64)
        likely = count >= _least(index, row, other, threshold)
        row, other = row[likely], other[likely]
        yield np.minimum(row, other), np.maximum(row, other), count[likely]
    yield _neighbours_in_crowds(index, queried)


def _least(index: Index, row: NDArray[np.int64], other: NDArray[np.int64], threshold: float) -> NDArray[np.float64]:
    """Returns the minimum number (M,) float64 of k-mers that the samples of M pairs share if the pairs are similar.

    The minimum is three standard deviations below the expectation: about one similar pair in a thousand shares fewer.
    """
    shared = threshold * np.minimum(index.sizes[row], index.sizes[other])
    chance = np.minimum(index.reach[row], index.reach[other])
    seen = np.maximum(shared * chance - np.minimum(index.dropped[row], index.dropped[other]), 0)
    least: NDArray[np.float64] = np.maximum(seen - 3 * np.sqrt(shared * chance * (1 - chance)) - 1e-9, 1)
    return least


def _neighbours_in_crowds(index: Index, queried: NDArray[np.bool_]) -> Candidates:
    """Returns candidate pairs of sequences that have the same smallest too common k-mer.

    In such a crowd, sorted by the smallest hash of each sequence, similar sequences are likely to be neighbours. Each
    is compared with a few neighbours only, because this number limits the work.
    """
    members = np.flatnonzero(index.crowded >= 0)
    members = members[np.lexsort((members, index.smallest[members], index.crowded[members]))]
    crowd = index.crowded[members]
    rows, others = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for step in range(1, _NEIGHBOURS + 1):
        same = crowd[step:] == crowd[:-step]
        rows.append(members[:-step][same])
        others.append(members[step:][same])
    row, other = np.concatenate(rows), np.concatenate(others)
    use = queried[row] | queried[other]
    row, other = row[use], other[use]
    return np.minimum(row, other), np.maximum(row, other), np.zeros(len(row), dtype=np.int64)


def _verified(index: Index, candidates: Candidates, threshold: float) -> tuple[Found, NDArray[np.int64]]:
    """Returns the similar candidates with their similarity, and the sequences with too many candidates."""
    row, other, count = candidates
    # If both samples are complete, the shared count is already exact.
    partly = (index.reach < 1) | (index.dropped > 0)
    unsure = partly[row] | partly[other]
    some, crowded = _likeliest((row[unsure], other[unsure], count[unsure]), index.sizes)
    row, other = np.concatenate([row[~unsure], some[0]]), np.concatenate([other[~unsure], some[1]])
    shared = np.concatenate([count[~unsure], _shared(index, some[0], some[1])])
    similarity = shared / np.minimum(index.sizes[row], index.sizes[other])
    similar = similarity >= threshold - 1e-12
    return (row[similar], other[similar], similarity[similar]), crowded


def _likeliest(candidates: Candidates, sizes: NDArray[np.int64]) -> tuple[Candidates, NDArray[np.int64]]:
    """Returns the likeliest candidates of each sequence, for one round, and the sequences that had more."""
    row, other, count = candidates
    if (sizes[row] + sizes[other]).sum() <= _COUNTED_IN_A_ROUND:
        return candidates, np.empty(0, np.int64)
    order = np.lexsort((other, -count / np.minimum(sizes[row], sizes[other]), row))
    rank = np.empty(len(row), dtype=np.int64)
    rank[order] = np.arange(len(row)) - np.searchsorted(row[order], row[order])
    order = np.lexsort((row, rank))
    cost = np.cumsum(sizes[row[order]] + sizes[other[order]])
    kept, rest = np.split(order, [int(np.searchsorted(cost, _COUNTED_IN_A_ROUND, side="right"))])
    return (row[kept], other[kept], count[kept]), np.unique(row[rest])


def _shared(index: Index, row: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.int64]:
    """Returns the number (M,) int64 of all k-mers that the sequences of M pairs share."""
    shared = np.zeros(len(row), dtype=np.int64)
    for start, stop in _rounds(index.sizes[row] + index.sizes[other], _COUNTED_AT_A_TIME):
        both = index.shared[row[start:stop]].multiply(index.shared[other[start:stop]])
        shared[start:stop] = np.diff(both.indptr)
    return shared


def _rounds(costs: NDArray[np.int64], limit: int) -> Iterator[tuple[int, int]]:
    """Yields ranges (0-based, half-open) whose cost is up to the limit, or that have one element."""
    ends = np.cumsum(costs)
    start = 0
    while start < len(costs):
        done = ends[start - 1] if start else 0
        stop = max(int(np.searchsorted(ends, done + limit, side="right")), start + 1)
        yield start, stop
        start = stop
