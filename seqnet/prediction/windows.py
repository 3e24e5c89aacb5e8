"""Records of a batch → pieces with many windows each, and the windows of a piece that can be scored.

Windows of a record start at 0, `stride`, 2 · `stride` and so on. Only complete windows are scored.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from seqnet.core.alphabets import INVALID, Alphabet, is_gap
from seqnet.core.errors import SettingError
from seqnet.core.ragged import Ragged
from seqnet.datasets.tokenizing import InvalidSymbol, RecordStatus, window_starts
from seqnet.models.bundles import Bundle

__all__ = [
    "Grid",
    "SequencePiece",
    "Tokens",
    "WindowStatus",
    "grid_of",
    "lengths_without_stops",
    "pieces_of",
    "window_count",
    "window_tokens",
]

_SYMBOLS = 1 << 20
"""Maximum number of start positions of the windows of a piece."""
_WINDOWS = 1 << 15
"""Maximum windows of a piece."""
_COPIED = 1 << 22
"""Maximum symbols of all windows of a piece together, each counted as often as it is in a window."""


class WindowStatus(IntEnum):
    """Why a window has no score; `SCORED` if it has one."""

    SCORED = 0
    INVALID_SYMBOL = 1
    ALL_AMBIGUOUS = 2
    SOFT_MASKED = 3
    NO_PREDICTION = 4

    @property
    def word(self) -> str:
        """Text in messages."""
        return self.name.lower()

    @property
    def of_record(self) -> RecordStatus:
        """Status of a record whose windows all have this status."""
        return {
            WindowStatus.SCORED: RecordStatus.OK,
            WindowStatus.INVALID_SYMBOL: RecordStatus.INVALID_SYMBOL,
            WindowStatus.ALL_AMBIGUOUS: RecordStatus.ALL_AMBIGUOUS,
        }.get(self, RecordStatus.NO_PREDICTION)


@dataclass(frozen=True)
class Grid:
    """Where windows are, and which of them may have a score.

    Attributes:
        window: length of a window.
        stride: distance between the starts of neighbouring windows.
        mask: whether unknown symbols are treated as N or X.
        skips_softmasked: whether windows with a lower-case symbol have no score.
    """

    window: int
    stride: int
    mask: bool = False
    skips_softmasked: bool = False


def grid_of(bundle: Bundle, window: int | None, stride: int | None, *, mask: bool, softmask: str) -> Grid:
    """Returns the windows for a model.

    Raises:
        SettingError: the windows are too short for the model.
    """
    window = window or bundle.window
    shortest = bundle.shortest
    if window < shortest:
        raise SettingError("scan.window", window, f"at least {shortest}, the shortest sequence that this model takes")
    return Grid(window, stride or window, mask, softmask == "skip")


@dataclass(frozen=True)
class SequencePiece:
    """N consecutive windows of the records of a batch.

    Attributes:
        symbols: (L,) uint8, from the start of the first window to the end of the last one.
        offset: position of the symbols in the data of the batch.
        fresh: index of the first symbol that is in no earlier piece.
        record: (N,) int64, index of the record of each window in the batch, ascending.
        start: (N,) int64, start of each window in its record.
        at: (N,) int64, start of each window in `symbols`.
    """

    symbols: NDArray[np.uint8]
    offset: int
    fresh: int
    record: NDArray[np.int64]
    start: NDArray[np.int64]
    at: NDArray[np.int64]


@dataclass(frozen=True)
class Tokens:
    """The tokens of a piece.

    Attributes:
        tokens: (L,) uint8.
        status: (N,) uint8, `WindowStatus` of each window.
        masked: symbols that were masked and are not in an earlier piece.
        invalid: the first symbol outside the alphabet; None if there is none, or they are masked.
    """

    tokens: NDArray[np.uint8]
    status: NDArray[np.uint8]
    masked: int
    invalid: InvalidSymbol | None


def lengths_without_stops(symbols: Ragged, alphabet: Alphabet) -> NDArray[np.int64]:
    """Returns the lengths (N,) int64 of N sequences without a final stop, which is not a residue."""
    lengths = symbols.lengths
    if not alphabet.stop:
        return lengths
    filled = np.flatnonzero(lengths)
    lengths = lengths.copy()
    lengths[filled] -= symbols.data[symbols.offsets[1:][filled] - 1] == ord(alphabet.stop)
    return lengths


def pieces_of(symbols: Ragged, lengths: NDArray[np.int64], grid: Grid) -> Iterator[SequencePiece]:
    """Yields all complete windows of N sequences, piece by piece.

    Args:
        symbols: the sequences; not copied.
        lengths: (N,) int64, the part of each sequence that has windows.
        grid: where windows are.
    """
    most = max(1, min(_SYMBOLS // grid.stride, _WINDOWS, _COPIED // grid.window))
    done = 0
    for record, start in window_starts(lengths, grid.window, grid.stride, most):
        at = symbols.offsets[record] + start
        first, last = int(at[0]), int(at[-1]) + grid.window
        yield SequencePiece(symbols.data[first:last], first, max(done - first, 0), record, start, at - first)
        done = last


def window_count(lengths: NDArray[np.int64], grid: Grid) -> int:
    """Returns the number of complete windows of sequences with `lengths` (N,) int64."""
    return int(np.maximum((lengths - grid.window) // grid.stride + 1, 0).sum())


def window_tokens(piece: SequencePiece, offsets: NDArray[np.int64], grid: Grid, alphabet: Alphabet) -> Tokens:
    """Returns the tokens and window status of a piece.

    Args:
        piece: the piece.
        offsets: (N + 1,) int64, where the records of its batch start and end.
        grid: how windows are treated.
        alphabet: of the model.
    """
    symbols, window = piece.symbols, grid.window
    tokens = alphabet.encode(symbols)
    status = np.zeros(len(piece.at), dtype=np.uint8)
    if grid.skips_softmasked:
        # Letters of ASCII in lower case.
        status[_any(symbols - np.uint8(ord("a")) < 26, piece.at, window)] = WindowStatus.SOFT_MASKED
    if tokens.max() <= alphabet.size:
        return Tokens(tokens, status, 0, None)
    unknown = tokens == INVALID
    masked = 0
    if grid.mask and unknown.any():
        gaps = is_gap(symbols)  # no symbols, so that they must not become one
        tokens[unknown & ~gaps] = alphabet.mask_token
        masked = len(_in_windows(np.flatnonzero(unknown & ~gaps), piece, offsets, window))
        unknown &= gaps
    status[~_any(tokens <= alphabet.size, piece.at, window)] = WindowStatus.ALL_AMBIGUOUS
    if not unknown.any():
        return Tokens(tokens, status, masked, None)
    status[_any(unknown, piece.at, window)] = WindowStatus.INVALID_SYMBOL
    invalid = None
    if len(places := _in_windows(np.flatnonzero(unknown), piece, offsets, window)):
        place = int(places[0])
        record = int(np.searchsorted(offsets, piece.offset + place, side="right")) - 1
        invalid = InvalidSymbol(record, piece.offset + place - int(offsets[record]), chr(symbols[place]))
    return Tokens(tokens, status, masked, invalid)


def _any(mask: NDArray[np.bool_], starts: NDArray[np.int64], window: int) -> NDArray[np.bool_]:
    """Returns (N,) bool, whether `mask` (L,) is true anywhere in each window."""
    if not mask.any():
        return np.zeros(len(starts), dtype=bool)
    before = np.zeros(len(mask) + 1, dtype=np.int32)
    np.cumsum(mask, dtype=np.int32, out=before[1:])
    return np.asarray(before[starts + window] > before[starts])


def _in_windows(
    places: NDArray[np.int64], piece: SequencePiece, offsets: NDArray[np.int64], window: int
) -> NDArray[np.int64]:
    """Returns the places (n,) in the symbols that are in no earlier piece, and in a record with windows."""
    record = np.searchsorted(offsets, piece.offset + places, side="right") - 1
    return places[(places >= piece.fresh) & (np.diff(offsets)[record] >= window)]
