"""Selection of the records to keep, and windows that are cut from them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from seqnet.core.alphabets import Alphabet
from seqnet.core.errors import SettingError
from seqnet.core.ragged import Ragged
from seqnet.core.records import RecordBatch
from seqnet.datasets.encoding.collection import EncodedRecords
from seqnet.datasets.tokenizing import RecordStatus, tokenize, uncovered, window_starts

__all__ = ["COUNTED", "MASKED", "UNASKED", "LengthRange", "cut_windows", "usable"]

MASKED, _STOPS = "symbols masked", "stops (*) at the end of sequences removed"
_EMPTY, _MISSING = (
    "without a sequence",
    "whose sequence is missing (an empty cell, a word such as NA, or a record without one)",
)
UNASKED = (_EMPTY, _MISSING)
"""Reasons for leaving out records that do not depend on an option."""
COUNTED = (MASKED, _STOPS)
"""Reasons that are counted for records that are kept."""

# Maximum symbols in a batch of windows: the windows at every position of a chromosome would not fit into memory.
_WINDOW_SYMBOLS = 1 << 24
_WINDOWS = 1 << 16
"""Maximum number of windows in a batch; each has a name."""


@dataclass(frozen=True, slots=True)
class LengthRange:
    """Range of lengths to keep: `low` to `high`, both inclusive; no upper limit if `high` is None."""

    low: int
    high: int | None

    @classmethod
    def parse(cls, text: str | None) -> LengthRange:
        """Returns the range for a text such as 36, 30-200, 40- or -500; None keeps every length.

        Raises:
            SettingError: the text has another form.
        """
        if text is None:
            return cls(0, None)
        match = re.fullmatch(r"(\d*)(-?)(\d*)", text.strip())
        if not match or not (match[1] or match[3]):
            raise SettingError("encode.length", text, "a length or a range, such as 36, 30-200, 40- or -500")
        low = int(match[1] or 0)
        high = (int(match[3]) if match[3] else None) if match[2] else low
        if high is not None and high < low:
            raise SettingError("encode.length", text, "a range from low to high, such as 30-200")
        return cls(low, high)

    def select(self, tokens: Ragged, kept: NDArray[np.int64], left_out: Counter[str]) -> NDArray[np.int64]:
        """Returns those indices of `kept` (M,) int64 whose sequences are in the range; counts the others."""
        lengths = tokens.lengths[kept]
        short = lengths < self.low
        long = lengths > self.high if self.high is not None else np.zeros(len(kept), dtype=bool)
        _count(left_out, f"shorter than {self.low}", short)
        _count(left_out, f"longer than {self.high}", long)
        return kept[~(short | long)]


def usable(
    path: str, batch: RecordBatch, alphabet: Alphabet | None, unknown: str, left_out: Counter[str]
) -> tuple[Ragged, NDArray[np.int64]]:
    """Returns the tokens of a batch and the indices (M,) int64 of the usable records.

    Args:
        path: the file, for error messages.
        batch: the records.
        alphabet: alphabet of the symbols; None as long as no record has had any symbols.
        unknown: what to do with symbols outside the alphabet, as in `EncodeOptions`.
        left_out: counter to which reasons for leaving out records, and masked symbols, are added.

    Raises:
        SymbolError: a symbol is outside the alphabet and `unknown` is `error`, or it is a gap and `unknown` is `mask`.
    """
    if alphabet is None:
        missing = np.zeros(len(batch), dtype=bool) if batch.missing is None else batch.missing
        _count(left_out, _MISSING, missing)
        _count(left_out, _EMPTY, ~missing)
        return Ragged.from_lengths(np.empty(0, np.uint8), batch.symbols.lengths), np.empty(0, np.int64)
    tokenized = tokenize(batch.symbols, alphabet, mask=unknown == "mask", missing=batch.missing)
    tokens, bad = tokenized.tokens, tokenized.status == RecordStatus.INVALID_SYMBOL
    if tokenized.invalid is not None and unknown != "skip":
        raise tokenized.invalid.error(path, batch.names, alphabet)
    for reason, count in ((MASKED, tokenized.masked), (_STOPS, tokenized.stops)):
        if count:
            left_out[reason] += count
    _count(left_out, "with a symbol outside the alphabet", bad)
    _count(left_out, _MISSING, tokenized.status == RecordStatus.MISSING)
    _count(left_out, _EMPTY, tokenized.status == RecordStatus.EMPTY)
    return tokens, np.flatnonzero(tokenized.status == RecordStatus.OK)


def cut_windows(
    examples: EncodedRecords, window: int | None, stride: int | None, left_out: Counter[str]
) -> Iterator[EncodedRecords]:
    """Yields the records, or the windows cut from them if a window length is given.

    A window is named after its record and position, `NAME:START-END`, 1-based and inclusive.

    Args:
        examples: N records.
        window: length of a window; None to keep whole records.
        stride: distance between the starts of neighbouring windows; None for the window length.
        left_out: counter to which the numbers of too short records and of symbols outside of windows are added.
    """
    if window is None:
        yield examples
        return
    tokens = examples.tokens
    short = examples.tokens.lengths < window
    _count(left_out, f"shorter than the window of {window}", short)
    if rest := int(uncovered(tokens.lengths[~short], window, stride or window).sum()):
        left_out["symbols at the ends of records, not covered by a window"] += rest
    names = examples.names.text()
    most = min(max(_WINDOW_SYMBOLS // window, 1), _WINDOWS)
    for of, at in window_starts(tokens.lengths, window, stride or window, most):
        lengths = np.full(len(of), window, dtype=np.int64)
        symbols = sliding_window_view(tokens.data, window)[tokens.offsets[of] + at].reshape(-1)
        labels = [f"{names[i]}:{s + 1}-{s + window}" for i, s in zip(of.tolist(), at.tolist(), strict=True)]
        yield EncodedRecords(
            Ragged.from_lengths(symbols, lengths), Ragged.from_strings(labels), examples.labels[of], examples.groups[of]
        )


def _count(left_out: Counter[str], reason: str, which: NDArray[np.bool_]) -> None:
    if number := int(which.sum()):
        left_out[reason] += number
