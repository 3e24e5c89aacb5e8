"""Applies a model to a record batch: tokens with a status → scores → decisions."""

from __future__ import annotations

from copy import copy
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from seqnet.configs.prediction import PredictOptions
from seqnet.core.alphabets import Alphabet
from seqnet.core.errors import SettingError
from seqnet.core.ragged import Ragged
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
        embed: whether rows have embeddings, too.

    Raises:
        SettingError: the options name another alphabet than the model's, or don't suit the model.

    Attributes:
        bundle: as given.
        options: as given.
        precision: what it computes in.
        embed: as given.
        decider: makes labels of probabilities.
        members: the networks of the bundle, prepared for this precision.
    """

    def __init__(self, bundle: Bundle, options: PredictOptions | None = None, *, embed: bool = False) -> None:
        self.bundle = bundle
        self.options = options or PredictOptions()
        if self.options.alphabet not in ("auto", bundle.alphabet.name):
            raise SettingError(
                "predict.alphabet", self.options.alphabet, f"{bundle.alphabet.name}, the alphabet of the model"
            )
        self.decider = Decider(bundle, self.options)
        # A lower precision was measured by its effect on labels, not on embeddings.
        wanted = "float32" if embed and self.options.precision == "auto" else self.options.precision
        self.precision = chosen_precision(bundle, wanted)
        self.embed = embed
        self.members = ready(bundle, self.precision, embed=embed)

    def for_fractions(self, expected: NDArray[np.float64]) -> Predictor:
        """Returns a predictor of the same model for other class fractions (K,) float64."""
        other = copy(self)
        other.decider = Decider(self.bundle, self.options, expected)
        return other

    @property
    def expected_alphabet(self) -> Alphabet | None:
        """The alphabet that sequences are checked for; None if the user has named it."""
        return self.bundle.alphabet if self.options.alphabet == "auto" else None

    @property
    def threshold(self) -> float | None:
        """Lowest probability of the positive class of two that makes a record positive; None for more classes."""
        return self.decider.threshold

    def predict_batch(self, batch: RecordBatch, place: str = "") -> PredictedRows:
        """Returns the predictions of N records; several threads may do so at once.

        Args:
            batch: the records.
            place: what messages call their file.
        """
        return self.predict_tokens(batch.names, self.tokens_of(batch), place)

    def tokens_of(self, batch: RecordBatch) -> Tokenized:
        """Returns the tokens and the status of N records."""
        return tokenize(
            batch.symbols,
            self.bundle.alphabet,
            mask=self.options.unknown == "mask",
            missing=batch.missing,
            shortest=self.bundle.shortest,
        )

    def predict_tokens(self, names: Ragged, tokenized: Tokenized, place: str = "") -> PredictedRows:
        """Returns the predictions of N records, from their tokens; see `predict_batch`."""
        scores = self._scores(tokenized)
        rows = self.decider.decide(names, tokenized, scores, place)
        return replace(rows, embeddings=self._embeddings(rows, scores)) if self.embed else rows

    @property
    def width(self) -> int:
        """E, the number of columns of embeddings: those of all members side by side."""
        return sum(member.output.in_features for member in self.bundle.members)

    def _embeddings(self, rows: PredictedRows, scores: Scores) -> NDArray[np.float32]:
        """Returns the embeddings (N, E), NaN for records without a prediction."""
        embeddings = np.full((len(rows), self.width), np.nan, dtype=np.float32)
        if scores.found.embeddings is not None:
            embeddings[scores.usable] = scores.found.embeddings
        embeddings[rows.labels < 0] = np.nan
        return embeddings

    def _scores(self, tokenized: Tokenized) -> Scores:
        usable = np.flatnonzero(tokenized.status == RecordStatus.OK)
        if not len(usable):
            nothing = np.empty((0, len(self.bundle.classes)))
            return Scores(usable, Ensembled(nothing, nothing))
        found = bundle_probabilities(
            self.bundle, tokenized.tokens, usable, members=self.members, vote=self.options.vote, embed=self.embed
        )
        return Scores(usable, found)
