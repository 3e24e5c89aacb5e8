"""Temperature scaling: a divisor of the logits that calibrates the probabilities.

In: labels (N,) int64, probabilities (N, K) float64, groups (N,). Out: the temperature, or 1 if a fitted temperature
does not clearly help.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.datasets.splits import deal_folds

__all__ = [
    "Labels",
    "Probabilities",
    "Temperature",
    "chosen_temperature",
    "expected_calibration_error",
    "fit_temperature",
    "tempered",
]

Labels = NDArray[np.int64]
Probabilities = NDArray[np.float64]

_FLOOR = 1e-12

_FEWEST = 50
"""Minimum number of records, or groups, for fitting a temperature; with fewer, it does more harm than good."""

_FOLDS = 5


class Temperature(NamedTuple):
    """Result of fitting a temperature.

    Attributes:
        temperature: the fitted temperature, or 1.
        crossed: (N, K) float64, cross-validated probabilities: each record's temperature was fitted to other records;
            unchanged if the temperature is 1.
        reason: why the temperature is 1; empty if it was fitted.
    """

    temperature: float
    crossed: Probabilities
    reason: str


def tempered(probabilities: Probabilities, temperature: float) -> Probabilities:
    """Returns the probabilities (N, K) with their logits divided by the temperature; above 1 they are less confident.

    Source: Guo et al. 2017, arXiv:1706.04599.
    """
    if temperature == 1.0:
        return probabilities
    logits = np.log(np.maximum(probabilities, _FLOOR)) / temperature
    scaled = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(scaled / scaled.sum(axis=1, keepdims=True))


def fit_temperature(labels: Labels, probabilities: Probabilities) -> float:
    """Returns the temperature, between 1/50 and 50, with the lowest penalised log loss.

    The penalty is a normal prior on the logarithm of the temperature, with mean 0 and standard deviation 1. It matters
    only for a handful of records.
    """
    from scipy.optimize import minimize_scalar

    rows = np.arange(len(labels))

    def loss(logarithm: float) -> float:
        chosen = tempered(probabilities, float(np.exp(logarithm)))[rows, labels]
        return float(-np.log(np.maximum(chosen, _FLOOR)).sum() + logarithm**2 / 2)

    bound = np.log(50.0)
    found = minimize_scalar(loss, bounds=(-bound, bound), method="bounded", options={"xatol": 1e-4})
    return float(np.exp(float(found.x)))


def chosen_temperature(
    labels: Labels, probabilities: Probabilities, groups: NDArray[np.int64] | None = None
) -> Temperature:
    """Returns the fitted temperature if it clearly helps records that it was not fitted to; otherwise 1.

    It helps if the cross-validated log loss falls by more than the standard error of this difference. Whole groups are
    held out, and the standard error is over groups. docs/results.md has measurements of this rule.

    Args:
        labels: (N,) int64.
        probabilities: (N, K) float64.
        groups: (N,) int64, group of each record; None if records are independent.
    """
    unit = np.arange(len(labels)) if groups is None else np.unique(groups, return_inverse=True)[1]  # (N,)
    count = int(unit.max()) + 1
    if count < _FEWEST:
        kind = "records" if count == len(labels) else "groups of records"
        problem = f"there are {count} validation {kind}, and at least {_FEWEST} are needed"
        return Temperature(1.0, probabilities, problem)
    fold = deal_folds(labels.astype(np.int32), unit, _FOLDS, np.random.default_rng(0))
    crossed = np.empty_like(probabilities)
    for index in range(_FOLDS):
        held = fold == index
        crossed[held] = tempered(probabilities[held], fit_temperature(labels[~held], probabilities[~held]))
    gains = _losses(labels, probabilities) - _losses(labels, crossed)  # (N,)
    # The standard error is over units, not records, because records of a group depend on each other.
    excess = np.bincount(unit, gains - gains.mean())  # (units,)
    error = float(np.sqrt(count / (count - 1) * (excess**2).sum())) / len(labels)
    if gains.mean() <= error:
        return Temperature(1.0, probabilities, "calibration did not clearly improve the cross-validated log loss")
    return Temperature(fit_temperature(labels, probabilities), crossed, "")


def _losses(labels: Labels, probabilities: Probabilities) -> NDArray[np.float64]:
    """Returns the log loss (N,) float64 of each record in nats."""
    return np.asarray(-np.log(np.maximum(probabilities[np.arange(len(labels)), labels], _FLOOR)))


def expected_calibration_error(labels: Labels, probabilities: Probabilities, bins: int = 15) -> float:
    """Returns the expected calibration error: the mean distance between a class's probability and its share.

    The mean is over classes and bins of equal width. Every class counts and not only the top one, because with two
    classes errors of opposite sign would cancel.

    Source: Naeini et al. 2015, doi:10.1609/aaai.v29i1.9602; by class as in Kull et al. 2019, arXiv:1910.12656.
    """
    total = 0.0
    for label in range(probabilities.shape[1]):
        scores = probabilities[:, label]
        which = np.minimum((scores * bins).astype(np.int64), bins - 1)
        gaps = np.bincount(which, weights=(labels == label) - scores, minlength=bins)
        total += float(np.abs(gaps).sum()) / len(labels)
    return float(total / probabilities.shape[1])
