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

from seqnet.core.alphabets import INVALID, Alphabet, is_gap
from seqnet.core.errors import SymbolError
from seqnet.core.ragged import Ragged, pieces

__all__ = [
    "InvalidSymbol",
    "RecordStatus",
    "Tokenized",
    "tokenize",
    "uncovered",
    "window_starts",
]

_PIECE = 1 << 22
"""Number of tokens that are checked at once; an array of truth values for all would be as large as the tokens."""


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


class InvalidSymbol(NamedTuple):
    """A symbol outside the alphabet.

    Attributes:
        record: index of its record in the batch.
        position: 0-based position in the sequence.
        symbol: the character.
    """

    record: int
    position: int
    symbol: str

    def error(self, path: str, names: Ragged, alphabet: Alphabet) -> SymbolError:
        """Returns the error for it; `names` are those of the N records of its batch."""
        name = names[self.record].decode(errors="replace")
        return SymbolError(path, name, self.position + 1, self.symbol, alphabet.name)


@dataclass(frozen=True)
class Tokenized:
    """Tokens of a batch.

    Attributes:
        tokens: N token sequences; `INVALID` for a symbol outside the alphabet.
        status: (N,) uint8, `RecordStatus` of each record.
        invalid: the first symbol outside the alphabet; None if there is none, or they are masked.
        masked: number of unknown symbols that were masked.
        stops: number of sequences whose final stop was removed; gene callers write it, but it is not a residue.
    """

    tokens: Ragged
    status: NDArray[np.uint8]
    invalid: InvalidSymbol | None = None
    masked: int = 0
    stops: int = 0


def tokenize(
    symbols: Ragged,
    alphabet: Alphabet,
    *,
    mask: bool = False,
    missing: NDArray[np.bool_] | None = None,
    shortest: int | None = None,
) -> Tokenized:
    """Returns the tokens and status of N sequences of symbols.

    Args:
        symbols: N sequences.
        alphabet: of the symbols.
        mask: whether a symbol outside the alphabet is treated like N or X; gaps of alignments are not.
        missing: (N,) bool, which sequences are missing values of a table; None if there are none.
        shortest: minimum number of symbols for a model; shorter sequences, and those without any canonical symbol, get
            a status that says so. None without a model.
    """
    symbols, stops = _without_stops(symbols, alphabet.stop)
    tokens = Ragged(alphabet.encode(symbols.data), symbols.offsets)
    status = np.where(tokens.lengths == 0, np.uint8(RecordStatus.EMPTY), np.uint8(RecordStatus.OK))
    if missing is not None:
        status[missing] = RecordStatus.MISSING
    invalid, masked, start = None, 0, 0
    for piece in pieces(tokens.data, _PIECE):
        unknown = piece == INVALID
        if mask and unknown.any():
            gaps = is_gap(symbols.data[start : start + len(piece)])  # no symbols, so that they must not become one
            piece[unknown & ~gaps] = alphabet.mask_token
            masked += int(np.count_nonzero(unknown & ~gaps))
            unknown &= gaps
        if unknown.any():
            places = start + np.flatnonzero(unknown)
            status[np.searchsorted(tokens.offsets, places, side="right") - 1] = RecordStatus.INVALID_SYMBOL
            invalid = invalid or _symbol_at(int(places[0]), symbols)
        start += len(piece)
    if shortest is not None:
        status[(tokens.lengths < shortest) & (status == RecordStatus.OK)] = RecordStatus.TOO_SHORT
        status[_all_ambiguous(tokens, alphabet) & (status == RecordStatus.OK)] = RecordStatus.ALL_AMBIGUOUS
    return Tokenized(tokens, status, invalid, masked, stops)


def _symbol_at(place: int, symbols: Ragged) -> InvalidSymbol:
    """Returns the symbol at a place of the data of N sequences."""
    record = int(np.searchsorted(symbols.offsets, place, side="right")) - 1
    return InvalidSymbol(record, place - int(symbols.offsets[record]), _character(symbols.data[place : place + 4]))


def _character(data: NDArray[np.uint8]) -> str:
    """Returns the first character of bytes (B,) uint8: of UTF-8, else of Latin-1."""
    for count in range(1, len(data) + 1):
        try:
            return data[:count].tobytes().decode()
        except UnicodeDecodeError:
            continue
    return chr(data[0])


def _all_ambiguous(tokens: Ragged, alphabet: Alphabet) -> NDArray[np.bool_]:
    """Returns which (N,) bool of N token sequences have no canonical symbol, so that a prediction has no meaning."""
    if not len(tokens.data) or tokens.data.max() <= alphabet.size:
        return np.zeros(len(tokens), dtype=bool)
    ambiguous = np.ones(len(tokens), dtype=bool)
    filled = np.flatnonzero(tokens.lengths)
    ambiguous[filled] = np.minimum.reduceat(tokens.data, tokens.offsets[filled]) > alphabet.size
    return ambiguous


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


def window_starts(
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
    """Returns the number (N,) int64 of symbols at the end of each sequence outside all windows; see `window_starts`."""
    counts = _window_counts(lengths, window, stride)
    return lengths - np.where(counts > 0, (counts - 1) * stride + window, 0)


def _window_counts(lengths: NDArray[np.int64], window: int, stride: int) -> NDArray[np.int64]:
    return np.maximum((lengths - window) // stride + 1, 0)
