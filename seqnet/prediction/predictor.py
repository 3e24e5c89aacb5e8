"""Record batch → tokens with a status → scores → decisions: the one way of a batch through a model."""

from __future__ import annotations

from copy import copy

import numpy as np
from numpy.typing import NDArray

from seqnet.configs.prediction import PredictOptions
from seqnet.core.alphabets import Alphabet
from seqnet.core.errors import SettingError
from seqnet.core.records import RecordBatch
from seqnet.datasets.tokenizing import RecordStatus, Tokenized, tokenize
from seqnet.models.bundles import Bundle
from seqnet.models.probabilities import Ensembled, bundle_probabilities
from seqnet.models.scoring import chosen_precision, ready
from seqnet.prediction.decision import Decider, Scores
from seqnet.prediction.rows import PredictedRows

__all__ = ["Predictor"]


class Predictor:
    """Applies a bundle to record batches.

    Args:
        bundle: the model, on the device that it computes on.
        options: how decisions are made.

    Raises:
        SettingError: the options name another alphabet than the model's, or don't suit the model.

    Attributes:
        bundle: as given.
        options: as given.
        precision: what it computes in.
    """

    def __init__(self, bundle: Bundle, options: PredictOptions | None = None) -> None:
        self.bundle = bundle
        self.options = options or PredictOptions()
        if self.options.alphabet not in ("auto", bundle.alphabet.name):
            raise SettingError(
                "predict.alphabet", self.options.alphabet, f"{bundle.alphabet.name}, the alphabet of the model"
            )
        self._decider = Decider(bundle, self.options)
        self.precision = chosen_precision(bundle, self.options.precision)
        self._members = ready(bundle, self.precision)

    def for_fractions(self, expected: NDArray[np.float64]) -> Predictor:
        """Returns a predictor of the same model for other class fractions (K,) float64."""
        other = copy(self)
        other._decider = Decider(self.bundle, self.options, expected)
        return other

    @property
    def expected_alphabet(self) -> Alphabet | None:
        """The alphabet that sequences are checked for; None where the user has said that they are of it."""
        return self.bundle.alphabet if self.options.alphabet == "auto" else None

    @property
    def threshold(self) -> float | None:
        """Lowest probability of the positive class of two that makes a record positive; None for more classes."""
        return self._decider.threshold

    def predict_batch(self, batch: RecordBatch, place: str = "") -> PredictedRows:
        """Returns the predictions of N records; several threads may do so at once.

        Args:
            batch: the records.
            place: what messages call their file.
        """
        tokenized = tokenize(
            batch.symbols,
            self.bundle.alphabet,
            mask=self.options.unknown == "mask",
            missing=batch.missing,
            shortest=self.bundle.classifier.encoder.shortest,
        )
        return self._decider.decide(batch.names, tokenized, self._scores(tokenized), place)

    def _scores(self, tokenized: Tokenized) -> Scores:
        usable = np.flatnonzero(tokenized.status == RecordStatus.OK)
        if not len(usable):
            nothing = np.empty((0, len(self.bundle.classes)))
            return Scores(usable, Ensembled(nothing, nothing))
        found = bundle_probabilities(
            self.bundle, tokenized.tokens, usable, members=self._members, vote=self.options.vote
        )
        return Scores(usable, found)
