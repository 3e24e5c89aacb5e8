"""Decisions from probabilities: thresholds, confidences, and other class fractions.

All functions take class probabilities (N, K) float64 and labels (N,) int64 and are independent of networks. They are
fitted on the validation split, or on out-of-fold probabilities, and the results are stored in the model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from seqnet.configs.calibration import CRITERIA
from seqnet.evaluation.calibration.temperature import (
    Labels,
    Probabilities,
    chosen_temperature,
    expected_calibration_error,
    tempered,
)
from seqnet.evaluation.metrics import measure
from seqnet.evaluation.scored_records import decide

__all__ = [
    "TOLERATED_ERRORS",
    "Calibration",
    "best_threshold",
    "calibrate",
    "confidence_for_error",
    "confidences_of",
    "reweighted",
]


@dataclass(frozen=True)
class Calibration:
    """Parameters that turn raw probabilities into decisions; fitted on records that the network was not fitted to.

    Attributes:
        temperature: divisor of the logits; 1 if none was fitted.
        threshold: minimum probability of the positive class for a positive decision; used for two classes only.
        confidences: tolerated error rate → minimum probability of decisions that keep this error rate.
        shares: (K,) share of each class in training.
        quality: `ece`, `brier` and `log_loss` before and after temperature scaling, on the validation split; the values
            after it are cross-validated: each record's temperature was fitted to other records.
        changed: precision → share of the validation labels that it changes, if measured.
        criterion: criterion of the threshold, one of `CRITERIA`; None if the threshold was not chosen, or in older
            models.
        not_calibrated: why no temperature was fitted; empty if one was.
    """

    temperature: float = 1.0
    threshold: float = 0.5
    confidences: Mapping[str, float | None] = field(default_factory=dict)
    shares: tuple[float, ...] = ()
    quality: Mapping[str, float] = field(default_factory=dict)
    changed: Mapping[str, float] = field(default_factory=dict)
    criterion: str | None = None
    not_calibrated: str = ""


_FEWEST = 30
"""Minimum number of decisions for estimating an error rate."""


def best_threshold(
    labels: Labels,
    probabilities: Probabilities,
    positive: int,
    criterion: str,
    weights: NDArray[np.float64] | None = None,
) -> float:
    """Returns the minimum probability of the positive class for a positive decision that gives the best criterion.

    Candidates are midpoints between neighbouring percentiles of the probabilities, so that the choice does not depend
    on a single record. Among equally good candidates, the one nearest to 0.5 is used.

    Args:
        labels: (N,) int64.
        probabilities: (N, 2) float64.
        positive: index of the positive class.
        criterion: one of `CRITERIA`.
        weights: (N,) float64, weight of each record [default: 1].
    """
    scores = np.quantile(probabilities[:, positive], np.linspace(0, 1, 101))
    candidates = np.unique(np.concatenate([(scores[1:] + scores[:-1]) / 2, [0.5]]))
    metric = CRITERIA[criterion]
    values = np.array(
        [
            measure(labels, probabilities, weights, positive=positive, threshold=float(bound), names=(metric,))[metric]
            for bound in candidates
        ]
    )
    best = candidates[values >= np.nanmax(values)]
    return float(best[np.argmin(np.abs(best - 0.5))])


def confidence_for_error(
    right: NDArray[np.bool_],
    confidence: Probabilities,
    errors: Sequence[float],
    weights: NDArray[np.float64] | None = None,
) -> list[float]:
    """Returns, for each tolerated error rate, the minimum confidence of decisions that do not exceed this rate.

    Args:
        right: (N,) bool, whether each decision was right.
        confidence: (N,) float64, probability of each decision.
        errors: tolerated error rates.
        weights: (N,) float64, weight of each decision [default: 1].

    Returns:
        One confidence for each rate; infinity if even the most confident decisions have a higher error rate, or if
        there are too few decisions. With weights, the effective number of decisions is used.

    Source: Kish 1965, Survey Sampling, section 11.7, for the effective number.
    """
    order = np.argsort(-confidence, kind="stable")
    sure = confidence[order]
    weight = np.ones(len(order)) if weights is None else weights[order]
    total = np.cumsum(weight)
    shares = np.cumsum(np.where(right[order], 0, weight)) / total
    # Equal confidences can't be separated, so a cut is possible only where the confidence changes.
    last = np.append(np.diff(sure) != 0, True)
    cuts = sure[last]
    shares_at = shares[last]
    # Without the tolerance, a rounding error in a sum of ones could exclude the last required decision.
    enough = (total**2 / np.cumsum(weight**2))[last] > _FEWEST - 1e-6
    lowest = [cuts[(shares_at <= error) & enough] for error in errors]
    return [float(found.min()) if len(found) else float("inf") for found in lowest]


def reweighted(probabilities: Probabilities, seen: NDArray[np.float64], expected: NDArray[np.float64]) -> Probabilities:
    """Returns the probabilities (N, K) for other class fractions than those of training.

    Args:
        probabilities: (N, K) float64.
        seen: (K,) float64, share of each class in training.
        expected: (K,) float64, share of each class in the data that the model is applied to.

    Source: Saerens et al. 2002, doi:10.1162/089976602753284446, equation 2.4.
    """
    scaled = probabilities * (expected / seen)
    return np.asarray(scaled / scaled.sum(axis=1, keepdims=True))


TOLERATED_ERRORS = tuple(percent / 100 for percent in (*range(1, 21), 25, 30, 35, 40, 45, 50))
"""Error rates for which a model stores the confidence."""


def confidences_of(
    labels: Labels,
    probabilities: Probabilities,
    positive: int | None,
    threshold: float,
    weights: NDArray[np.float64] | None = None,
) -> dict[str, float | None]:
    """Returns tolerated error rate → minimum confidence, None if no confidence keeps this rate; see `Calibration`."""
    decided = decide(probabilities, positive, threshold)
    confidence = probabilities[np.arange(len(labels)), decided]
    bounds = confidence_for_error(decided == labels, confidence, TOLERATED_ERRORS, weights)
    return {
        f"{error:g}": None if np.isinf(bound) else bound for error, bound in zip(TOLERATED_ERRORS, bounds, strict=True)
    }


def calibrate(
    labels: Labels,
    probabilities: Probabilities,
    positive: int | None,
    shares: Sequence[float],
    criterion: str | None,
    groups: NDArray[np.int64] | None = None,
) -> Calibration:
    """Returns the calibration fitted to records that the model was not fitted to.

    Args:
        labels: (N,) int64, true classes.
        probabilities: (N, K) float64, raw output of the network.
        positive: index of the positive class; None for more than two classes.
        shares: (K,) share of each class in training.
        criterion: criterion of the threshold, one of `CRITERIA`; None for a threshold of 0.5.
        groups: (N,) int64, group of each record; None if records are independent.
    """
    chosen = chosen_temperature(labels, probabilities, groups)
    after = tempered(probabilities, chosen.temperature)
    threshold = 0.5
    if criterion is not None and positive is not None:
        threshold = best_threshold(labels, after, positive, criterion)
    quality = {}
    for name, values in (("before", probabilities), ("after", chosen.crossed)):
        scores = measure(labels, values, positive=positive, names=("brier", "log_loss"))
        quality[f"ece_{name}"] = expected_calibration_error(labels, values)
        quality |= {f"{metric}_{name}": value for metric, value in scores.items()}
    return Calibration(
        temperature=chosen.temperature,
        threshold=threshold,
        confidences=confidences_of(labels, after, positive, threshold),
        shares=tuple(shares),
        quality=quality,
        criterion=criterion if positive is not None else None,
        not_calibrated=chosen.reason,
    )
