"""The attributions of records, as columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seqnet.core.alphabets import Alphabet
from seqnet.core.printable import counted
from seqnet.core.ragged import Ragged
from seqnet.prediction.rows import PredictedRows

if TYPE_CHECKING:
    import pandas as pd

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

    def to_pandas(self) -> pd.DataFrame:
        """Returns a row for each position: name, position from 1, symbol, attribution; to_SYMBOL for mutagenesis."""
        import pandas as pd

        lengths = self.tokens.lengths
        starts = np.repeat(self.tokens.offsets[:-1], lengths)
        table = {
            "name": np.repeat(np.array(self.names.text(), dtype=object), lengths),
            "position": np.arange(len(starts)) - starts + 1,
            "symbol": list(self.alphabet.decode(self.tokens.data).tobytes().decode()),
            "attribution": self.present,
        }
        if self.method == MUTAGENESIS:
            table |= {f"to_{symbol}": self.values[:, at] for at, symbol in enumerate(self.alphabet.canonical)}
        return pd.DataFrame(table)

    def __repr__(self) -> str:
        explained = int((self.labels >= 0).sum())
        return f"<seqnet.Attributions by {self.method}: {counted(len(self), 'records')}, {explained:,} explained>"

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
