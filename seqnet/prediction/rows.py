"""The predictions of N records, as columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqnet.core.errors import SymbolError
from seqnet.core.ragged import Ragged
from seqnet.datasets.tokenizing import RecordStatus

__all__ = ["PredictedRows"]


@dataclass(frozen=True)
class PredictedRows:
    """N rows of output, in input order.

    Attributes:
        names: N record names.
        status: (N,) uint8, `RecordStatus` of each record.
        labels: (N,) int64, index of the predicted class; -1 where the status is not `classified`.
        probabilities: (N, K) float64; NaN where there is no label.
        deviations: (N, K) float64, standard deviation of the members of an ensemble; None for a single network.
        uncertain: (N,) bool, where the confidence is below the chosen one; None where none was chosen.
        invalid: the first symbol outside the alphabet; None where there is none, or they are masked.
        masked: symbols outside the alphabet that were masked.
        stops: sequences whose final stop was removed.
        embeddings: (N, E) float32, NaN where there is no label; None if they are not wanted.
    """

    names: Ragged
    status: NDArray[np.uint8]
    labels: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    deviations: NDArray[np.float64] | None = None
    uncertain: NDArray[np.bool_] | None = None
    invalid: SymbolError | None = None
    masked: int = 0
    stops: int = 0
    embeddings: NDArray[np.float32] | None = None

    @property
    def usual(self) -> NDArray[np.float64]:
        """(M, K) float64, the probabilities of the records whose status is ok."""
        return np.asarray(self.probabilities[self.status == RecordStatus.OK])

    def __len__(self) -> int:
        return len(self.status)

    @classmethod
    def concatenate(cls, parts: Sequence[PredictedRows]) -> PredictedRows:
        """Returns the rows of all parts, at least one, of one model, in order."""
        if len(parts) == 1:
            return parts[0]
        deviations = [part.deviations for part in parts if part.deviations is not None]
        embeddings = [part.embeddings for part in parts if part.embeddings is not None]
        uncertain = [part.uncertain for part in parts if part.uncertain is not None]
        return cls(
            names=Ragged.concatenate([part.names for part in parts]),
            status=np.concatenate([part.status for part in parts]),
            labels=np.concatenate([part.labels for part in parts]),
            probabilities=np.concatenate([part.probabilities for part in parts]),
            deviations=np.concatenate(deviations) if deviations else None,
            uncertain=np.concatenate(uncertain) if uncertain else None,
            invalid=next((part.invalid for part in parts if part.invalid is not None), None),
            masked=sum(part.masked for part in parts),
            stops=sum(part.stops for part in parts),
            embeddings=np.concatenate(embeddings) if embeddings else None,
        )
