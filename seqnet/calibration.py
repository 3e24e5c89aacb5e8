"""Probabilities that mean what they say, and decisions made of them.

All functions take class probabilities (N, K) float64 and labels (N,) int64, and know nothing of networks. What is
fitted here is fitted on the validation split, or on out-of-fold probabilities, and kept in the bundle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from seqnet.configs.calibrating import CRITERIA
from seqnet.evaluation.metrics import measure
from seqnet.evaluation.scored import decide

__all__ = [
    "TOLERATED_ERRORS",
    "Calibration",
    "best_threshold",
    "calibrate",
    "confidence_for_error",
    "expected_calibration_error",
    "fit_temperature",
    "reweighted",
    "tempered",
]


@dataclass(frozen=True)
class Calibration:
    """What makes decisions of raw probabilities; fitted on records that the network was not fitted to.

    Attributes:
        temperature: divisor of the logits.
        threshold: lowest probability of the positive class that makes a record positive; of use for two classes.
        confidences: tolerated share of wrong decisions → lowest probability of a decision that keeps to it.
        shares: (K,) share of each class in training.
        quality: `ece`, `brier` and `log_loss` before and after the temperature, on the validation split.
        changed: precision → share of the validation labels that it changes, where that was measured.
    """

    temperature: float = 1.0
    threshold: float = 0.5
    confidences: Mapping[str, float | None] = field(default_factory=dict)
    shares: tuple[float, ...] = ()
    quality: Mapping[str, float] = field(default_factory=dict)
    changed: Mapping[str, float] = field(default_factory=dict)


Labels = NDArray[np.int64]
Probabilities = NDArray[np.float64]

_FLOOR = 1e-12
_FEWEST = 30
"""Decisions that a share of wrong ones must be counted on to be held to."""


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
    """Returns the temperature, between 1/50 and 50, that makes the log loss smallest.

    Its logarithm is expected to lie about 0 by 1, which outweighs a handful of records and no more.
    """
    from scipy.optimize import minimize_scalar

    rows = np.arange(len(labels))

    def loss(logarithm: float) -> float:
        chosen = tempered(probabilities, float(np.exp(logarithm)))[rows, labels]
        return float(-np.log(np.maximum(chosen, _FLOOR)).sum() + logarithm**2 / 2)

    bound = np.log(50.0)
    found = minimize_scalar(loss, bounds=(-bound, bound), method="bounded", options={"xatol": 1e-4})
    return float(np.exp(float(found.x)))


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
    return float(total / probabilities.shape[1])


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
        One confidence for each error; infinity where even the surest decisions are wrong more often, or too few.
    """
    order = np.argsort(-confidence, kind="stable")
    sure = confidence[order]
    shares = np.cumsum(~right[order]) / np.arange(1, len(order) + 1)
    # A confidence is a cut only where it changes: equal confidences stand or fall together.
    last = np.append(np.diff(sure) != 0, True)
    cuts = sure[last]
    shares_at = shares[last]
    enough = np.arange(1, len(order) + 1)[last] >= _FEWEST
    lowest = [cuts[(shares_at <= error) & enough] for error in errors]
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


TOLERATED_ERRORS = tuple(percent / 100 for percent in (*range(1, 21), 25, 30, 35, 40, 45, 50))
"""Shares of wrong decisions for which a bundle keeps the confidence that holds them."""


def calibrate(
    labels: Labels, probabilities: Probabilities, positive: int | None, shares: Sequence[float], criterion: str | None
) -> Calibration:
    """Returns the calibration that fits records which the model was not fitted to.

    Args:
        labels: (N,) int64, true classes.
        probabilities: (N, K) float64, as the network gives them.
        positive: index of the positive class; None for more than two classes.
        shares: (K,) share of each class in training.
        criterion: what the threshold is best for, one of `CRITERIA`; None leaves it at one half.
    """
    temperature = fit_temperature(labels, probabilities)
    after = tempered(probabilities, temperature)
    threshold = 0.5
    if criterion is not None and positive is not None:
        threshold = best_threshold(labels, after, positive, criterion)
    decided = decide(after, positive, threshold)
    confidence = after[np.arange(len(labels)), decided]
    bounds = confidence_for_error(decided == labels, confidence, TOLERATED_ERRORS)
    quality = {}
    for name, values in (("before", probabilities), ("after", after)):
        scores = measure(labels, values, positive=positive, names=("brier", "log_loss"))
        quality[f"ece_{name}"] = expected_calibration_error(labels, values)
        quality |= {f"{metric}_{name}": value for metric, value in scores.items()}
    return Calibration(
        temperature=temperature,
        threshold=threshold,
        confidences={
            f"{error:g}": None if np.isinf(bound) else bound
            for error, bound in zip(TOLERATED_ERRORS, bounds, strict=True)
        },
        shares=tuple(shares),
        quality=quality,
    )
