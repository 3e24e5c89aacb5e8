"""Translation of tokens of the protein alphabet to tokens of a language model."""

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
        SettingError: they are not proteins.
    """
    if alphabet.name != "protein":
        raise SettingError(
            "encoder.name", "plm", problem=f"plm needs protein sequences, not {alphabet.name}; use another encoder"
        )


def translation(alphabet: Alphabet, vocabulary: Mapping[str, int], unknown: int) -> NDArray[np.int64]:
    """Returns the table (T,) int64: the language model's token for each token of seqnet; padding is `unknown`.

    A symbol has the token of its letter. A code that is not in the vocabulary (J in ESM) has that of any residue, X.
    The stop `*`, which is not a residue, and X itself have `unknown` if they are not in the vocabulary.

    Args:
        alphabet: the protein alphabet of seqnet.
        vocabulary: letter → token of the language model.
        unknown: the language model's token for unknown symbols.

    Raises:
        ValueError: one of the twenty amino acids is not in the vocabulary.
    """
    missing = [symbol for symbol in alphabet.canonical if symbol not in vocabulary]
    if missing:
        raise ValueError("no token for " + ", ".join(missing))
    any_residue = vocabulary.get(alphabet.symbols[-1], unknown)
    table = [unknown] * alphabet.token_count
    for token, symbol in enumerate(alphabet.symbols, 1):
        # A code without canonical symbols is not a residue.
        residue = symbol in alphabet.canonical or bool(alphabet.ambiguous[symbol])
        table[token] = vocabulary.get(symbol, any_residue if residue else unknown)
    return np.array(table, dtype=np.int64)
