"""Tokens of the protein alphabet → those of a language model."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from seqnet.core.alphabets import Alphabet
from seqnet.core.errors import SettingError

__all__ = ["check_protein_alphabet", "translation"]


def check_protein_alphabet(alphabet: Alphabet) -> None:
    """Checks that sequences are proteins.

    Raises:
        SettingError: they are not.
    """
    if alphabet.name != "protein":
        raise SettingError(
            "encoder.name", "plm", problem=f"plm needs protein sequences, not {alphabet.name}; use another encoder"
        )


def translation(alphabet: Alphabet, vocabulary: Mapping[str, int], unknown: int) -> NDArray[np.int64]:
    """Returns the table (T,) int64, token of the language model for each token of ours; padding is `unknown`.

    A symbol has the token of its own letter. A code that the vocabulary lacks (J in ESM) is any residue, X; the stop
    `*`, which is no residue, is unknown where the vocabulary lacks it, and so is X itself.

    Args:
        alphabet: ours, protein.
        vocabulary: letter → token of the language model.
        unknown: its token for what it does not know.

    Raises:
        ValueError: the vocabulary lacks one of the twenty amino acids.
    """
    missing = [symbol for symbol in alphabet.canonical if symbol not in vocabulary]
    if missing:
        raise ValueError("no token for " + ", ".join(missing))
    any_residue = vocabulary.get(alphabet.symbols[-1], unknown)
    table = [unknown] * alphabet.token_count
    for token, symbol in enumerate(alphabet.symbols, 1):
        # A code that stands for nothing is no residue.
        residue = symbol in alphabet.canonical or bool(alphabet.ambiguous[symbol])
        table[token] = vocabulary.get(symbol, any_residue if residue else unknown)
    return np.array(table, dtype=np.int64)
