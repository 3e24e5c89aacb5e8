"""64-bit hashes of whole sequences."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seqnet.core.alphabets import Alphabet
from seqnet.core.containers import drop_pages
from seqnet.core.processors import usable_processors
from seqnet.core.ragged import Ragged, chunks
from seqnet.core.threads import Threads, check_wanted

__all__ = ["mix", "reverse_complements", "sequence_hashes"]

_CHUNK = 1 << 20
_PART = 1 << 22
"""Maximum tokens of one sequence that are hashed at once; a multiple of the word length."""
_BEHIND = 8
"""Number of earlier chunks that are removed from memory again after each chunk."""
_WORD = 8
_ROWS = 512
"""Minimum number of sequences of one length for hashing them column by column; with fewer, the calls cost more."""
_THREADS = 4
"""Maximum number of threads; each has a chunk in memory."""


def mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Returns well-mixed 64-bit numbers of the same shape; different inputs give different outputs.

    Source: the finaliser of SplitMix64, Steele et al. 2014, doi:10.1145/2660193.2660195.
    """
    mixed = values + np.uint64(0x9E3779B97F4A7C15)
    shifted = mixed >> np.uint64(30)
    mixed ^= shifted
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    np.right_shift(mixed, np.uint64(27), out=shifted)
    mixed ^= shifted
    mixed *= np.uint64(0x94D049BB133111EB)
    np.right_shift(mixed, np.uint64(31), out=shifted)
    mixed ^= shifted
    return mixed


def sequence_hashes(tokens: Ragged) -> NDArray[np.uint64]:
    """Returns a 64-bit hash (N,) uint64 of each of N token sequences.

    The hash is a sum of one pseudo-random number for each position and word of eight tokens, mixed with the length.
    Equal sequences have equal hashes. Different sequences collide with a probability of about 2⁻⁶⁴ per pair.
    """
    parts = list(chunks(tokens, _CHUNK))
    if len(parts) == 1:
        return _hashes(tokens)
    hashes = np.empty(len(tokens), dtype=np.uint64)

    def fill(bounds: tuple[int, int]) -> None:
        start, stop = bounds
        hashes[start:stop] = _hashes(tokens.slice(start, stop))
        # Earlier chunks are removed again, because reading a page may also load its neighbours into memory.
        behind = max(start - _BEHIND * (stop - start), 0)
        drop_pages(tokens.data[tokens.offsets[behind] : tokens.offsets[stop]])
        drop_pages(tokens.offsets[behind:stop])

    with Threads(min(usable_processors(), _THREADS)) as pool:
        for _ in pool.map(fill, parts):
            check_wanted()
    return hashes


def _hashes(tokens: Ragged) -> NDArray[np.uint64]:
    if len(tokens) == 1 and len(tokens.data) > _PART:
        return _hash_of_long(tokens.data)
    if len(tokens) >= _ROWS and tokens.rows is not None:
        return _hashes_of_rows(tokens.rows)
    counts = -(-tokens.lengths // _WORD)  # number of words of each sequence
    ends = np.cumsum(counts)
    place = np.arange(int(ends[-1]), dtype=np.int64) - np.repeat(ends - counts, counts)
    words = _words(tokens, place, counts)
    sums = np.concatenate([[np.uint64(0)], np.cumsum(mix(words ^ mix(place.astype(np.uint64))))])
    return mix(sums[ends] - sums[ends - counts] + tokens.lengths.astype(np.uint64))


def _hashes_of_rows(rows: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Returns the hashes (N,) uint64 of N sequences of equal length, rows (N, L) uint8, computed word by word."""
    count, length = rows.shape
    total = np.full(count, length, dtype=np.uint64)
    if length < _WORD:
        rows = np.concatenate([rows, np.zeros((count, _WORD - length), dtype=np.uint8)], axis=1)
    flat, width = rows.reshape(-1), rows.shape[1]
    for place, start in enumerate(range(0, length, _WORD)):
        # The last word ends at the end of the row. Tokens that it shares with the word before are shifted out.
        shared = max(start + _WORD - width, 0)
        words = np.ndarray(count, "<u8", flat.data, start - shared, (width,)) >> np.uint64(8 * shared)
        total += mix(words ^ mix(np.full(1, place, dtype=np.uint64)))
    return mix(total)


def _hash_of_long(tokens: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Returns the hash (1,) uint64 of one long sequence (L,) uint8, computed in parts."""
    total = np.zeros(1, dtype=np.uint64)
    for start in range(0, len(tokens), _PART):
        part = tokens[start : start + _PART]
        whole = Ragged.from_lengths(part, np.array([len(part)]))
        place = np.arange(-(-len(part) // _WORD), dtype=np.int64)
        words = _words(whole, place, np.array([len(place)]))
        total += np.sum(mix(words ^ mix((place + start // _WORD).astype(np.uint64))), dtype=np.uint64)
    return mix(total + np.uint64(len(tokens)))


def _words(tokens: Ragged, place: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Returns the words (W,) uint64 of all sequences; the last word of a sequence is padded with zeros.

    Args:
        tokens: N sequences.
        place: (W,) int64, index of each word in its sequence.
        counts: (N,) int64, number of words of each sequence.
    """
    padded = np.concatenate([tokens.data, np.zeros(_WORD, dtype=np.uint8)])
    # A word that starts at every byte.
    everywhere = np.ndarray(len(padded) - _WORD + 1, dtype="<u8", buffer=padded.data, strides=(1,))
    words = everywhere[np.repeat(tokens.offsets[:-1], counts) + _WORD * place]
    left = np.repeat(tokens.lengths, counts) - _WORD * place  # bytes from the start of the word to the sequence's end
    spare = np.uint64(8) * (_WORD - np.minimum(left, _WORD)).astype(np.uint64)
    masked: NDArray[np.uint64] = words & (np.uint64(2**64 - 1) >> spare)
    return masked


def reverse_complements(tokens: Ragged, alphabet: Alphabet) -> Ragged:
    """Returns the reverse complement of each of N token sequences.

    Raises:
        SettingError: the alphabet has no strands.
    """
    # Reversing all data at once reverses each sequence and also the order of the sequences.
    turned = Ragged(alphabet.complement[tokens.data[::-1]], tokens.offsets[-1] - tokens.offsets[::-1])
    return turned.take(np.arange(len(tokens))[::-1])
