"""Sequences of independent symbols, and symbol frequencies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seqnet.core.alphabets import Alphabet
from seqnet.core.containers import drop_pages
from seqnet.core.ragged import Ragged, pieces

__all__ = ["composition", "symbol_counts", "symbol_frequencies", "uniform"]


_CHUNK = 1 << 22
_DRAWN = 1 << 20
"""Maximum number of symbols that are drawn at once; each takes many bytes during the draw."""


def symbol_counts(tokens: NDArray[np.uint8], alphabet: Alphabet) -> NDArray[np.float64]:
    """Returns the expected count of each canonical symbol in the tokens; counts of batches can be added.

    Args:
        tokens: (L,) uint8, without `INVALID`.
        alphabet: alphabet of the tokens; an ambiguity code counts as its mixture (R = ½A ½G), padding does not count.

    Returns:
        (K,) float64.
    """
    seen = np.zeros(alphabet.token_count)
    # `bincount` converts each token to eight bytes, which is too much for a whole dataset at once.
    for part in pieces(tokens, _CHUNK):
        seen += np.bincount(part, minlength=alphabet.token_count)
        drop_pages(part)
    return seen @ alphabet.mixture.astype(np.float64)  # (T,) @ (T, K) → (K,)


def symbol_frequencies(tokens: NDArray[np.uint8], alphabet: Alphabet) -> NDArray[np.float64]:
    """Returns the frequency (K,) float64 of each canonical symbol in tokens (L,) uint8; the sum is 1.

    Ambiguity codes count as in `symbol_counts`. If nothing can be counted, all symbols are equally frequent.
    """
    counts = symbol_counts(tokens, alphabet)
    total = counts.sum()
    return counts / total if total else np.full(alphabet.size, 1 / alphabet.size)


def uniform(
    positives: Ragged, alphabet: Alphabet, rng: np.random.Generator, frequencies: NDArray[np.float64]
) -> Ragged:
    """Returns N sequences of independent, equally likely canonical symbols.

    See `negatives.NegativeGenerator`; `frequencies` (K,) float64 are not used. The sequences do not depend on the
    batches that a stream of positives is divided into.
    """
    return composition(positives, alphabet, rng, np.full(alphabet.size, 1 / alphabet.size))


def composition(
    positives: Ragged, alphabet: Alphabet, rng: np.random.Generator, frequencies: NDArray[np.float64]
) -> Ragged:
    """Returns N sequences of independent canonical symbols with the given `frequencies` (K,) float64.

    See `negatives.NegativeGenerator`. The sequences do not depend on the batches that a stream of positives is divided
    into: each symbol takes one number from `rng`.
    """
    tokens = np.empty(len(positives.data), dtype=np.uint8)
    for part in pieces(tokens, _DRAWN):
        part[:] = rng.choice(alphabet.size, size=len(part), p=frequencies) + 1
    return Ragged(tokens, positives.offsets)
