"""Counts of records by prediction."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from seqnet.core.errors import SymbolError
from seqnet.datasets.tokenizing import RecordStatus
from seqnet.prediction.rows import PredictedRows

__all__ = ["Tally"]


@dataclass
class Tally:
    """Counts of predictions.

    Attributes:
        counts: status → number of records.
        uncertain: records whose confidence is below the chosen one.
        masked: symbols outside the alphabet that were masked.
        stops: sequences whose final stop was removed.
        invalid: the first symbol outside the alphabet; None where there was none, or they are masked.
    """

    counts: Counter[RecordStatus] = field(default_factory=Counter)
    uncertain: int = 0
    masked: int = 0
    stops: int = 0
    invalid: SymbolError | None = None

    @classmethod
    def of(cls, rows: PredictedRows) -> Tally:
        """Returns the counts of some rows."""
        counts = np.bincount(rows.status, minlength=len(RecordStatus)).tolist()
        return cls(
            Counter({status: counts[status] for status in RecordStatus if counts[status]}),
            0 if rows.uncertain is None else int(rows.uncertain.sum()),
            rows.masked,
            rows.stops,
            rows.invalid,
        )

    def by_status(self) -> dict[str, int]:
        """Returns the name of each status → number of records."""
        return {status.word: count for status, count in sorted(self.counts.items())}

    def add(self, following: Tally) -> None:
        """Adds the counts of the rows that follow."""
        self.counts.update(following.counts)
        self.uncertain += following.uncertain
        self.masked += following.masked
        self.stops += following.stops
        self.invalid = self.invalid or following.invalid
