"""Counts of all predictions of a run as one of its outputs, which may end in a file, such as a report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from seqnet.core.records import RecordBatch
from seqnet.prediction.distributions import Distributions
from seqnet.prediction.outputs import Start, Writer
from seqnet.prediction.rows import PredictedRows
from seqnet.prediction.tally import Tally

__all__ = ["PredictionSummary", "SummaryOutput"]


@dataclass(frozen=True)
class PredictionSummary:
    """Counts of predictions; they grow while records are predicted.

    Attributes:
        tally: counts by status.
        distributions: labels, probabilities and lengths.
    """

    tally: Tally
    distributions: Distributions

    @classmethod
    def empty(cls, class_count: int) -> PredictionSummary:
        """Returns the counts of no records."""
        return cls(Tally(), Distributions.empty(class_count))

    @classmethod
    def of(cls, batch: RecordBatch, rows: PredictedRows) -> PredictionSummary:
        """Returns the counts of a batch of N records and their N rows."""
        return cls(Tally.of(rows), Distributions.of(rows, batch.symbols.lengths))

    def add(self, following: PredictionSummary) -> None:
        """Adds the counts of the records that follow."""
        self.tally.add(following.tally)
        self.distributions.add(following.distributions)


@dataclass(frozen=True)
class SummaryOutput:
    """Adds up the counts of all predictions, and may write a file of them; see `outputs.Output`.

    Attributes:
        summary: what is added to.
        write: writes the file, once all records of a run are counted; not called after an error.
        target: the file; None if other records follow, and nothing is to be written yet.
    """

    summary: PredictionSummary
    write: Callable[[Path], object]
    target: Path | None = None

    def targets(self, start: Start) -> list[Path]:
        """See `outputs.Output`."""
        return [] if self.target is None else [self.target]

    @contextmanager
    def opened(self, paths: Sequence[Path], start: Start) -> Iterator[Writer]:
        """See `outputs.Output`."""
        yield Writer(PredictionSummary.of, self.summary.add)
        for path in paths:
            self.write(path)
