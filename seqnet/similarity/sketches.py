"""The k-mers of each sequence that are looked up: all if they are few, else a sample, without very common ones.

The smallest hashes of a set are a random sample of it. If a k-mer is in the sample of one sequence, it is also in the
sample of every other sequence that has it and whose sample is not smaller. So the k-mers that two samples share
estimate the k-mers that the sets share.

Source: Broder 1997, doi:10.1109/SEQUEN.1997.666900, for the smallest hashes; Irber et al. 2022,
doi:10.1101/2022.01.11.475838, for the additional fixed share, without which a short sequence within a long one is
missed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from seqnet.similarity.kmers import KmerSets

__all__ = ["Index", "index_sets"]

# If not all k-mers can be looked up: number of k-mers of each sequence that are, and their minimum share.
_SIZE = 512
_SHARE = 0.25


@dataclass(frozen=True)
class Index:
    """N sequences, indexed by the V k-mers that more than one of them has.

    Attributes:
        sizes: (N,) int64, number of k-mers of each sequence, shared or not.
        shared: (N, V) sparse matrix of ones, all k-mers.
        sketch: (N, V) sparse matrix of ones, the k-mers that are looked up.
        reach: (N,) float64, probability that a k-mer is in the sample of each sequence; 1 if the sample is complete.
        dropped: (N,) int64, number of k-mers of each sample that are not looked up because too many sequences have
            them.
        crowded: (N,) int64, the smallest of these k-mers, as a column of `shared`; -1 for none.
        smallest: (N,) uint64, the smallest hash of each sequence; similar sequences often have the same.
        common: number of k-mers that are not looked up because too many sequences have them.
    """

    sizes: NDArray[np.int64]
    shared: Any
    sketch: Any
    reach: NDArray[np.float64]
    dropped: NDArray[np.int64]
    crowded: NDArray[np.int64]
    smallest: NDArray[np.uint64]
    common: int

    def __len__(self) -> int:
        return len(self.sizes)

    @property
    def cost(self) -> NDArray[np.int64]:
        """(N,) int64, number of sequences that are met when the k-mers of a sequence are looked up."""
        holders = np.asarray(self.sketch.sum(axis=0), dtype=np.int64)
        return np.asarray(self.sketch @ holders, dtype=np.int64)


def index_sets(sets: KmerSets, work: int) -> Index:
    """Returns the index of N sets of k-mers.

    Args:
        sets: the sets.
        work: maximum number of meetings of two sequences at a k-mer when all are looked up; the most common k-mers
            beyond this limit are not looked up.
    """
    count = len(sets)
    vocabulary = _occurring_twice(sets.elements)
    column = np.searchsorted(vocabulary, sets.elements)
    shared = column < len(vocabulary)
    shared[shared] = vocabulary[column[shared]] == sets.elements[shared]
    row = np.repeat(np.arange(count), sets.sizes)[shared]
    column = column[shared]
    kept, reach = np.ones(len(shared), dtype=bool), np.ones(count)
    if (np.bincount(column) ** 2).sum() > work:
        kept, reach = _sample(sets)
    looked_up = kept[shared]
    common = _most_common(np.bincount(column[looked_up], minlength=len(vocabulary)), work)
    crowd = looked_up & common[column]
    crowded = np.full(count, -1, dtype=np.int64)
    # Elements ascend within a sequence and are written in reverse order, so the smallest is written last and stays.
    crowded[row[crowd][::-1]] = column[crowd][::-1]
    return Index(
        sizes=sets.sizes,
        shared=_ones(row, column, count, len(vocabulary)),
        sketch=_ones(row[looked_up & ~crowd], column[looked_up & ~crowd], count, len(vocabulary)),
        reach=reach,
        dropped=np.bincount(row[crowd], minlength=count),
        crowded=crowded,
        smallest=sets.elements[sets.offsets[:-1]],
        common=int(common.sum()),
    )


def _sample(sets: KmerSets) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Returns whether each element is in its sequence's sample (ΣE,) bool, and the probability of that (N,) float64."""
    rank = np.arange(len(sets.elements)) - np.repeat(sets.offsets[:-1], sets.sizes)
    kept = (rank < _SIZE) | (sets.elements < np.uint64(_SHARE * 2**sets.BITS))
    last = np.minimum(sets.offsets[:-1] + _SIZE, sets.offsets[1:]) - 1
    reach = np.maximum(sets.elements[last] / 2**sets.BITS, _SHARE)
    return kept, np.where(sets.sizes <= _SIZE, 1.0, reach)


def _occurring_twice(elements: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Returns the elements (V,) uint64, ascending, that more than one set has."""
    ordered = np.sort(elements)
    again = ordered[1:][ordered[1:] == ordered[:-1]]
    first = np.ones(len(again), dtype=bool)
    first[1:] = again[1:] != again[:-1]
    vocabulary: NDArray[np.uint64] = again[first]
    return vocabulary


def _most_common(holders: NDArray[np.int64], work: int) -> NDArray[np.bool_]:
    """Returns (V,) bool, the k-mers beyond the allowed work, from the number of sequences `holders` (V,) of each."""
    order = np.argsort(holders, kind="stable")
    common = np.zeros(len(holders), dtype=bool)
    common[order[np.cumsum(holders[order] ** 2) > work]] = True
    return common


def _ones(row: NDArray[np.int64], column: NDArray[np.int64], rows: int, columns: int) -> Any:
    """Returns the sparse matrix (rows, columns) int32 with ones at the given ascending rows and columns."""
    starts = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=rows))])
    ones = np.ones(len(column), dtype=np.int32)
    return sparse.csr_array((ones, column.astype(np.int32), starts), shape=(rows, columns))
