"""K-mers of token sequences, counted without a Python object per record.

In: N token sequences. Out: codes (M,) uint64 of their M k-mers, each a number in base K (K canonical symbols, first
symbol most significant), and the record (M,) int64 that each is of. A k-mer with a symbol that is not canonical (N, X,
R, …) is left out.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from seqnet.core.alphabets import Alphabet
from seqnet.core.ragged import Ragged, chunks

__all__ = ["kmer_codes", "kmer_frequencies", "parts"]

_TOKENS = 1 << 22
"""Maximum number of tokens in a part; the arrays made of it take at most a few hundred megabytes."""


def parts(tokens: Ragged, members: NDArray[np.int64], most: int | None = None) -> Iterator[Ragged]:
    """Yields the sequences `members` (M,) int64, part by part, so that memory does not grow with the dataset.

    Args:
        tokens: N token sequences.
        members: (M,) int64, indices of sequences.
        most: maximum number of records in a part [default: no maximum]; a part has at least one record.
    """
    for start, stop in chunks(tokens, _TOKENS, most, members=members):
        yield tokens.take(members[start:stop])


def kmer_codes(
    tokens: Ragged, alphabet: Alphabet, k: int, *, both_strands: bool = False
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Returns the codes (M,) uint64 of all k-mers in order, and the record (M,) int64 of each.

    Args:
        tokens: N token sequences.
        alphabet: of the tokens.
        k: length of a k-mer; K^k must not be above 2^64.
        both_strands: whether a k-mer and its reverse complement have the same code, the lower one.
    """
    count = len(tokens.data) - k + 1
    if count < 1:
        return np.empty(0, np.uint64), np.empty(0, np.int64)
    # Padding wraps around to the largest number, so that one comparison finds all that is not canonical.
    digits = tokens.data.astype(np.uint64) - np.uint64(1)
    strange = np.concatenate([[0], np.cumsum(digits >= alphabet.size)])  # (ΣL + 1,)
    left = np.repeat(tokens.offsets[1:], tokens.lengths)[:count] - np.arange(count)
    at = np.flatnonzero((strange[k:] == strange[:-k]) & (left >= k))  # (M,)
    codes = _numbers(digits, range(k), count, alphabet.size)
    if both_strands:
        others = (alphabet.complement[tokens.data] - 1).astype(np.uint64)
        codes = np.minimum(codes, _numbers(others, range(k - 1, -1, -1), count, alphabet.size))
    return codes[at], np.repeat(np.arange(len(tokens)), tokens.lengths)[at]


def _numbers(digits: NDArray[np.uint64], places: range, count: int, base: int) -> NDArray[np.uint64]:
    """Returns numbers (count,) uint64 to the base, from the digits (L,) at each of `count` positions plus `places`."""
    numbers = np.zeros(count, dtype=np.uint64)
    for place in places:
        numbers *= np.uint64(base)
        numbers += digits[place : place + count]
    return numbers


def kmer_frequencies(tokens: Ragged, alphabet: Alphabet, k: int) -> NDArray[np.float64]:
    """Returns the share (N, K^k) float64 of each k-mer among those of a record; 0 for a record without k-mers."""
    codes, record = kmer_codes(tokens, alphabet, k)
    kinds = alphabet.size**k
    cells = record * kinds + codes.astype(np.int64)
    counts = np.bincount(cells, minlength=len(tokens) * kinds).reshape(len(tokens), kinds)
    return np.asarray(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1))
