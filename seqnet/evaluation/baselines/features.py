"""Sequence features of the baselines.

In: N token sequences. Out: features (N, D) float64. D is the same for all sequences of an alphabet.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seqnet.core.alphabets import Alphabet
from seqnet.core.kmers import kmer_frequencies
from seqnet.core.ragged import Ragged

__all__ = ["LONGEST_KMER", "composition_features", "kmer_features", "no_features"]

LONGEST_KMER = {"dna": 4, "rna": 4, "protein": 2}
"""Alphabet → k of the longest k-mers: a few hundred features, which a few thousand records can fit."""


def no_features(tokens: Ragged, alphabet: Alphabet) -> NDArray[np.float64]:
    """Returns no features, (N, 0) float64."""
    return np.empty((len(tokens), 0))


def composition_features(tokens: Ragged, alphabet: Alphabet) -> NDArray[np.float64]:
    """Returns the share of each canonical symbol and the log of the length, (N, K + 1) float64."""
    return np.column_stack([kmer_frequencies(tokens, alphabet, 1), np.log(np.maximum(tokens.lengths, 1))])


def kmer_features(tokens: Ragged, alphabet: Alphabet) -> NDArray[np.float64]:
    """Returns the share of each k-mer, for k from 1 to `LONGEST_KMER`, and the log of the length.

    The k-mers are those of the given strand. The features include those of `composition_features`, so this baseline is
    at least as informative.

    Returns:
        (N, K + K² + … + 1) float64: 341 for nucleotides, 421 for proteins.
    """
    longer = [kmer_frequencies(tokens, alphabet, k) for k in range(2, LONGEST_KMER[alphabet.name] + 1)]
    return np.column_stack([composition_features(tokens, alphabet), *longer])
