"""Estimates the class fractions of records from a sample of their scores.

In: record batches. Out: scores of a uniform sample of the records, which `evaluation.calibration.class_shift` makes an
estimate of, and a predictor for the estimated fractions. A sample has a bounded size, so a file may have any length. It
is read twice: once for the sample, once for the predictions.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seqnet.core.errors import SettingError
from seqnet.core.records import RecordBatch
from seqnet.evaluation.calibration.class_shift import MOST, ClassShift, estimate_shift
from seqnet.prediction.decision import training_shares
from seqnet.prediction.outputs import Start, Writer
from seqnet.prediction.predictor import Predictor
from seqnet.prediction.streaming import Placed, predict_in_order

__all__ = ["ScoreSample", "check_read_twice", "fitted_to_records", "sample_records", "shift_of"]

_MOST_SYMBOLS = 1 << 26
"""Maximum symbols of a sample of records, unless a single record has more."""
_MOST_SCORES = 1 << 21
"""Maximum numbers of a sample of scores; with very many classes, it has fewer records."""


def check_read_twice(path: str) -> None:
    """Checks that an input can be read twice.

    Raises:
        SettingError: it is standard input, a pipe or a device.
        OSError: it is not there.
    """
    if path == "-" or not stat.S_ISREG(os.stat(path).st_mode):
        what = "standard input" if path == "-" else path
        problem = f"auto reads its input twice, and {what} can be read only once; give a file"
        raise SettingError("predict.expected_fraction", "auto", problem=problem)


def sample_records(
    records: Iterable[Placed], most: int = MOST, most_symbols: int = _MOST_SYMBOLS, seed: int = 0
) -> list[Placed]:
    """Returns a uniform sample of records, in their order, without headers and columns.

    Each record draws a key. The records with the smallest keys are kept, as many as the bounds allow, at least one.

    Args:
        records: batches with what messages call their file.
        most: records of the sample, at most.
        most_symbols: their symbols, at most.
        seed: of the keys.
    """
    rng = np.random.default_rng(seed)
    parts: list[tuple[str, RecordBatch, NDArray[np.float64]]] = []
    bound, held, symbols = np.inf, 0, 0
    for place, batch in records:
        keys = rng.random(len(batch))
        chosen = np.flatnonzero(keys <= bound)
        if not len(chosen):
            continue
        some = RecordBatch(batch.names, batch.symbols, batch.names, missing=batch.missing).take(chosen)
        parts.append((place, some, keys[chosen]))
        held, symbols = held + len(some), symbols + len(some.symbols.data)
        if held > 2 * most or symbols > 2 * most_symbols:
            parts, bound = _pruned(parts, most, most_symbols)
            held, symbols = sum(len(one) for _, one, _ in parts), sum(len(one.symbols.data) for _, one, _ in parts)
    return [(place, batch) for place, batch, _ in _pruned(parts, most, most_symbols)[0]]


def _pruned(
    parts: list[tuple[str, RecordBatch, NDArray[np.float64]]], most: int, most_symbols: int
) -> tuple[list[tuple[str, RecordBatch, NDArray[np.float64]]], float]:
    """Returns the records with the smallest keys that are within the bounds, and the largest of these keys."""
    if not parts:
        return [], np.inf
    keys = np.concatenate([key for _, _, key in parts])
    lengths = np.concatenate([batch.symbols.lengths for _, batch, _ in parts])
    order = np.argsort(keys, kind="stable")
    within = int(np.searchsorted(np.cumsum(lengths[order]), most_symbols, side="right"))
    count = max(min(most, within), 1)
    bound = float(keys[order][count - 1]) if count < len(keys) else np.inf
    left = []
    for place, batch, own in parts:
        chosen = np.flatnonzero(own <= bound)
        if len(chosen):
            left.append((place, batch.take(chosen), own[chosen]))
    return left, bound


class ScoreSample:
    """A uniform sample of the probabilities of a stream of records that have a prediction and are not unusual.

    It is an output without files; see `outputs.Output`.

    Args:
        most: records of the sample, at most.

    Attributes:
        count: records of the stream so far.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most, self._rng = most, np.random.default_rng(0)
        self._rows: list[NDArray[np.float64]] = []
        self._keys: list[NDArray[np.float64]] = []
        self._held, self.count = 0, 0

    def targets(self, start: Start) -> list[Path]:
        """See `outputs.Output`."""
        return []

    def opened(self, paths: Sequence[Path], start: Start) -> AbstractContextManager[Writer]:
        """See `outputs.Output`."""
        return nullcontext(Writer(lambda batch, rows: rows.usual, self.add))

    def add(self, probabilities: NDArray[np.float64]) -> None:
        """Adds the probabilities (M, K) float64 of further records."""
        most = max(min(self._most, _MOST_SCORES // max(probabilities.shape[1], 1)), 1)
        self.count += len(probabilities)
        self._rows.append(probabilities)
        self._keys.append(self._rng.random(len(probabilities)))
        self._held += len(probabilities)
        if self._held > 2 * most:
            rows, keys = np.concatenate(self._rows), np.concatenate(self._keys)
            kept = np.sort(np.argpartition(keys, most)[:most])
            self._rows, self._keys, self._held = [rows[kept]], [keys[kept]], most

    @property
    def probabilities(self) -> NDArray[np.float64] | None:
        """(M, K) float64, the sample; None before the first record."""
        return np.concatenate(self._rows) if self._rows else None


def shift_of(predictor: Predictor, probabilities: NDArray[np.float64], *, shrink: bool = False) -> ClassShift:
    """Returns the class fractions of records by their probabilities (M, K) at the fractions of training."""
    bundle = predictor.bundle
    return estimate_shift(probabilities, training_shares(bundle), bundle.validation, shrink=shrink)


def fitted_to_records(predictor: Predictor, records: Iterable[Placed], threads: int) -> tuple[Predictor, ClassShift]:
    """Returns a predictor for the class fractions of some records, and the estimated fractions.

    The predictor is unchanged if there is no estimate, or if its difference from the fractions of training is smaller
    than its standard error.

    Args:
        predictor: of the model, at the fractions of training.
        records: all records.
        threads: of the CPU.
    """
    parts = [rows.usual for rows in predict_in_order(predictor, sample_records(records), threads)]
    nothing = np.empty((0, len(predictor.bundle.classes)))
    found = shift_of(predictor, np.concatenate([nothing, *parts]), shrink=True)
    same = np.allclose(found.applied, found.seen, rtol=0, atol=1e-6)
    return (predictor if same else predictor.for_fractions(found.applied)), found
