"""Which alphabet the first sequences of a file are of, and whether that is the expected one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.core.alphabets import Alphabet, can_not_be, guess_alphabet
from seqnet.core.errors import AlphabetMismatchError
from seqnet.core.records import RecordBatch

__all__ = ["ENOUGH_SYMBOLS", "SymbolSample", "check_alphabet", "sample_symbols"]

ENOUGH_SYMBOLS = 30
"""Minimum number of symbols for refusing a file because of its alphabet, or for a warning."""
_SAMPLE_SYMBOLS = 1 << 18
"""Number of symbols at the start of a file that are used to guess its alphabet."""


class SymbolSample(NamedTuple):
    """The start of a file.

    Attributes:
        batches: the first records.
        symbols: (L,) uint8, the first symbols; they do not depend on the division into batches.
    """

    batches: list[RecordBatch]
    symbols: NDArray[np.uint8]


def sample_symbols(batches: Iterator[RecordBatch]) -> SymbolSample:
    """Reads from the batches of a file until there are enough symbols to guess the alphabet, and returns them."""
    held: list[RecordBatch] = []
    missing = _SAMPLE_SYMBOLS
    while missing > 0 and (batch := next(batches, None)) is not None:
        held.append(batch)
        missing -= len(batch.symbols.data)
    symbols = [batch.symbols.data[:_SAMPLE_SYMBOLS] for batch in held]
    return SymbolSample(held, np.concatenate(symbols)[:_SAMPLE_SYMBOLS] if held else np.empty(0, np.uint8))


def check_alphabet(path: str, symbols: NDArray[np.uint8], expected: Alphabet) -> str | None:
    """Returns the alphabet that the first symbols of a file look like, if it may also be the expected one.

    Args:
        path: the file, for error messages.
        symbols: (L,) uint8.
        expected: the expected alphabet.

    Returns:
        None if the symbols look like the expected alphabet, or are too few to decide.

    Raises:
        AlphabetMismatchError: the symbols surely have another alphabet.
    """
    if len(symbols) < ENOUGH_SYMBOLS:
        return None
    found = guess_alphabet(symbols)
    if found is None or found == expected.name:
        return None
    # RNA may be written with T (cDNA notation), so reads that look like DNA are accepted for an RNA model.
    if expected.name == "rna" and found == "dna":
        return None
    if can_not_be(symbols, expected):
        name = expected.name
        raise AlphabetMismatchError(path, found, name, f"give {name} sequences, or use --alphabet {name} if these are")
    return found
