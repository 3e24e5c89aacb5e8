"""Sequences of independent symbols, and the frequencies to draw them with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seqnet.core.alphabets import Alphabet
from seqnet.core.containers import leave
from seqnet.core.records import Ragged, pieces

__all__ = ["composition", "symbol_counts", "symbol_frequencies", "uniform"]


_CHUNK = 1 << 22
_DRAWN = 1 << 20
"""Symbols that are drawn at once; each takes many bytes meanwhile."""


def symbol_counts(tokens: NDArray[np.uint8], alphabet: Alphabet) -> NDArray[np.float64]:
    """Returns how often each canonical symbol is expected in the tokens; counts of batches add up.

    Args:
        tokens: (L,) uint8, without `INVALID`.
        alphabet: an ambiguity code counts as its mixture (R = ½A ½G); padding counts nothing.

    Returns:
        (K,) float64.
    """
    seen = np.zeros(alphabet.token_count)
    # Counting widens every token to eight bytes, which a whole dataset at once has no room for.
    for part in pieces(tokens, _CHUNK):
        seen += np.bincount(part, minlength=alphabet.token_count)
        leave(part)
    return seen @ alphabet.mixture.astype(np.float64)  # (T,) @ (T, K) → (K,)


def symbol_frequencies(tokens: NDArray[np.uint8], alphabet: Alphabet) -> NDArray[np.float64]:
    """Returns the frequency (K,) float64 of each canonical symbol in tokens (L,) uint8; they sum to 1.

    Ambiguity codes count as in `symbol_counts`. Where there is nothing to count, all symbols are equally frequent.
    """
    counts = symbol_counts(tokens, alphabet)
    total = counts.sum()
    return counts / total if total else np.full(alphabet.size, 1 / alphabet.size)


def uniform(
    positives: Ragged, alphabet: Alphabet, rng: np.random.Generator, frequencies: NDArray[np.float64]
) -> Ragged:
    """Returns N sequences of independent canonical symbols, all equally likely.

    See `negatives.NegativeGenerator`; `frequencies` (K,) float64 play no part. The sequences do not depend on how a
    stream of positives is cut into batches.
    """
    return composition(positives, alphabet, rng, np.full(alphabet.size, 1 / alphabet.size))


def composition(
    positives: Ragged, alphabet: Alphabet, rng: np.random.Generator, frequencies: NDArray[np.float64]
) -> Ragged:
    """Returns N sequences of independent canonical symbols with the given `frequencies` (K,) float64.

    See `negatives.NegativeGenerator`. The sequences do not depend on how a stream of positives is cut into batches:
    each symbol takes one number from `rng`.
    """
    tokens = np.empty(len(positives.data), dtype=np.uint8)
    for part in pieces(tokens, _DRAWN):
        part[:] = rng.choice(alphabet.size, size=len(part), p=frequencies) + 1
    return Ragged(tokens, positives.offsets)
