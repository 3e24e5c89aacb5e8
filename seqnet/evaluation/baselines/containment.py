"""Containment of a record in the training records: the share of its k-mers that occur there.

In: a dataset, the records (M,) to look at, and the training records. Out: shares (M,) float64 in 0..1, NaN for a record
without a k-mer.

For nucleotides k is 16, and in DNA a k-mer and its reverse complement are equal: a random k-mer occurs among ten
million k-mers of training sequence in one of 200 cases. For proteins k is 6: the same probability holds among 300,000
k-mers. With both, few unrelated records look similar, and similar records are found despite many substitutions.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seqnet.core.kmers import kmer_codes, parts
from seqnet.core.ragged import Ragged
from seqnet.datasets.dataset import Dataset

__all__ = ["KMER", "kmer_containment", "kmer_length"]

KMER = {"dna": 16, "rna": 16, "protein": 6}
"""Alphabet → k; smaller if records are shorter."""

_SHORT = 0.1
"""Maximum share of records that may be shorter than k before k is reduced."""

_FILTER_BITS = 24
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
"""2⁶⁴ over the golden ratio. Source: Knuth 1998, The Art of Computer Programming 3, section 6.4."""


def kmer_length(dataset: Dataset, members: NDArray[np.int64]) -> int:
    """Returns the k of `KMER`, or the length that 90 % of the records `members` (M,) int64 reach, if that is less."""
    most = int(np.quantile(dataset.tokens.lengths[members], _SHORT, method="inverted_cdf"))
    return min(KMER[dataset.alphabet.name], most)


def kmer_containment(
    dataset: Dataset, members: NDArray[np.int64], k: int, training: NDArray[np.int64] | None = None
) -> NDArray[np.float64]:
    """Returns the share (M,) float64 of each record's k-mers that occur in the training records.

    Every position of a record counts: a k-mer that occurs twice in it counts twice. Memory grows with the number of
    records `members`, not with the training records.

    Args:
        dataset: the dataset of the records.
        members: (M,) int64, records to look at.
        k: length of a k-mer.
        training: (T,) int64, the training records; None for the train split.
    """
    columns, counts = [np.empty(0, dtype=np.uint64)], [np.empty(0, dtype=np.int64)]
    for part in parts(dataset.tokens, members):
        codes, record = _codes(part, dataset, k)
        columns.append(codes)
        counts.append(np.bincount(record, minlength=len(part)))
    places = np.concatenate(counts)  # (M,)
    distinct, which = np.unique(np.concatenate(columns), return_inverse=True)
    trained_on = dataset.members("train") if training is None else training
    seen = _seen(dataset, trained_on, distinct, k)[which]
    hits = np.bincount(np.repeat(np.arange(len(members)), places), weights=seen, minlength=len(members))  # (M,)
    return np.asarray(np.divide(hits, places, out=np.full(len(members), np.nan), where=places > 0))


def _codes(tokens: Ragged, dataset: Dataset, k: int) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Returns the codes of all k-mers, and the record of each; a DNA k-mer and its reverse complement have one code."""
    return kmer_codes(tokens, dataset.alphabet, k, both_strands=dataset.alphabet.has_strands)


def _seen(dataset: Dataset, training: NDArray[np.int64], distinct: NDArray[np.uint64], k: int) -> NDArray[np.bool_]:
    """Returns for each of sorted k-mers (D,) uint64 whether the training records (T,) have it, (D,) bool."""
    found = np.zeros(len(distinct), dtype=bool)
    if not len(distinct):
        return found
    # Most k-mers of the training records are not among `distinct`. A hash table removes them early.
    wanted = np.zeros(1 << _FILTER_BITS, dtype=bool)
    wanted[_hashes(distinct)] = True
    for part in parts(dataset.tokens, training):
        codes, _ = _codes(part, dataset, k)
        codes = codes[wanted[_hashes(codes)]]
        at = np.minimum(np.searchsorted(distinct, codes), len(distinct) - 1)
        found[at[distinct[at] == codes]] = True
    return found


def _hashes(codes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    return (codes * _MULTIPLIER) >> np.uint64(64 - _FILTER_BITS)
