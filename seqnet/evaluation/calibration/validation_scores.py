"""Scores of validation records, stored so that decisions can be fitted again for other class fractions.

In: labels (N,) int64 and calibrated probabilities (N, K) float64 of records that the network was not fitted to. Out: M
of these records, in equal numbers per class as far as possible, up to a maximum, in float32.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from seqnet.core.errors import SeqnetError
from seqnet.evaluation.calibration.temperature import Labels, Probabilities
from seqnet.evaluation.calibration.thresholds import Calibration, best_threshold, confidences_of, reweighted

__all__ = ["ValidationScores", "for_fractions"]

_MOST = 10_000
"""Maximum number of records of all classes; they take 120 kB in a model of two classes."""

_LEAST = 1e-30
"""Minimum probability, so that its logarithm is finite."""


@dataclass(frozen=True, eq=False)
class ValidationScores:
    """The probabilities of some validation records.

    Attributes:
        labels: (M,) int32, true classes; each class has at least one record.
        scores: (M, K) float32, logarithms of calibrated probabilities, which are precise also near 0.
    """

    labels: NDArray[np.int32]
    scores: NDArray[np.float32]

    @classmethod
    def keep(cls, labels: Labels, probabilities: Probabilities, seed: int) -> Self:
        """Returns the scores of up to 10,000 records, with equal numbers of each class as far as possible."""
        rng = np.random.default_rng(seed)
        most = _MOST // probabilities.shape[1]
        chosen = []
        for label in range(probabilities.shape[1]):
            own = np.flatnonzero(labels == label)
            chosen.append(own if len(own) <= most else np.sort(rng.choice(own, most, replace=False)))
        members = np.concatenate(chosen)
        scores = np.log(np.maximum(probabilities[members], _LEAST)).astype(np.float32)
        return cls(labels[members].astype(np.int32), scores)

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Returns name → array, as in a model file."""
        return {"labels": self.labels, "scores": self.scores}

    @classmethod
    def restore(cls, tensors: Mapping[str, NDArray[Any]], class_count: int) -> Self | None:
        """Returns the scores from the result of `tensors`, without reading the arrays; None if there are none.

        Raises:
            KeyError: a tensor is missing.
            ValueError: the tensors have other shapes or types.
        """
        if not tensors:
            return None
        labels, scores = tensors["labels"], tensors["scores"]
        shapes = scores.shape == (len(labels), class_count) and labels.ndim == 1
        if not shapes or len(tensors) > 2 or labels.dtype != np.int32 or scores.dtype != np.float32:
            raise ValueError("the validation scores are of another shape or type")
        return cls(labels, scores)

    def read(self) -> tuple[Labels, Probabilities]:
        """Returns labels (M,) int64 and probabilities (M, K) float64.

        Raises:
            SeqnetError: values are not finite numbers, or a class has no record.
        """
        labels, scores = self.labels.astype(np.int64), self.scores.astype(np.float64)
        if not np.isfinite(scores).all() or set(np.unique(labels).tolist()) != set(range(scores.shape[1])):
            raise SeqnetError("", "the validation scores of the model are damaged", "train it again")
        scaled = np.exp(scores - scores.max(axis=1, keepdims=True))
        return labels, scaled / scaled.sum(axis=1, keepdims=True)


def for_fractions(
    calibration: Calibration,
    kept: ValidationScores,
    seen: NDArray[np.float64],
    expected: NDArray[np.float64],
    positive: int | None,
) -> Calibration:
    """Returns the calibration with the threshold and confidences for other class fractions.

    Both are fitted to the stored records. Their probabilities are re-weighted, and each record has the weight of the
    expected fraction of its class.

    Args:
        calibration: calibration for the class fractions of training.
        kept: the stored records.
        seen: (K,) float64, share of each class in training.
        expected: (K,) float64, share of each class in the data that the model is applied to.
        positive: index of the positive class; None for more than two classes.

    Raises:
        SeqnetError: the stored records are damaged.
    """
    labels, probabilities = kept.read()
    probabilities = reweighted(probabilities, seen, expected)
    counts = np.bincount(labels, minlength=len(expected))
    weights = (expected / counts)[labels] * len(labels)  # (M,)
    threshold = 0.5
    if positive is not None and calibration.criterion is not None:
        threshold = best_threshold(labels, probabilities, positive, calibration.criterion, weights)
    confidences = confidences_of(labels, probabilities, positive, threshold, weights)
    return replace(calibration, threshold=threshold, confidences=confidences)
