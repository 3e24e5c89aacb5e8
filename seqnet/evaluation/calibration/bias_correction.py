"""Temperature and bias of each class: a calibration that estimates of class fractions need.

One temperature leaves probabilities that are on average too high for one class and too low for another. Estimates of
class fractions are then wrong by as much. So the logits are divided by a temperature, and each class gets an offset.

In: labels (N,) int64 and probabilities (N, K) float64. Out: a `BiasCorrection`, a function of probabilities.

Source: Alexandari et al. 2020, arXiv:1901.06852.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqnet.core.memory import reserve_blas
from seqnet.evaluation.calibration.temperature import Labels, Probabilities

__all__ = ["BiasCorrection", "fit_bias_correction"]

_FLOOR = 1e-12
_PRIOR = 1.0
"""Precision of a normal prior on the logarithm of the scale and on each offset, which matters for few records only."""
_MOST_LOG_SCALE = 4.0
_MOST_OFFSET = 20.0
_STEPS = 100
_TOLERANCE = 1e-9
_LARGEST = 700.0
"""Largest number whose exponential is finite, about."""


@dataclass(frozen=True, eq=False)
class BiasCorrection:
    """Probabilities → probabilities.

    Attributes:
        scale: factor of the logits, one divided by the temperature.
        offsets: (K,) float64, added to the logits.
    """

    scale: float
    offsets: NDArray[np.float64]

    def __call__(self, probabilities: Probabilities) -> Probabilities:
        """Returns the corrected probabilities (N, K)."""
        return _softmax(np.log(np.maximum(probabilities, _FLOOR)) * self.scale + self.offsets)


def fit_bias_correction(labels: Labels, probabilities: Probabilities, weights: NDArray[np.float64]) -> BiasCorrection:
    """Returns the correction with the lowest penalised log loss.

    Args:
        labels: (N,) int64.
        probabilities: (N, K) float64.
        weights: (N,) float64, weight of each record; their sum is the number of records that they stand for.
    """
    logits = np.log(np.maximum(probabilities, _FLOOR))
    return _fit_two(labels, logits, weights) if logits.shape[1] == 2 else _fit_many(labels, logits, weights)


def _fit_two(labels: Labels, logits: NDArray[np.float64], weights: NDArray[np.float64]) -> BiasCorrection:
    """Returns the correction for two classes, by Fisher scoring.

    There are two unknowns, the logarithm of the scale and the difference of the offsets. It takes a tenth of the time
    of `_fit_many`, and an estimate of class fractions needs dozens of fits.
    """
    ahead = logits[:, 1] - logits[:, 0]  # (N,)
    side = np.where(labels == 1, 1.0, -1.0)
    most = np.array([_MOST_LOG_SCALE, 2 * _MOST_OFFSET])
    prior = np.array([_PRIOR, _PRIOR / 2])  # equal and opposite offsets cost least

    def loss(given: NDArray[np.float64]) -> float:
        correct = side * (np.exp(given[0]) * ahead + given[1])
        return float(weights @ np.logaddexp(0, -correct) + prior @ given**2 / 2)

    found = np.zeros(2)
    lowest = loss(found)
    for _ in range(_STEPS):
        scaled = np.exp(found[0]) * ahead
        share = 1 / (1 + np.exp(-np.clip(scaled + found[1], -_LARGEST, _LARGEST)))
        excess, spread = weights * (share - (labels == 1)), weights * share * (1 - share)
        slope = np.array([excess @ scaled, excess.sum()]) + prior * found
        # The information matrix is [[scale, mixed], [mixed, offset]]; the step is its inverse times the slope.
        mixed, (scale, offset) = spread @ scaled, np.array([spread @ scaled**2, spread.sum()]) + prior
        step = np.array([offset * slope[0] - mixed * slope[1], scale * slope[1] - mixed * slope[0]])
        step /= scale * offset - mixed**2
        while np.abs(step).max() > _TOLERANCE:
            nearer = np.clip(found - step, -most, most)
            if (value := loss(nearer)) < lowest:
                found, lowest = nearer, value
                break
            step /= 2
        else:
            break
    return BiasCorrection(float(np.exp(found[0])), np.array([-found[1], found[1]]) / 2)


def _fit_many(labels: Labels, logits: NDArray[np.float64], weights: NDArray[np.float64]) -> BiasCorrection:
    """Returns the correction for any number of classes."""
    from scipy.optimize import minimize

    classes = logits.shape[1]
    truth = np.eye(classes)[labels]

    def loss(given: NDArray[Any]) -> tuple[float, NDArray[Any]]:
        scale, offsets = float(np.exp(given[0])), given[1:]
        found = _softmax(logits * scale + offsets)
        own = np.maximum(found[np.arange(len(labels)), labels], _FLOOR)
        excess = weights[:, None] * (found - truth)  # (N, K)
        slope = np.concatenate([[scale * (excess * logits).sum()], excess.sum(axis=0)])
        value = float(-(weights * np.log(own)).sum() + _PRIOR * (given**2).sum() / 2)
        return value, slope + _PRIOR * given

    reserve_blas("scipy")
    bounds = [(-_MOST_LOG_SCALE, _MOST_LOG_SCALE)] + [(-_MOST_OFFSET, _MOST_OFFSET)] * classes
    result = minimize(loss, np.zeros(classes + 1), jac=True, method="L-BFGS-B", bounds=bounds)
    return BiasCorrection(float(np.exp(result.x[0])), np.asarray(result.x[1:]))


def _softmax(logits: Probabilities) -> Probabilities:
    scaled = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(scaled / scaled.sum(axis=1, keepdims=True))
