"""Class shares of records without labels: those at which their scores are likeliest.

In: probabilities (N, K), and the shares (K,) of training. Out: shares (K,). It holds if the sequences of each class are
like those of training, and only their fractions differ.

The result is the fixed point of the EM algorithm of Saerens et al. 2002, doi:10.1162/089976602753284446.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seqnet.evaluation.calibration.temperature import Probabilities

__all__ = ["LEAST", "Shares", "likeliest_shares"]

Shares = NDArray[np.float64]

LEAST = 1e-6
"""Minimum share of a class, so that its odds are finite."""

_STEPS = 1_000
_NEWTON_STEPS = 40
_TOLERANCE = 1e-7


def likeliest_shares(probabilities: Probabilities, seen: Shares, weights: Shares | None = None) -> Shares:
    """Returns the class shares (K,) of records with the highest likelihood, each at least one in a million.

    Args:
        probabilities: (N, K) float64, for the shares of training.
        seen: (K,) float64, shares in training.
        weights: (N,) float64, weight of each record [default: 1].
    """
    ratios = probabilities / seen  # (N, K), likelihoods up to a factor for each record
    weight = np.full(len(ratios), 1 / len(ratios)) if weights is None else weights / weights.sum()
    return _of_two(ratios, weight) if len(seen) == 2 else _of_many(ratios, weight, seen)


def _of_two(ratios: Probabilities, weight: Shares) -> Shares:
    """Returns the shares (2,): the likelihood is concave in the one unknown, so its slope has one zero.

    Newton's method finds it, and halves the interval that it must be in where a step would leave this interval.
    """
    ahead = ratios[:, 1] - ratios[:, 0]
    low, high = LEAST, 1 - LEAST
    share = 0.5
    for _ in range(_NEWTON_STEPS):
        change = ahead / (ratios[:, 0] + share * ahead)
        slope, bend = float(weight @ change), float(weight @ change**2)
        low, high = (share, high) if slope > 0 else (low, share)
        newton = share + slope / max(bend, LEAST)
        before, share = share, newton if low < newton < high else (low + high) / 2
        if abs(share - before) < _TOLERANCE / 10:
            break
    return np.array([1 - share, share])


def _of_many(ratios: Probabilities, weight: Shares, start: Shares) -> Shares:
    """Returns the shares (K,) by the steps of EM."""
    shares = start
    for _ in range(_STEPS):
        joint = ratios * shares
        after = weight @ (joint / joint.sum(axis=1, keepdims=True))
        after = np.maximum(after, LEAST)
        after = after / after.sum()
        if np.abs(after - shares).max() < _TOLERANCE:
            return np.asarray(after)
        shares = after
    return shares
