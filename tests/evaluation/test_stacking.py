from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize

from seqnet.evaluation.stacking import stacking_weights


def models(count: int, records: int = 400, classes: int = 3) -> tuple[NDArray[np.int64], list[NDArray[np.float64]]]:
    """Returns labels, and probabilities of models that know them to different degrees."""
    rng = np.random.default_rng(count)
    labels = rng.integers(0, classes, records)
    truth = np.eye(classes)[labels]
    logits = [rng.normal(size=(records, classes)) + (1 + index) * 0.7 * truth for index in range(count)]
    exponents = [np.exp(one) for one in logits]
    return labels, [one / one.sum(axis=1, keepdims=True) for one in exponents]


def log_loss(weights: NDArray[np.float64], labels: NDArray[np.int64], each: list[NDArray[np.float64]]) -> float:
    mean = np.average(each, axis=0, weights=weights)
    return float(-np.log(mean[np.arange(len(labels)), labels]).mean())


@pytest.mark.parametrize("count", [2, 3, 5])
def test_the_weights_are_the_optimum(count: int) -> None:
    labels, each = models(count)
    found = stacking_weights(labels, each)
    start = np.full(count, 1 / count)
    best = minimize(
        lambda weights: log_loss(weights, labels, each),
        start,
        method="SLSQP",
        bounds=[(1e-9, 1)] * count,
        constraints={"type": "eq", "fun": lambda weights: weights.sum() - 1},
        options={"ftol": 1e-12, "maxiter": 500},
    )
    assert found.sum() == pytest.approx(1)
    assert log_loss(found, labels, each) == pytest.approx(best.fun, abs=1e-6)
    assert found == pytest.approx(best.x, abs=0.01)
    assert log_loss(found, labels, each) < log_loss(start, labels, each)


def test_a_model_that_adds_nothing_is_left_out() -> None:
    labels, each = models(3)
    uniform = np.full_like(each[0], 1 / 3)
    weights = stacking_weights(labels, [each[2], uniform], smallest=0.05)
    assert weights.tolist() == [1, 0]


def test_the_others_are_fitted_again_without_it() -> None:
    labels, each = models(5)
    every = stacking_weights(labels, each)
    bound = float(np.sort(every)[1]) + 1e-6
    kept = np.flatnonzero(stacking_weights(labels, each, bound))
    assert 0 < len(kept) < 5
    alone = stacking_weights(labels, [each[index] for index in kept], bound)
    assert stacking_weights(labels, each, bound)[kept] == pytest.approx(alone)


def test_one_model_is_kept_whatever_its_weight() -> None:
    labels, each = models(3)
    assert sorted(stacking_weights(labels, each, smallest=0.99)) == [0, 0, 1]


def test_a_model_that_excludes_a_true_class_is_not_an_error() -> None:
    labels = np.array([0, 1])
    sure = np.array([[1.0, 0.0], [1.0, 0.0]])
    weights = stacking_weights(labels, [sure, np.full((2, 2), 0.5)])
    assert np.isfinite(weights).all()
    # The likelihood is (w + (1 - w) / 2) (1 - w) / 2, largest at w = 0.
    assert weights[1] == pytest.approx(1, abs=1e-3)
