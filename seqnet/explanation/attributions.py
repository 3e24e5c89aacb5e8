"""The attributions of records, as columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from seqnet.core.alphabets import Alphabet
from seqnet.core.records import Ragged
from seqnet.prediction.rows import PredictedRows

__all__ = ["MUTAGENESIS", "Attributions"]

MUTAGENESIS = "mutagenesis"


@dataclass(frozen=True)
class Attributions:
    """Attributions of N records with ΣL explained symbols, in input order.

    Attributes:
        rows: the predictions of the records, with names and status.
        tokens: N token sequences; empty for a record without a prediction.
        values: (ΣL, S) float32, one column for each canonical symbol of the alphabet. For mutagenesis, the change of
            the logit if the position had this symbol. For the other methods, the contribution that this symbol would
            make at the position.
        labels: (N,) int64, index of the class that is explained; -1 without a prediction.
        logits: (N,) float64, the number that is explained (see `margins`); NaN without a prediction.
        method: mutagenesis, gradient or integrated.
        classes: the class names.
        alphabet: alphabet of the tokens.
    """

    rows: PredictedRows
    tokens: Ragged
    values: NDArray[np.float32]
    labels: NDArray[np.int64]
    logits: NDArray[np.float64]
    method: str
    classes: tuple[str, ...]
    alphabet: Alphabet

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def names(self) -> Ragged:
        """N record names."""
        return self.rows.names

    @property
    def status(self) -> NDArray[np.uint8]:
        """(N,) uint8, `RecordStatus` of each record."""
        return self.rows.status

    @property
    def predicted(self) -> NDArray[np.int64]:
        """(N,) int64, index of the predicted class; -1 without a prediction."""
        return self.rows.labels

    @cached_property
    def present(self) -> NDArray[np.float32]:
        """(ΣL,) float32, the attribution of the symbol at each position.

        For mutagenesis, minus the mean effect of the other symbols. For the other methods, the contribution of the
        symbol; that of an ambiguity code is the mean over the symbols that it means.
        """
        mixture = self.alphabet.mixture[self.tokens.data]  # (ΣL, S)
        if self.method != MUTAGENESIS:
            return np.asarray((mixture * self.values).sum(axis=1))
        others = mixture < 1  # all symbols are other ones than an ambiguity code
        return np.asarray(-(self.values * others).sum(axis=1) / others.sum(axis=1))

    def of_record(self, index: int) -> NDArray[np.float32]:
        """Returns the values (L, S) float32 of one record."""
        return self.values[self.tokens.offsets[index] : self.tokens.offsets[index + 1]]

    @classmethod
    def concatenate(cls, parts: Sequence[Attributions]) -> Attributions:
        """Returns the attributions of all parts, at least one, of one model and method, in order."""
        if len(parts) == 1:
            return parts[0]
        return replace(
            parts[0],
            rows=PredictedRows.concatenate([part.rows for part in parts]),
            tokens=Ragged.concatenate([part.tokens for part in parts]),
            values=np.concatenate([part.values for part in parts]),
            labels=np.concatenate([part.labels for part in parts]),
            logits=np.concatenate([part.logits for part in parts]),
        )
