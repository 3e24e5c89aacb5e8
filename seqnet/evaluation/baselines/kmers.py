"""K-mers of token sequences, counted without a Python object per record.

In: N token sequences. Out: codes (M,) int64 of their M k-mers, each a number in base K (K canonical symbols, first
symbol most significant), and the record (M,) int64 of each k-mer. K-mers with an ambiguity code are left out.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from seqnet.core.alphabets import Alphabet
from seqnet.core.records import Ragged, gather_positions

__all__ = ["kmer_codes", "kmer_frequencies", "parts"]

_TOKENS = 1 << 22
"""Maximum number of tokens in a part; the arrays made of it take at most a few hundred megabytes."""


def parts(
    tokens: Ragged, members: NDArray[np.int64], most: int | None = None
) -> Iterator[tuple[NDArray[np.int64], Ragged]]:
    """Yields parts of members (P,) int64 with their sequences, so that memory does not grow with the dataset.

    Args:
        tokens: N token sequences.
        members: (M,) int64, indices of sequences.
        most: maximum number of records in a part [default: no maximum]; a part has at least one record.
    """
    ends = np.cumsum(tokens.lengths[members])
    start = 0
    while start < len(members):
        limit = _TOKENS + (int(ends[start - 1]) if start else 0)
        stop = max(int(np.searchsorted(ends, limit, side="right")), start + 1)
        stop = stop if most is None else min(stop, start + most)
        yield members[start:stop], tokens.take(members[start:stop])
        start = stop


def kmer_codes(
    tokens: Ragged, alphabet: Alphabet, k: int, *, both_strands: bool = False
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Returns the codes (M,) int64 of all k-mers in order, and the record (M,) int64 of each.

    Args:
        tokens: N token sequences.
        alphabet: alphabet of the tokens.
        k: length of a k-mer; K^k must be below 2^63.
        both_strands: whether a k-mer and its reverse complement have the same code, the lower one.
    """
    windows = np.maximum(tokens.lengths - k + 1, 0)  # (N,)
    starts = gather_positions(tokens.offsets[:-1], windows)  # (W,)
    known = (tokens.data >= 1) & (tokens.data <= alphabet.size)  # (ΣL,)
    unknown_before = np.concatenate([[0], np.cumsum(~known)])  # (ΣL + 1,)
    whole = unknown_before[starts + k] == unknown_before[starts]  # (W,)
    starts = starts[whole]
    codes = _numbers(np.where(known, tokens.data, 1).astype(np.int64) - 1, alphabet.size, k)[starts]
    if both_strands:
        codes = np.minimum(codes, _complements(tokens, known, alphabet, k)[starts])
    return codes, np.repeat(np.arange(len(tokens)), windows)[whole]


def _numbers(digits: NDArray[np.int64], base: int, k: int) -> NDArray[np.int64]:
    """Returns the numbers (L - k + 1,) int64 to the base, made of k digits from each position of digits (L,) int64."""
    codes = np.zeros(max(len(digits) - k + 1, 0), dtype=np.int64)
    for offset in range(k):
        codes = codes * base + digits[offset : offset + len(codes)]
    return codes


def _complements(tokens: Ragged, known: NDArray[np.bool_], alphabet: Alphabet, k: int) -> NDArray[np.int64]:
    """Returns the code (ΣL - k + 1,) int64 of the reverse complement of the k-mer at each position."""
    digits = np.where(known, alphabet.complement[tokens.data], 1).astype(np.int64) - 1
    return _numbers(digits[::-1], alphabet.size, k)[::-1]


def kmer_frequencies(tokens: Ragged, alphabet: Alphabet, k: int) -> NDArray[np.float64]:
    """Returns the share (N, K^k) float64 of each k-mer among those of a record; 0 for a record without k-mers."""
    codes, record = kmer_codes(tokens, alphabet, k)
    kinds = alphabet.size**k
    counts = np.bincount(record * kinds + codes, minlength=len(tokens) * kinds).reshape(len(tokens), kinds)
    return np.asarray(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1))
