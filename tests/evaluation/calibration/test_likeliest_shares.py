from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from seqnet.evaluation.calibration.likeliest_shares import likeliest_shares
from tests.evaluation.calibration.test_class_shift import drawn


def plain_em(probabilities: NDArray[np.float64], seen: list[float], steps: int = 20_000) -> list[float]:
    """The algorithm of Saerens et al. 2002, record by record, class by class."""
    shares = list(seen)
    for _ in range(steps):
        sums = [0.0] * len(seen)
        for row in probabilities.tolist():
            joint = [p * new / old for p, new, old in zip(row, shares, seen, strict=True)]
            total = sum(joint)
            sums = [one + other / total for one, other in zip(sums, joint, strict=True)]
        after = [one / len(probabilities) for one in sums]
        if max(abs(a - b) for a, b in zip(after, shares, strict=True)) < 1e-9:
            return after
        shares = after
    return shares


@pytest.mark.parametrize(
    ("shares", "seen"),
    [([0.2, 0.8], [0.5, 0.5]), ([0.9, 0.1], [0.3, 0.7]), ([0.1, 0.3, 0.6], [0.4, 0.4, 0.2])],
)
def test_the_estimate_is_that_of_plain_em(shares: list[float], seen: list[float]) -> None:
    _, probabilities = drawn(300, shares, seen, seed=3)
    found = likeliest_shares(probabilities, np.array(seen))
    np.testing.assert_allclose(found, plain_em(probabilities, seen), atol=2e-5)
    # A weight is a number of equal records.
    weights = np.arange(300) % 3
    repeated = likeliest_shares(np.repeat(probabilities, weights, axis=0), np.array(seen))
    weighted = likeliest_shares(probabilities[weights > 0], np.array(seen), weights[weights > 0].astype(float))
    np.testing.assert_allclose(weighted, repeated, atol=1e-5)


def test_one_class_alone() -> None:
    _, probabilities = drawn(2_000, [1.0, 0.0], [0.5, 0.5], seed=4, spread=0.3)
    assert likeliest_shares(probabilities, np.array([0.5, 0.5]))[0] > 0.999
