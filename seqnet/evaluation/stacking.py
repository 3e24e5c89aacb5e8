"""Weights of the members of an ensemble, fitted to held-out records."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["stacking_weights"]

_FLOOR = 1e-12
_STEPS = 2_000
_TOLERANCE = 1e-10
"""Minimum gain of mean log likelihood by a step."""


def stacking_weights(
    labels: NDArray[np.int64], probabilities: Sequence[NDArray[np.float64]], smallest: float = 0.0
) -> NDArray[np.float64]:
    """Returns the weights (M,) of M models with the lowest log loss of their weighted mean probability.

    The weights are not negative and add up to 1. The log loss is convex in them, and expectation maximisation finds its
    minimum. A model whose weight is below `smallest` gets 0, one after the other, and the other weights are fitted
    again.

    Source: Breiman 1996, doi:10.1007/BF00117832; Yao et al. 2018, doi:10.1214/17-BA1091.

    Args:
        labels: (N,) int64, true classes of records that no model was fitted to.
        probabilities: M arrays (N, K) float64.
        smallest: minimum weight of a model that is kept.
    """
    rows = np.arange(len(labels))
    likelihood = np.maximum([one[rows, labels] for one in probabilities], _FLOOR)  # (M, N)
    kept = np.ones(len(probabilities), dtype=bool)
    while True:
        weights = np.zeros(len(probabilities))
        weights[kept] = _maximised(likelihood[kept])
        worst = int(np.where(kept, weights, np.inf).argmin())
        if weights[worst] >= smallest or kept.sum() == 1:
            return weights
        kept[worst] = False


def _maximised(likelihood: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the weights (M,) with the highest likelihood of a mixture, for likelihoods (M, N)."""
    weights = np.full(len(likelihood), 1 / len(likelihood))
    before = -np.inf
    for _ in range(_STEPS):
        parts = weights[:, None] * likelihood  # (M, N)
        total = parts.sum(axis=0)
        reached = float(np.log(total).mean())
        if reached - before < _TOLERANCE:
            break
        before = reached
        weights = (parts / total).mean(axis=1)
    return weights
