"""64-bit hashes of whole sequences."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seqnet.core.alphabets import Alphabet
from seqnet.core.containers import leave
from seqnet.core.processors import usable_processors
from seqnet.core.records import Ragged, chunks
from seqnet.core.threads import Threads, check_wanted

__all__ = ["mix", "reverse_complements", "sequence_hashes"]

_CHUNK = 1 << 20
_PART = 1 << 22
"""Tokens of one sequence that are hashed at once; a multiple of a word."""
_BEHIND = 8
"""How many chunks that were hashed before are taken out of memory once more."""
_WORD = 8
_ROWS = 512
"""Sequences of one length from which their words are hashed column by column: of fewer, the calls take the time."""
_THREADS = 4
"""At most: each has a chunk of its own in memory."""


def mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Returns well-mixed 64-bit numbers of the same shape; different numbers stay different.

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

    A sum of one pseudo-random number per place and word of eight tokens, finished with the length: equal sequences have
    equal hashes, and unequal ones collide with probability about 2⁻⁶⁴ a pair.
    """
    parts = list(chunks(tokens, _CHUNK))
    if len(parts) == 1:
        return _hashes(tokens)
    hashes = np.empty(len(tokens), dtype=np.uint64)

    def fill(bounds: tuple[int, int]) -> None:
        start, stop = bounds
        hashes[start:stop] = _hashes(tokens.slice(start, stop))
        # With some before: to read a page may bring its neighbours into memory, too.
        behind = max(start - _BEHIND * (stop - start), 0)
        leave(tokens.data[tokens.offsets[behind] : tokens.offsets[stop]])
        leave(tokens.offsets[behind:stop])

    with Threads(min(usable_processors(), _THREADS)) as pool:
        for _ in pool.map(fill, parts):
            check_wanted()
    return hashes


def _hashes(tokens: Ragged) -> NDArray[np.uint64]:
    if len(tokens) == 1 and len(tokens.data) > _PART:
        return _hash_of_long(tokens.data)
    if len(tokens) >= _ROWS and tokens.rows is not None:
        return _hashes_of_rows(tokens.rows)
    counts = -(-tokens.lengths // _WORD)  # words of each sequence
    ends = np.cumsum(counts)
    place = np.arange(int(ends[-1]), dtype=np.int64) - np.repeat(ends - counts, counts)
    words = _words(tokens, place, counts)
    sums = np.concatenate([[np.uint64(0)], np.cumsum(mix(words ^ mix(place.astype(np.uint64))))])
    return mix(sums[ends] - sums[ends - counts] + tokens.lengths.astype(np.uint64))


def _hashes_of_rows(rows: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Returns the hashes (N,) uint64 of N sequences of one length, rows (N, L) uint8, word by word."""
    count, length = rows.shape
    total = np.full(count, length, dtype=np.uint64)
    if length < _WORD:
        rows = np.concatenate([rows, np.zeros((count, _WORD - length), dtype=np.uint8)], axis=1)
    flat, width = rows.reshape(-1), rows.shape[1]
    for place, start in enumerate(range(0, length, _WORD)):
        # The last word ends with the row; what it shares with the word before is shifted out.
        shared = max(start + _WORD - width, 0)
        words = np.ndarray(count, "<u8", flat.data, start - shared, (width,)) >> np.uint64(8 * shared)
        total += mix(words ^ mix(np.full(1, place, dtype=np.uint64)))
    return mix(total)


def _hash_of_long(tokens: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Returns the hash (1,) uint64 of one long sequence (L,) uint8, whose words are summed part by part."""
    total = np.zeros(1, dtype=np.uint64)
    for start in range(0, len(tokens), _PART):
        part = tokens[start : start + _PART]
        whole = Ragged.from_lengths(part, np.array([len(part)]))
        place = np.arange(-(-len(part) // _WORD), dtype=np.int64)
        words = _words(whole, place, np.array([len(place)]))
        total += np.sum(mix(words ^ mix((place + start // _WORD).astype(np.uint64))), dtype=np.uint64)
    return mix(total + np.uint64(len(tokens)))


def _words(tokens: Ragged, place: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Returns the words (W,) uint64 of all sequences; the last of a sequence is filled up with zeros.

    Args:
        tokens: N sequences.
        place: (W,) int64, number of each word in its sequence.
        counts: (N,) int64, words of each sequence.
    """
    padded = np.concatenate([tokens.data, np.zeros(_WORD, dtype=np.uint8)])
    # A word at every byte.
    everywhere = np.ndarray(len(padded) - _WORD + 1, dtype="<u8", buffer=padded.data, strides=(1,))
    words = everywhere[np.repeat(tokens.offsets[:-1], counts) + _WORD * place]
    room = np.repeat(tokens.lengths, counts) - _WORD * place  # bytes from the start of the word to the sequence's end
    spare = np.uint64(8) * (_WORD - np.minimum(room, _WORD)).astype(np.uint64)
    masked: NDArray[np.uint64] = words & (np.uint64(2**64 - 1) >> spare)
    return masked


def reverse_complements(tokens: Ragged, alphabet: Alphabet) -> Ragged:
    """Returns the other strand of each of N token sequences.

    Raises:
        SettingError: the alphabet has no strands.
    """
    # Read backwards as one, the sequences are their own reversals, the last one first.
    turned = Ragged(alphabet.complement[tokens.data[::-1]], tokens.offsets[-1] - tokens.offsets[::-1])
    return turned.take(np.arange(len(tokens))[::-1])
