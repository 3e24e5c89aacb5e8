"""Record batches → tokens, with a word for every record that can't be used.

RecordBatch (symbols) → `Tokenized` (tokens, status), one row per record: the same step for `encode`, which refuses,
skips or masks what it can't read, and for `predict`, which reports it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.core.alphabets import INVALID, Alphabet
from seqnet.core.errors import SymbolError
from seqnet.core.records import Ragged

__all__ = [
    "InvalidSymbol",
    "RecordStatus",
    "Tokenized",
    "tokenize",
    "uncovered",
    "window_spans",
]


class RecordStatus(IntEnum):
    """What became of a record; its name in lower case is the word in the `status` column.

    The unusual ones are classified, too: they are unlike what the model was trained on.
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
        """The word in the `status` column."""
        return self.name.lower()

    @property
    def classified(self) -> bool:
        """Whether there is a prediction."""
        return self is RecordStatus.OK or self.unusual

    @property
    def unusual(self) -> bool:
        """Whether there is a prediction for what is unlike the training sequences."""
        return self in (RecordStatus.UNUSUAL_LENGTH, RecordStatus.UNUSUAL_COMPOSITION)


class InvalidSymbol(NamedTuple):
    """A symbol that the alphabet does not know.

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
        tokens: N sequences of tokens; `INVALID` where the alphabet does not know the symbol.
        status: (N,) uint8, `RecordStatus` of each record.
        invalid: the first symbol that the alphabet does not know; None where there is none, or they are masked.
        masked: how many symbols that the alphabet does not know were taken for any symbol.
        stops: how many sequences ended in a stop, which is left out: gene callers write it, and it is no residue.
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
        mask: whether a symbol that the alphabet does not know is taken for any symbol, as an N or X is.
        missing: (N,) bool, where a table says that there is no sequence; None where it says so nowhere.
        shortest: fewest symbols that a model takes: shorter sequences, and those without any canonical symbol, have a
            status that says so. None where no model is asked.
    """
    symbols, stops = _without_stops(symbols, alphabet.stop)
    tokens = Ragged(alphabet.encode(symbols.data), symbols.offsets)
    status = np.where(tokens.lengths == 0, np.uint8(RecordStatus.EMPTY), np.uint8(RecordStatus.OK))
    if missing is not None:
        status[missing] = RecordStatus.MISSING
    unknown = tokens.data == INVALID  # (ΣL,)
    invalid, masked = None, 0
    if mask:
        tokens.data[unknown] = alphabet.mask_token
        masked = int(np.count_nonzero(unknown))
    elif unknown.any():
        status[tokens.any_of(unknown)] = RecordStatus.INVALID_SYMBOL
        invalid = _symbol_at(int(np.argmax(unknown)), symbols)
    if shortest is not None:
        status[(tokens.lengths < shortest) & (status == RecordStatus.OK)] = RecordStatus.TOO_SHORT
        status[_all_ambiguous(tokens, alphabet) & (status == RecordStatus.OK)] = RecordStatus.ALL_AMBIGUOUS
    return Tokenized(tokens, status, invalid, masked, stops)


def _symbol_at(place: int, symbols: Ragged) -> InvalidSymbol:
    """Returns the symbol at a place of the data of N sequences."""
    record = int(np.searchsorted(symbols.offsets, place, side="right")) - 1
    return InvalidSymbol(record, place - int(symbols.offsets[record]), chr(symbols.data[place]))


def _all_ambiguous(tokens: Ragged, alphabet: Alphabet) -> NDArray[np.bool_]:
    """Returns which (N,) bool of N token sequences have no canonical symbol: a prediction would be of nothing."""
    if not len(tokens.data) or tokens.data.max() <= alphabet.size:
        return np.zeros(len(tokens), dtype=bool)
    return ~tokens.any_of(tokens.data <= alphabet.size)


def _without_stops(symbols: Ragged, stop: str) -> tuple[Ragged, int]:
    """Returns N sequences without the stop that ends some of them, and how many these are."""
    if not stop:
        return symbols, 0
    ended = np.flatnonzero(symbols.lengths)
    ended = ended[symbols.data[symbols.offsets[1:][ended] - 1] == ord(stop)]
    if not len(ended):
        return symbols, 0
    lengths = symbols.lengths.copy()
    lengths[ended] -= 1
    return Ragged.from_lengths(np.delete(symbols.data, symbols.offsets[1:][ended] - 1), lengths), len(ended)


def window_spans(
    lengths: NDArray[np.int64], window: int, stride: int, most: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yields the whole windows of N sequences, `most` of them at a time.

    Args:
        lengths: (N,) int64.
        window: length of a window.
        stride: distance between the starts of neighbouring windows.
        most: windows, at most, that are yielded together: those at every position of a chromosome take much memory.

    Yields:
        sequence (W,) int64 that each window is cut from, and start (W,) int64 in that sequence.
    """
    ends = np.cumsum(_window_counts(lengths, window, stride))  # (N,)
    total = int(ends[-1]) if len(ends) else 0
    for first in range(0, total, most):
        number = np.arange(first, min(first + most, total), dtype=np.int64)
        sequence = np.searchsorted(ends, number, side="right")
        begin = np.where(sequence > 0, ends[sequence - 1], 0)
        yield sequence, (number - begin) * stride


def uncovered(lengths: NDArray[np.int64], window: int, stride: int) -> NDArray[np.int64]:
    """Returns how many (N,) int64 symbols at the end of N sequences no whole window covers; see `window_spans`."""
    counts = _window_counts(lengths, window, stride)
    return lengths - np.where(counts > 0, (counts - 1) * stride + window, 0)


def _window_counts(lengths: NDArray[np.int64], window: int, stride: int) -> NDArray[np.int64]:
    return np.maximum((lengths - window) // stride + 1, 0)
