"""Record batch → attributions: the one way of a batch through a model and a method."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from seqnet.configs.explanation import ExplainOptions
from seqnet.configs.prediction import PredictOptions
from seqnet.core.errors import SettingError
from seqnet.core.ragged import Ragged, gather_ranges
from seqnet.core.records import RecordBatch
from seqnet.explanation.attributions import MUTAGENESIS, Attributions
from seqnet.explanation.effects import Effects
from seqnet.explanation.gradients import background, gradient, integrated
from seqnet.explanation.mutagenesis import mutagenesis
from seqnet.explanation.relaxation import Relaxation
from seqnet.models.bundles import Bundle
from seqnet.nn.batching import chunked_parts, part_counts
from seqnet.prediction.predictor import Predictor

__all__ = ["Explainer"]

_PARTS = 1 << 12
"""Maximum number of windows that are explained together."""

Method = Callable[[Ragged, NDArray[np.int64]], Effects]
"""Token sequences that fit into the window, and the class of each → what one member of a model says of them."""


class Explainer:
    """Explains what a bundle predicts for record batches.

    Args:
        bundle: the model, on the device that it computes on.
        options: what is explained, and how.

    Raises:
        SettingError: there is no such class, the model does not support the method, or the options name another
            alphabet than the model's.

    Attributes:
        bundle: as given.
        options: as given.
        predictor: predicts the records, in float32.
    """

    def __init__(self, bundle: Bundle, options: ExplainOptions | None = None) -> None:
        self.bundle = bundle
        self.options = options or ExplainOptions()
        if self.options.target is not None and self.options.target not in bundle.classes:
            raise SettingError("explain.class", self.options.target, choices=bundle.classes)
        predict = PredictOptions(precision="float32", alphabet=self.options.alphabet, unknown=self.options.unknown)
        self.predictor = Predictor(bundle, predict)
        self._methods = self._chosen()

    @property
    def explained(self) -> str:
        """The class that is explained, in words."""
        positive = self.bundle.positive
        return self.options.target or ("the predicted class" if positive is None else self.bundle.classes[positive])

    def explain_batch(self, batch: RecordBatch, place: str = "") -> Attributions:
        """Returns the attributions of N records; several threads may do so at once.

        Args:
            batch: the records.
            place: what messages call their file.
        """
        tokenized = self.predictor.tokens_of(batch)
        rows = self.predictor.predict_tokens(batch.names, tokenized, place)
        labels = self._targets(rows.labels)
        usable = np.flatnonzero(labels >= 0)
        tokens = tokenized.tokens.take(usable)
        margins, values = self._explained(tokens, labels[usable])
        lengths, logits = np.zeros(len(rows), dtype=np.int64), np.full(len(rows), np.nan)
        lengths[usable], logits[usable] = tokens.lengths, margins
        return Attributions(
            rows=rows,
            tokens=Ragged.from_lengths(tokens.data, lengths),
            values=values,
            labels=labels,
            logits=logits,
            method=self.options.method,
            classes=self.bundle.classes,
            alphabet=self.bundle.alphabet,
        )

    def _targets(self, predicted: NDArray[np.int64]) -> NDArray[np.int64]:
        """Returns the class (N,) int64 that is explained, from the predicted one (N,), which is -1 if there is none."""
        chosen = self.bundle.positive
        if self.options.target is not None:
            chosen = self.bundle.classes.index(self.options.target)
        return predicted if chosen is None else np.where(predicted < 0, predicted, chosen)

    def _explained(self, tokens: Ragged, targets: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        """Returns the margins (M,) and values (ΣL, S) of M sequences: weighted means over windows and members."""
        values = np.zeros((len(tokens.data), self.bundle.alphabet.size), dtype=np.float32)
        margins = np.zeros(len(tokens))
        window = self.bundle.classifier.window
        counts = part_counts(tokens.lengths, window)
        for sequence, start, length in chunked_parts(tokens.lengths, window, _PARTS):
            first = tokens.offsets[sequence] + start
            parts = Ragged.from_lengths(gather_ranges(tokens.data, first, length), length)
            for method, weight in zip(self._methods, self.bundle.weights, strict=True):
                share = weight / counts[sequence]  # (P,)
                found = method(parts, targets[sequence])
                np.add.at(margins, sequence, found.margins * share)
                for index, place in enumerate(first.tolist()):
                    at = slice(parts.offsets[index], parts.offsets[index + 1])
                    values[place : place + length[index]] += found.values[at] * share[index]
        return margins, values

    def _chosen(self) -> list[Method]:
        """Returns the method for each member."""
        if self.options.method == MUTAGENESIS:
            size = self.bundle.alphabet.size
            return [partial(mutagenesis, one, symbols=size) for one in self.predictor.members]
        models = [Relaxation(member, self.options.method) for member in self.bundle.members]
        if self.options.method == "gradient":
            return [partial(gradient, one) for one in models]
        start = background(self.bundle)
        return [partial(integrated, one, start=start, steps=self.options.steps) for one in models]
