"""Translates record batches to tokens and gives each record a status.

In: a RecordBatch (symbols). Out: `Tokenized` (tokens, status), one row per record. `encode` and `predict` both use it:
`encode` refuses, skips or masks unusable records, `predict` reports them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.core.alphabets import INVALID, Alphabet, can_not_be, guess_alphabet, is_gap
from seqnet.core.errors import AlphabetMismatchError, SymbolError
from seqnet.core.records import Ragged, RecordBatch

__all__ = [
    "ENOUGH_SYMBOLS",
    "RecordStatus",
    "SymbolSample",
    "Tokenized",
    "check_alphabet",
    "first_invalid",
    "sample_symbols",
    "tokenize",
    "uncovered",
    "window_spans",
]

ENOUGH_SYMBOLS = 30
"""Minimum number of symbols for refusing a file because of its alphabet, or for a warning."""
_SAMPLE_SYMBOLS = 1 << 18
"""Number of symbols at the start of a file that are used to guess its alphabet."""


class RecordStatus(IntEnum):
    """Status of a record; its name in lower case is written to the `status` column.

    Records with an unusual status are also classified. They are unlike the training sequences.
    """

    OK = 0
    EMPTY = 1
    INVALID_SYMBOL = 2
    TOO_SHORT = 3
    UNUSUAL_LENGTH = 4
    UNUSUAL_COMPOSITION = 5
    ALL_AMBIGUOUS = 6
    MISSING = 7
    NO_PREDICTION = 8

    @property
    def word(self) -> str:
        """Text in the `status` column."""
        return self.name.lower()

    @property
    def classified(self) -> bool:
        """Whether the record has a prediction."""
        return self is RecordStatus.OK or self.unusual

    @property
    def unusual(self) -> bool:
        """Whether the record has a prediction but is unlike the training sequences."""
        return self in (RecordStatus.UNUSUAL_LENGTH, RecordStatus.UNUSUAL_COMPOSITION)


@dataclass(frozen=True)
class Tokenized:
    """Tokens of a batch.

    Attributes:
        tokens: N token sequences; `INVALID` for a symbol outside the alphabet.
        status: (N,) uint8, `RecordStatus` of each record.
        masked: number of unknown symbols that were masked.
        stops: number of sequences whose final stop was removed; gene callers write it, but it is not a residue.
    """

    tokens: Ragged
    status: NDArray[np.uint8]
    masked: int = 0
    stops: int = 0


def tokenize(
    symbols: Ragged, alphabet: Alphabet, *, mask: bool = False, missing: NDArray[np.bool_] | None = None
) -> Tokenized:
    """Returns the tokens and status of N sequences of symbols.

    Args:
        symbols: N sequences.
        alphabet: alphabet of the symbols.
        mask: whether to replace symbols outside the alphabet, except for gaps, by the code for any symbol (N or X).
        missing: (N,) bool, whether the file marks the sequence as missing; None if no sequence is missing.
    """
    symbols, stops = _without_stops(symbols, alphabet.stop)
    tokens = Ragged(alphabet.encode(symbols.data), symbols.offsets)
    status = np.where(tokens.lengths == 0, np.uint8(RecordStatus.EMPTY), np.uint8(RecordStatus.OK))
    if missing is not None:
        status[missing] = RecordStatus.MISSING
    invalid = tokens.data == INVALID  # (ΣL,)
    masked = 0
    if mask and invalid.any():
        gaps = is_gap(symbols.data)  # gaps are not residues and must not become one
        tokens.data[invalid & ~gaps] = alphabet.mask_token
        masked = int(np.count_nonzero(invalid & ~gaps))
        invalid &= gaps
    if invalid.any():
        status[tokens.any_of(invalid)] = RecordStatus.INVALID_SYMBOL
    return Tokenized(tokens, status, masked, stops)


def _without_stops(symbols: Ragged, stop: str) -> tuple[Ragged, int]:
    """Returns N sequences without a final stop, and the number of removed stops."""
    if not stop:
        return symbols, 0
    ended = np.flatnonzero(symbols.lengths)
    ended = ended[symbols.data[symbols.offsets[1:][ended] - 1] == ord(stop)]
    if not len(ended):
        return symbols, 0
    lengths = symbols.lengths.copy()
    lengths[ended] -= 1
    return Ragged.from_lengths(np.delete(symbols.data, symbols.offsets[1:][ended] - 1), lengths), len(ended)


def first_invalid(path: str, batch: RecordBatch, tokens: Ragged, alphabet: Alphabet) -> SymbolError:
    """Returns the error for the first symbol of the batch that is outside the alphabet."""
    position = int(np.argmax(tokens.data == INVALID))
    record = int(np.searchsorted(tokens.offsets, position, side="right")) - 1
    place = position - int(tokens.offsets[record])
    symbol = chr(batch.symbols.data[batch.symbols.offsets[record] + place])
    name = batch.names[record].decode(errors="replace")
    return SymbolError(path, name, place + 1, symbol, alphabet.name)


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
        raise AlphabetMismatchError(path, found, name, f"give {name} sequences, or say --alphabet {name} if these are")
    return found


def window_spans(
    lengths: NDArray[np.int64], window: int, stride: int, most: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yields all complete windows of N sequences, at most `most` at a time.

    Args:
        lengths: (N,) int64.
        window: length of a window.
        stride: distance between the starts of neighbouring windows.
        most: maximum number of windows per result, because the windows at every position of a chromosome take much
            memory.

    Yields:
        sequence index (W,) int64 and start (W,) int64 of each window.
    """
    ends = np.cumsum(_window_counts(lengths, window, stride))  # (N,)
    total = int(ends[-1]) if len(ends) else 0
    for first in range(0, total, most):
        number = np.arange(first, min(first + most, total), dtype=np.int64)
        sequence = np.searchsorted(ends, number, side="right")
        begin = np.where(sequence > 0, ends[sequence - 1], 0)
        yield sequence, (number - begin) * stride


def uncovered(lengths: NDArray[np.int64], window: int, stride: int) -> NDArray[np.int64]:
    """Returns the number (N,) int64 of symbols at the end of each sequence outside all windows; see `window_spans`."""
    counts = _window_counts(lengths, window, stride)
    return lengths - np.where(counts > 0, (counts - 1) * stride + window, 0)


def _window_counts(lengths: NDArray[np.int64], window: int, stride: int) -> NDArray[np.int64]:
    return np.maximum((lengths - window) // stride + 1, 0)
