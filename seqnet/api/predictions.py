"""Predictions for programs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from seqnet.core.errors import SymbolError
from seqnet.core.printable import counted
from seqnet.datasets.tokenizing import RecordStatus
from seqnet.prediction.decision import UNCERTAIN
from seqnet.prediction.rows import PredictedRows
from seqnet.prediction.tally import Tally

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Predictions"]

_REMEDY = 'correct it, or pass unknown="mask"'


class Predictions:
    """The predictions of N records, in the order of the records.

    Args:
        rows: the predictions as columns.
        classes: the K class names.

    Attributes:
        rows: as given.
        classes: as given.
    """

    def __init__(self, rows: PredictedRows, classes: Sequence[str]) -> None:
        self.rows = rows
        self.classes = tuple(classes)

    @cached_property
    def names(self) -> NDArray[np.object_]:
        """(N,) text, the names of the records."""
        return _objects(self.rows.names.text())

    @cached_property
    def labels(self) -> NDArray[np.object_]:
        """(N,), the class name; 'uncertain' below the confidence that `max_error` requires; None without prediction."""
        words = _objects([*self.classes, UNCERTAIN, None])
        labels = self.rows.labels
        if self.rows.uncertain is not None:
            labels = np.where(self.rows.uncertain, len(self.classes), labels)
        return np.asarray(words[labels])

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """(N, K) float64, the probability of each class; NaN where there is no prediction."""
        return self.rows.probabilities

    @property
    def deviations(self) -> NDArray[np.float64] | None:
        """(N, K) float64, standard deviation of the probabilities of an ensemble's members; None for one network."""
        return self.rows.deviations

    @cached_property
    def status(self) -> NDArray[np.object_]:
        """(N,) text: 'ok'; 'unusual_…' for a prediction of what is unlike training; else why there is none."""
        return np.asarray(_objects([status.word for status in RecordStatus])[self.rows.status])

    @property
    def counts(self) -> dict[str, int]:
        """Status → number of records."""
        return {status.word: count for status, count in sorted(Tally.of(self.rows).counts.items())}

    @property
    def first_invalid(self) -> SymbolError | None:
        """The first symbol outside the alphabet, as an error with record, position and symbol; None without any."""
        if (found := self.rows.invalid) is None:
            return None
        error = SymbolError(found.path, found.record, found.position, found.symbol, found.alphabet)
        # A gap is no symbol: masked, it would become one.
        error.remedy = 'remove it, or pass gaps="remove" to predict_file' if error.is_gap else _REMEDY
        return error

    @property
    def masked(self) -> int:
        """Number of symbols outside the alphabet that were masked, with unknown="mask"."""
        return self.rows.masked

    @property
    def stops(self) -> int:
        """Number of proteins that ended in a stop, '*', which was left out."""
        return self.rows.stops

    def to_pandas(self) -> pd.DataFrame:
        """Returns a table with the columns of `seqnet predict`, a row for each record; nothing is None or NaN."""
        from seqnet.prediction.writers import arrow_table

        return arrow_table(self.rows, self.classes).to_pandas()  # type: ignore[no-any-return]

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        words = ", ".join(f"{count:,} {word}" for word, count in self.counts.items())
        labels = [(label, int((self.labels == label).sum())) for label in (*self.classes, UNCERTAIN)]
        found = ", ".join(f"{count:,} {label}" for label, count in labels if count)
        parts = [
            counted(len(self), "records"),
            *([f"status: {words}"] if words else []),
            *([f"labels: {found}"] if found else []),
        ]
        return f"<seqnet.Predictions: {'; '.join(parts)}>"


def _objects(values: Sequence[Any]) -> NDArray[np.object_]:
    """Returns values (N,) as an array of Python objects."""
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found
