"""Which alphabet the first sequences of a file are of, and whether that is the expected one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.core.alphabets import Alphabet, alphabet, can_not_be, guess_alphabet, is_ambiguous
from seqnet.core.errors import AlphabetMismatchError, FormatError
from seqnet.core.records import RecordBatch

__all__ = ["ENOUGH_SYMBOLS", "SymbolSample", "agreed_alphabet", "check_alphabet", "sample_symbols"]

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


def agreed_alphabet(path: str, symbols: NDArray[np.uint8], known: Alphabet | None) -> Alphabet:
    """Returns the alphabet of a dataset after reading the start of one more file.

    The first file with sequences decides the alphabet. A later file that looks different is refused.

    Args:
        path: the file, for messages.
        symbols: (S,) uint8, the first symbols of the file.
        known: alphabet of the files before it; None if it is the first.

    Raises:
        AlphabetMismatchError: the file looks like another alphabet than the files before it.
        FormatError: the file looks like no alphabet, or may be either nucleotides or protein.
    """
    if known is not None and (doubt := check_alphabet(path, symbols, known)):
        remedy = f"use --alphabet {known.name} if all inputs are {known.name}, or --alphabet {doubt}"
        raise AlphabetMismatchError(path, doubt, known.name, remedy)
    if known is not None and (known.name == "protein" or len(symbols) < ENOUGH_SYMBOLS):
        return known
    guess = guess_alphabet(symbols)
    if is_ambiguous(symbols):
        problem = "the sequences could be protein, or nucleotides with many ambiguity codes"
        raise FormatError(problem, "use --alphabet protein or --alphabet dna", path=path)
    if known is None and guess is None:
        problem = "the sequences do not look like DNA, RNA or protein"
        raise FormatError(problem, "name the alphabet with --alphabet", path=path)
    return known or alphabet(str(guess))
