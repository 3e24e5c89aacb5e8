"""What decisions were fitted to, kept so that they can be fitted anew where classes come in other fractions.

In: labels (N,) int64 and calibrated probabilities (N, K) float64 of records that the network was not fitted to. Out: M
of them, as many of each class as there are, up to a bound, in float32.
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
"""Records of all classes together, which take 120 kB of a model of two classes."""

_LEAST = 1e-30
"""Least probability, so that its logarithm is a number."""


@dataclass(frozen=True, eq=False)
class ValidationScores:
    """The probabilities of some validation records.

    Attributes:
        labels: (M,) int32, true classes; of each class one at least.
        scores: (M, K) float32, logarithms of calibrated probabilities, in which even one next to 0 has its digits.
    """

    labels: NDArray[np.int32]
    scores: NDArray[np.float32]

    @classmethod
    def keep(cls, labels: Labels, probabilities: Probabilities, seed: int) -> Self:
        """Returns the scores of up to 10,000 records, as many of each class as of any other where there are."""
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
        """Returns name → array, as they stand in a model file."""
        return {"labels": self.labels, "scores": self.scores}

    @classmethod
    def restore(cls, tensors: Mapping[str, NDArray[Any]], class_count: int) -> Self | None:
        """Returns what `tensors` returned, unread; None where there is nothing.

        Raises:
            KeyError: a tensor is missing.
            ValueError: the tensors are not those of such scores.
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
            SeqnetError: they are not numbers, or a class has no record.
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
    """Returns the calibration with threshold and confidences for other fractions of the classes.

    Both are fitted to the kept records, whose probabilities are re-weighted, and each of which counts by the expected
    fraction of its class.

    Args:
        calibration: for the fractions of training.
        kept: the records.
        seen: (K,) float64, share of each class in training.
        expected: (K,) float64, share of each class where the model is used.
        positive: index of the positive class; None for more than two classes.

    Raises:
        SeqnetError: the kept records are damaged.
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
