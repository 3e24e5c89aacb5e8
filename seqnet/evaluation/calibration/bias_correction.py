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
    from scipy.optimize import minimize

    logits, classes = np.log(np.maximum(probabilities, _FLOOR)), probabilities.shape[1]
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
    result = minimize(
        loss, np.zeros(classes + 1), jac=True, method="L-BFGS-B", bounds=[(-4, 4)] + [(-20, 20)] * classes
    )
    return BiasCorrection(float(np.exp(result.x[0])), np.asarray(result.x[1:]))


def _softmax(logits: Probabilities) -> Probabilities:
    scaled = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(scaled / scaled.sum(axis=1, keepdims=True))
