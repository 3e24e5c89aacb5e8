"""The k-mers of each sequence as a set of 64-bit numbers.

A k-mer that occurs m times in a sequence is m elements of its set, told apart by their number. So repeats count as
often as they occur, n(A) is the number of k-mers of a sequence, and a read of one base only shares with another what
both have. DNA is canonical: a k-mer and its reverse complement are one, and a read is the same as its other strand.

Source: Broder 1997, doi:10.1109/SEQUEN.1997.666900, where these are labelled shingles.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from seqnet.core.alphabets import Alphabet
from seqnet.core.errors import SettingError
from seqnet.core.kmers import kmer_codes
from seqnet.core.records import Ragged, chunks
from seqnet.similarity.hashing import mix, reverse_complements, sequence_hashes

__all__ = ["KmerSets", "kmer_sets"]

# An element has so many bits; the rest holds the number of its sequence within a chunk while elements are sorted.
_BITS = 48
_CHUNK_RECORDS = 1 << (64 - _BITS)
# What is made of a chunk stays in the processor's cache: larger ones take several times as long.
_CHUNK_SYMBOLS = 1 << 16


@dataclass(frozen=True)
class KmerSets:
    """N sets of hashed k-mers.

    Attributes:
        elements: (ΣE,) uint64 below 2⁴⁸, uniformly spread, ascending within each set; none twice in a set.
        offsets: (N + 1,) int64, set i is `elements[offsets[i]:offsets[i + 1]]`; none is empty.
        k: length of the k-mers.
    """

    elements: NDArray[np.uint64]
    offsets: NDArray[np.int64]
    k: int

    BITS = _BITS

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """(N,) int64, number of elements of each set."""
        return np.diff(self.offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1


def kmer_sets(tokens: Ragged, alphabet: Alphabet, k: int) -> KmerSets:
    """Returns the k-mers of each of N token sequences.

    K-mers with a symbol that is not canonical (N, X, R, …) are left out. A sequence without any k-mer has itself, as a
    whole, for its one element, so that it is like itself alone.

    Raises:
        SettingError: a k-mer of this length does not fit into 64 bits.
    """
    if k < 1 or alphabet.size**k > 1 << 64:
        raise SettingError("kmer", k, f"1 to {int(64 / np.log2(alphabet.size))} for {alphabet.name}")
    elements, sizes = [], []
    for start, stop in chunks(tokens, _CHUNK_SYMBOLS, _CHUNK_RECORDS):
        part_elements, part_sizes = _chunk(tokens.slice(start, stop), alphabet, k)
        elements.append(part_elements)
        sizes.append(part_sizes)
    offsets = np.concatenate([[0], np.cumsum(np.concatenate([np.empty(0, np.int64), *sizes]))]).astype(np.int64)
    return KmerSets(np.concatenate([np.empty(0, np.uint64), *elements]), offsets, k)


def _chunk(part: Ragged, alphabet: Alphabet, k: int) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Returns the elements (ΣE,) uint64 of few sequences, and their number (N,) int64 in each."""
    codes, sequence = kmer_codes(part, alphabet, k, both_strands=alphabet.has_strands)
    bare = np.flatnonzero(np.bincount(sequence, minlength=len(part)) == 0)
    whole = _either_strand(part.take(bare), alphabet)
    # The mark keeps a whole sequence apart from k-mers that are written as the same number.
    hashes = np.concatenate([mix(codes), mix(whole ^ np.uint64(0x5EA1))]) >> np.uint64(64 - _BITS)
    keys = np.concatenate([sequence, bare]).astype(np.uint64) << np.uint64(_BITS) | hashes
    keys.sort()
    repeat = _occurrence(keys)
    again = np.flatnonzero(repeat)
    if len(again):
        mask = np.uint64((1 << _BITS) - 1)
        labelled = mix((keys[again] & mask) ^ (repeat[again] << np.uint64(_BITS))) >> np.uint64(64 - _BITS)
        keys[again] = (keys[again] & ~mask) | labelled
        keys.sort()
        # A rare collision of labelled elements would be an element twice.
        keys = keys[np.concatenate([[True], keys[1:] != keys[:-1]])]
    sizes = np.bincount((keys >> np.uint64(_BITS)).astype(np.int64), minlength=len(part))
    return keys & np.uint64((1 << _BITS) - 1), sizes


def _occurrence(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Returns how many equal keys stand before each (M,) uint64 of the sorted keys (M,)."""
    place = np.arange(len(keys))
    first = np.concatenate([[True], keys[1:] != keys[:-1]])[: len(keys)]
    return (place - np.maximum.accumulate(np.where(first, place, 0))).astype(np.uint64)


def _either_strand(tokens: Ragged, alphabet: Alphabet) -> NDArray[np.uint64]:
    """Returns a hash (N,) uint64 of each sequence that is that of its reverse complement, where there are strands."""
    hashes = sequence_hashes(tokens)
    if not alphabet.has_strands:
        return hashes
    return np.minimum(hashes, sequence_hashes(reverse_complements(tokens, alphabet)))
