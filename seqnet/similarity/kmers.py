"""The k-mers of each sequence as a set of 64-bit numbers.

A k-mer that occurs m times in a sequence gives m different elements, labelled with the number of the occurrence. So
repeats count as often as they occur, and n(A) is the number of k-mers of a sequence. A poly-A read shares with another
sequence only as many k-mers as both have. DNA k-mers are canonical: a k-mer and its reverse complement are equal, so a
read equals its reverse complement.

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
from seqnet.core.ragged import Ragged, chunks
from seqnet.similarity.hashing import mix, reverse_complements, sequence_hashes

__all__ = ["KmerSets", "kmer_sets"]

# Number of bits of an element; the other bits hold the number of the sequence in its chunk during sorting.
_BITS = 48
_CHUNK_RECORDS = 1 << (64 - _BITS)
# Temporary arrays of a chunk fit into the processor's cache. Larger chunks take several times as long.
_CHUNK_SYMBOLS = 1 << 16


@dataclass(frozen=True)
class KmerSets:
    """N sets of hashed k-mers.

    Attributes:
        elements: (ΣE,) uint64 below 2⁴⁸, uniformly distributed, ascending and distinct within each set.
        offsets: (N + 1,) int64; set i is `elements[offsets[i]:offsets[i + 1]]`; no set is empty.
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
    """Returns the sets of k-mers of N token sequences.

    K-mers with a symbol that is not canonical (N, X, R, …) are left out. The only element of a sequence without k-mers
    is the sequence itself, so that it is similar only to equal sequences.

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
    """Returns the elements (ΣE,) uint64 of a few sequences, and the number (N,) int64 of elements of each."""
    codes, sequence = kmer_codes(part, alphabet, k, both_strands=alphabet.has_strands)
    bare = np.flatnonzero(np.bincount(sequence, minlength=len(part)) == 0)
    whole = _either_strand(part.take(bare), alphabet)
    # The mark distinguishes a whole sequence from k-mers with the same number.
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
        # A rare collision of labelled elements would give the same element twice.
        keys = keys[np.concatenate([[True], keys[1:] != keys[:-1]])]
    sizes = np.bincount((keys >> np.uint64(_BITS)).astype(np.int64), minlength=len(part))
    return keys & np.uint64((1 << _BITS) - 1), sizes


def _occurrence(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Returns the number of equal keys before each key (M,) uint64; keys (M,) are sorted."""
    place = np.arange(len(keys))
    first = np.concatenate([[True], keys[1:] != keys[:-1]])[: len(keys)]
    return (place - np.maximum.accumulate(np.where(first, place, 0))).astype(np.uint64)


def _either_strand(tokens: Ragged, alphabet: Alphabet) -> NDArray[np.uint64]:
    """Returns a hash (N,) uint64 of each sequence; if there are strands, a reverse complement has the same hash."""
    hashes = sequence_hashes(tokens)
    if not alphabet.has_strands:
        return hashes
    return np.minimum(hashes, sequence_hashes(reverse_complements(tokens, alphabet)))
