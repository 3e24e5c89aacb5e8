"""Probabilities that mean what they say, and decisions made of them.

All functions take class probabilities (N, K) float64 and labels (N,) int64, and know nothing of networks. What is
fitted here is fitted on the validation split and kept in the bundle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from seqnet.evaluation.metrics import measure

__all__ = [
    "CRITERIA",
    "best_threshold",
    "confidence_for_error",
    "expected_calibration_error",
    "fit_temperature",
    "reweighted",
    "tempered",
]

Labels = NDArray[np.int64]
Probabilities = NDArray[np.float64]

_FLOOR = 1e-12

CRITERIA: Mapping[str, str] = {
    "accuracy": "accuracy",
    "balanced": "balanced_accuracy",
    "f1": "f1",
    "mcc": "mcc",
}
"""Word on the command line → metric that a threshold can be chosen for."""


def tempered(probabilities: Probabilities, temperature: float) -> Probabilities:
    """Returns the probabilities (N, K) with their logits divided by the temperature; above 1 they become less sure.

    Source: Guo et al. 2017, arXiv:1706.04599.
    """
    if temperature == 1.0:
        return probabilities
    logits = np.log(np.maximum(probabilities, _FLOOR)) / temperature
    scaled = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(scaled / scaled.sum(axis=1, keepdims=True))


def fit_temperature(labels: Labels, probabilities: Probabilities) -> float:
    """Returns the temperature, between 0.05 and 20, that makes the log loss smallest."""
    from scipy.optimize import minimize_scalar

    rows = np.arange(len(labels))

    def loss(logarithm: float) -> float:
        chosen = tempered(probabilities, float(np.exp(logarithm)))[rows, labels]
        return float(-np.log(np.maximum(chosen, _FLOOR)).mean())

    bound = np.log(20.0)
    found = minimize_scalar(loss, bounds=(-bound, bound), method="bounded", options={"xatol": 1e-4})
    return float(np.exp(found.x))


def expected_calibration_error(labels: Labels, probabilities: Probabilities, bins: int = 15) -> float:
    """Returns the mean distance between a class's probability and its share, over bins of equal width and classes.

    Every class counts, not the top one alone: with two classes, errors of either direction would else cancel.

    Source: Naeini et al. 2015, doi:10.1609/aaai.v29i1.9602; by class as in Kull et al. 2019, arXiv:1910.12656.
    """
    total = 0.0
    for label in range(probabilities.shape[1]):
        scores = probabilities[:, label]
        which = np.minimum((scores * bins).astype(np.int64), bins - 1)
        gaps = np.bincount(which, weights=(labels == label) - scores, minlength=bins)
        total += float(np.abs(gaps).sum()) / len(labels)
    return total / probabilities.shape[1]


def best_threshold(labels: Labels, probabilities: Probabilities, positive: int, criterion: str) -> float:
    """Returns the lowest probability of the positive class that makes a record positive, for the best of a metric.

    Candidates are the middles between neighbouring hundredths of the distribution, so that the choice does not hang on
    a single record; of equally good ones the nearest to one half is taken.

    Args:
        labels: (N,) int64.
        probabilities: (N, 2) float64.
        positive: index of the positive class.
        criterion: one of `CRITERIA`.
    """
    scores = np.quantile(probabilities[:, positive], np.linspace(0, 1, 101))
    candidates = np.unique(np.concatenate([(scores[1:] + scores[:-1]) / 2, [0.5]]))
    metric = CRITERIA[criterion]
    values = np.array(
        [
            measure(labels, probabilities, positive=positive, threshold=float(bound), names=(metric,))[metric]
            for bound in candidates
        ]
    )
    best = candidates[values >= np.nanmax(values)]
    return float(best[np.argmin(np.abs(best - 0.5))])


def confidence_for_error(right: NDArray[np.bool_], confidence: Probabilities, errors: Sequence[float]) -> list[float]:
    """Returns, for each tolerated error, the lowest confidence above which no more than that share was wrong.

    Args:
        right: (N,) bool, whether each decision was right.
        confidence: (N,) float64, probability of each decision.
        errors: tolerated shares of wrong decisions.

    Returns:
        One confidence for each error; infinity where even the surest decisions are wrong more often.
    """
    order = np.argsort(-confidence, kind="stable")
    sure = confidence[order]
    shares = np.cumsum(~right[order]) / np.arange(1, len(order) + 1)
    # A confidence is a cut only where it changes: equal confidences stand or fall together.
    last = np.append(np.diff(sure) != 0, True)
    cuts = sure[last]
    shares_at = shares[last]
    lowest = [cuts[shares_at <= error] for error in errors]
    return [float(found.min()) if len(found) else float("inf") for found in lowest]


def reweighted(probabilities: Probabilities, seen: NDArray[np.float64], expected: NDArray[np.float64]) -> Probabilities:
    """Returns the probabilities (N, K) for another mix of classes than the one that was trained on.

    Args:
        probabilities: (N, K) float64.
        seen: (K,) float64, share of each class in training.
        expected: (K,) float64, share of each class where the model is used.

    Source: Saerens et al. 2002, doi:10.1162/089976602753284446, equation 2.4.
    """
    scaled = probabilities * (expected / seen)
    return np.asarray(scaled / scaled.sum(axis=1, keepdims=True))
