"""Long records → scores of windows: one row for each record, and a track.

A record that is at least as long as a window is scored window by window, and its row is computed from these scores. A
shorter record is predicted as a whole. Memory does not grow with the number of windows.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.core.errors import SymbolError
from seqnet.core.ragged import Ragged
from seqnet.core.records import RecordBatch
from seqnet.datasets.tokenizing import RecordStatus
from seqnet.models.windows import WindowScores, window_scores
from seqnet.prediction.aggregation import Aggregation
from seqnet.prediction.ordered_map import map_in_order
from seqnet.prediction.predictor import Predictor
from seqnet.prediction.rows import PredictedRows
from seqnet.prediction.scans import Scan
from seqnet.prediction.tracks import ScoredWindows
from seqnet.prediction.windows import (
    SequencePiece,
    WindowStatus,
    lengths_without_stops,
    pieces_of,
    window_count,
    window_tokens,
)

__all__ = ["Located", "ScannedPiece", "ScannedRecords", "Scanner"]


_OF_RECORD = np.array([status.of_record for status in WindowStatus], dtype=np.uint8)
"""`WindowStatus` → `RecordStatus` of a record of which no window has a score."""


class Located(NamedTuple):
    """Some records, and where they are in a genome.

    Attributes:
        place: what messages call their file.
        batch: N records.
        chromosomes: N names.
        origins: (N,) int64, 0-based position of the first symbol of each record.
    """

    place: str
    batch: RecordBatch
    chromosomes: Ragged
    origins: NDArray[np.int64]

    @classmethod
    def whole(cls, place: str, batch: RecordBatch) -> Located:
        """Returns records that are whole chromosomes."""
        return cls(place, batch, batch.names, np.zeros(len(batch), dtype=np.int64))


@dataclass(frozen=True)
class ScannedPiece:
    """Some windows.

    Attributes:
        located: their records.
        record: (N,) int64, index of the record of each window.
        start: (N,) int64, start of each window in its record.
        status: (N,) uint8, `WindowStatus`.
        probabilities: (N, K) float64, NaN for a window without a score.
        members: (M, N, K) float64, likewise, of each member of an ensemble.
        masked: number of symbols that were masked.
        invalid: the first symbol outside the alphabet.
    """

    located: Located
    record: NDArray[np.int64]
    start: NDArray[np.int64]
    status: NDArray[np.uint8]
    probabilities: NDArray[np.float64]
    members: NDArray[np.float64]
    masked: int = 0
    invalid: SymbolError | None = None


@dataclass(frozen=True)
class ScannedRecords:
    """All windows of a batch are done.

    Attributes:
        batch: its records.
        rows: their predictions.
        long: number of records with windows.
        rest: symbols of incomplete windows at the ends of these records.
    """

    batch: RecordBatch
    rows: PredictedRows
    long: int
    rest: int


@dataclass
class _Batch:
    """A batch of N records whose windows are being scored.

    Attributes:
        located: the records.
        lengths: (N,) int64, symbols that have windows.
        sums: of the scores so far.
        why: (N, S) int64, number of windows of each record with each status, so far.
        stops: records with windows that end in a stop.
        masked: symbols that were masked so far.
        invalid: the first symbol outside the alphabet so far.
    """

    located: Located
    lengths: NDArray[np.int64]
    sums: Aggregation
    why: NDArray[np.int64]
    stops: int
    masked: int = 0
    invalid: SymbolError | None = None


class Scanner:
    """Scores the windows of records.

    Args:
        predictor: the model, and how decisions are made.
        scan: which windows are scored, and how their scores are aggregated.

    Attributes:
        predictor: as given.
        scan: as given.
        drawn: number of windows in the batches that were read so far.
        done: number of these that were yielded.
    """

    def __init__(self, predictor: Predictor, scan: Scan) -> None:
        self.predictor, self.scan = predictor, scan
        self.drawn = self.done = 0

    def scanned(self, records: Iterable[Located], threads: int) -> Generator[ScannedPiece | ScannedRecords, None, None]:
        """Yields the windows of records in order, and after the last window of each batch the rows of its records.

        Args:
            records: the batches.
            threads: of the CPU.
        """
        device = self.predictor.bundle.classifier.device
        items = self._items(records)
        with closing(map_in_order(self._worked, items, threads, device, size=_weight)) as done:
            for batch, found in done:
                if isinstance(found, ScannedPiece):
                    self._add(batch, found)
                    self.done += len(found.status)
                    yield found
                else:
                    yield self._finished(batch, found)
                del batch, found  # not beside the next chromosome

    def _items(self, records: Iterable[Located]) -> Iterator[tuple[_Batch, SequencePiece | None]]:
        """Yields the pieces of each batch, and then None for its end."""
        bundle, grid = self.predictor.bundle, self.scan.grid
        for located in records:
            symbols = located.batch.symbols
            lengths = lengths_without_stops(symbols, bundle.alphabet)
            count = len(lengths)
            sums = Aggregation(self.scan.way, count, len(bundle.classes), self.scan.chosen or 0)
            stops = int(((lengths < symbols.lengths) & (lengths >= grid.window)).sum())
            batch = _Batch(located, lengths, sums, np.zeros((count, len(WindowStatus)), dtype=np.int64), stops)
            self.drawn += window_count(lengths, grid)
            del located
            yield from ((batch, piece) for piece in pieces_of(symbols, lengths, grid))
            del symbols
            yield batch, None
            del batch

    def _worked(self, item: tuple[_Batch, SequencePiece | None]) -> tuple[_Batch, ScannedPiece | PredictedRows | None]:
        """Returns the scores of a piece; at the end of a batch, the rows of its records without windows."""
        batch, piece = item
        if piece is not None:
            return batch, self._scores(batch.located, piece)
        short = np.flatnonzero(batch.lengths < self.scan.grid.window)
        located = batch.located
        return batch, self.predictor.predict_batch(located.batch.take(short), located.place) if len(short) else None

    def _scores(self, located: Located, piece: SequencePiece) -> ScannedPiece:
        """Returns the scores of the windows of a piece."""
        predictor, grid = self.predictor, self.scan.grid
        bundle = predictor.bundle
        found = window_tokens(piece, located.batch.symbols.offsets, grid, bundle.alphabet)
        status = found.status
        usable = np.flatnonzero(status == WindowStatus.SCORED)
        scores = window_scores(
            bundle,
            found.tokens,
            piece.at[usable],
            grid.window,
            members=predictor.members,
            vote=predictor.options.vote,
        )
        # Finite weights can make numbers that float32 does not hold.
        known = np.flatnonzero(
            np.isfinite(scores.probabilities).all(axis=1) & np.isfinite(scores.members).all(axis=(0, 2))
        )
        status[np.delete(usable, known)] = WindowStatus.NO_PREDICTION
        wide = _spread(scores, usable[known], known, len(status))
        decided = predictor.decider.probabilities(wide.probabilities)
        invalid = found.invalid and found.invalid.error(located.place, located.batch.names, bundle.alphabet)
        return ScannedPiece(located, piece.record, piece.start, status, decided, wide.members, found.masked, invalid)

    def _add(self, batch: _Batch, found: ScannedPiece) -> None:
        """Adds the scores of a piece to its batch."""
        scored = found.status == WindowStatus.SCORED
        rows = np.concatenate([found.probabilities[None], found.members])[:, scored]
        batch.sums.add(found.record[scored], rows)
        np.add.at(batch.why, (found.record, found.status), 1)
        batch.masked += found.masked
        batch.invalid = batch.invalid or found.invalid

    def _finished(self, batch: _Batch, short: PredictedRows | None) -> ScannedRecords:
        """Returns the rows of all records of a batch."""
        grid, bundle, decider = self.scan.grid, self.predictor.bundle, self.predictor.decider
        found = batch.sums.result()
        probabilities, count = found[0], len(batch.lengths)
        has = batch.sums.counts > 0
        labels = np.full(count, -1, dtype=np.int64)
        if has.any():
            labels[has] = decider.labels(probabilities[has])
        main = batch.why[:, 1:].argmax(axis=1) + 1  # why most of its windows have no score
        status = np.where(has, np.uint8(RecordStatus.OK), _OF_RECORD[main])
        deviations = None
        if len(bundle.members) > 1:
            deviations = found[1:].std(axis=0) if len(found) > 1 else np.full_like(probabilities, np.nan)
        is_long = batch.lengths >= grid.window
        gap = max(grid.stride - grid.window, 0)
        rest = np.maximum((batch.lengths[is_long] - grid.window) % grid.stride - gap, 0)
        rows = PredictedRows(
            names=batch.located.batch.names,
            status=status,
            labels=labels,
            probabilities=probabilities,
            deviations=deviations,
            uncertain=decider.too_unsure(probabilities, labels),
            invalid=batch.invalid,
            masked=batch.masked,
            stops=batch.stops,
        )
        if short is not None:
            rows = _with_short(rows, short, np.flatnonzero(~is_long))
        return ScannedRecords(batch.located.batch, rows, int(is_long.sum()), int(rest.sum()))

    def scored_windows(self, found: ScannedPiece) -> ScoredWindows:
        """Returns the windows of a piece that have a score, for a track."""
        assert self.scan.chosen is not None
        decider = self.predictor.decider
        scored = np.flatnonzero(found.status == WindowStatus.SCORED)
        record, probabilities = found.record[scored], found.probabilities[scored]
        labels = decider.labels(probabilities) if len(scored) else np.empty(0, dtype=np.int64)
        unsure = decider.too_unsure(probabilities, labels)
        if unsure is not None:
            labels = np.where(unsure, probabilities.shape[1], labels)
        starts = found.start[scored] + found.located.origins[record]
        return ScoredWindows(found.located.chromosomes, record, starts, probabilities[:, self.scan.chosen], labels)


def _weight(item: tuple[_Batch, SequencePiece | None]) -> int:
    """Returns the bytes of an item."""
    return 0 if item[1] is None else len(item[1].symbols)


def _spread(scores: WindowScores, at: NDArray[np.int64], known: NDArray[np.int64], count: int) -> WindowScores:
    """Returns the scores that are known (n,) int64 at the windows `at` (n,) int64 of `count` windows, NaN elsewhere."""
    probabilities = np.full((count, scores.probabilities.shape[1]), np.nan)
    probabilities[at] = scores.probabilities[known]
    members = np.full((len(scores.members), *probabilities.shape), np.nan)
    members[:, at] = scores.members[:, known]
    return WindowScores(probabilities, members)


def _with_short(rows: PredictedRows, short: PredictedRows, at: NDArray[np.int64]) -> PredictedRows:
    """Returns the rows with those of the records at `at` (n,) int64 in place of theirs."""
    for name in ("status", "labels", "probabilities", "deviations", "uncertain"):
        mine, theirs = getattr(rows, name), getattr(short, name)
        if mine is not None:
            mine[at] = theirs
    return replace(
        rows,
        invalid=rows.invalid or short.invalid,
        masked=rows.masked + short.masked,
        stops=rows.stops + short.stops,
    )
