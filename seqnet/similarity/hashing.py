"""64-bit hashes of whole sequences."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from seqnet.alphabets import Alphabet
from seqnet.records import Ragged

__all__ = ["chunks", "mix", "reverse_complements", "sequence_hashes"]

_CHUNK = 1 << 22


def mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Returns well-mixed 64-bit numbers of the same shape; different numbers stay different.

    Source: the finaliser of SplitMix64, Steele et al. 2014, doi:10.1145/2660193.2660195.
    """
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def chunks(tokens: Ragged, symbols: int, records: int) -> list[tuple[int, int]]:
    """Returns ranges start (included) to stop (excluded) of at most so many symbols and records, or one record."""
    bounds = [0]
    while bounds[-1] < len(tokens):
        start = bounds[-1]
        limit = tokens.offsets[start] + symbols
        stop = int(np.searchsorted(tokens.offsets, limit, side="right")) - 1
        bounds.append(max(min(stop, start + records), start + 1))
    return list(itertools.pairwise(bounds))


def sequence_hashes(tokens: Ragged) -> NDArray[np.uint64]:
    """Returns a 64-bit hash (N,) uint64 of each of N token sequences.

    A sum of one pseudo-random number per (position, token), finished with the length: equal sequences have equal
    hashes, and unequal ones collide with probability about 2⁻⁶⁴ a pair.
    """
    hashes = np.empty(len(tokens), dtype=np.uint64)
    for start, stop in chunks(tokens, _CHUNK, len(tokens)):
        part = tokens.slice(start, stop)
        position = np.arange(len(part.data), dtype=np.uint64) - np.repeat(part.offsets[:-1], part.lengths).astype(
            np.uint64
        )
        sums = np.concatenate([[np.uint64(0)], np.cumsum(mix(position * np.uint64(256) + part.data))])
        hashes[start:stop] = mix(sums[part.offsets[1:]] - sums[part.offsets[:-1]] + part.lengths.astype(np.uint64))
    return hashes


def reverse_complements(tokens: Ragged, alphabet: Alphabet) -> Ragged:
    """Returns the other strand of each of N token sequences.

    Raises:
        SettingError: the alphabet has no strands.
    """
    # Read backwards as one, the sequences are their own reversals, the last one first.
    turned = Ragged(alphabet.complement[tokens.data[::-1]], tokens.offsets[-1] - tokens.offsets[::-1])
    return turned.take(np.arange(len(tokens))[::-1])
