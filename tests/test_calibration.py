from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from seqnet.calibration import (
    best_threshold,
    confidence_for_error,
    expected_calibration_error,
    fit_temperature,
    reweighted,
    tempered,
)
from seqnet.configs.calibrating import CRITERIA
from seqnet.evaluation.metrics import measure


def drawn(
    count: int, temperature: float, classes: int = 2, seed: int = 1
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Labels drawn from true probabilities, and probabilities that are too sure by `temperature`."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 1.5, (count, classes))
    true = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = (rng.random((count, 1)) > true.cumsum(axis=1)).sum(axis=1)
    return labels, tempered(true, 1 / temperature)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
@pytest.mark.parametrize("classes", [2, 4])
def test_the_temperature_that_was_put_in_is_found(temperature: float, classes: int) -> None:
    labels, probabilities = drawn(40_000, temperature, classes)
    assert fit_temperature(labels, probabilities) == pytest.approx(temperature, rel=0.05)


def test_a_network_that_is_far_from_sure_is_made_surer() -> None:
    labels, probabilities = drawn(40_000, 0.1)
    assert fit_temperature(labels, probabilities) == pytest.approx(0.1, rel=0.05)


def test_a_handful_of_records_moves_little() -> None:
    # All four are right; without an expectation, their log loss is least at absolute certainty.
    probabilities = np.array([[0.6, 0.4], [0.55, 0.45], [0.3, 0.7], [0.45, 0.55]])
    assert 0.3 < fit_temperature(np.array([0, 0, 1, 1]), probabilities) < 1


def test_calibration_error_before_and_after() -> None:
    labels, probabilities = drawn(40_000, 3.0)
    assert expected_calibration_error(labels, probabilities) > 0.08
    fitted = tempered(probabilities, fit_temperature(labels, probabilities))
    assert expected_calibration_error(labels, fitted) < 0.015


def test_calibration_error_by_hand() -> None:
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.4, 0.6], [0.4, 0.6]])
    labels = np.array([0, 1, 1, 1])
    # Class 0: 0.9 where half are, 0.4 where none is; class 1 mirrors it: (0.4 · 2 + 0.4 · 2) / 4.
    assert expected_calibration_error(labels, probabilities) == pytest.approx(0.4)


def test_calibration_error_sees_errors_that_cancel_in_the_top_label() -> None:
    # Right about nine of ten either way, but class 0 is right always and class 1 four times in five.
    probabilities = np.array([[0.9, 0.1]] * 10 + [[0.1, 0.9]] * 10)
    labels = np.array([0] * 10 + [1] * 8 + [0] * 2)
    assert expected_calibration_error(labels, probabilities) == pytest.approx(0.1)


@given(st.floats(0.5, 5), st.integers(0, 1000))
def test_temperature_changes_no_order(temperature: float, seed: int) -> None:
    _, probabilities = drawn(50, 1.0, 3, seed)
    changed = tempered(probabilities, temperature)
    assert np.allclose(changed.sum(axis=1), 1)
    assert np.array_equal(changed.argmax(axis=1), probabilities.argmax(axis=1))
    assert np.allclose(tempered(changed, 1 / temperature), probabilities)


def test_the_threshold_is_the_best_of_a_grid() -> None:
    rng = np.random.default_rng(2)
    labels = (rng.random(5_000) < 0.1).astype(np.int64)
    scores = np.clip(rng.normal(0.2 + 0.3 * labels, 0.15), 0.001, 0.999)
    probabilities = np.stack([1 - scores, scores], axis=1)
    for criterion, metric in CRITERIA.items():
        found = best_threshold(labels, probabilities, 1, criterion)
        values = [
            measure(labels, probabilities, positive=1, threshold=bound, names=(metric,))[metric]
            for bound in (found, 0.2, 0.4, 0.5, 0.8)
        ]
        assert values[0] >= max(values[1:]) - 0.005
    assert best_threshold(labels, probabilities, 1, "balanced") < best_threshold(labels, probabilities, 1, "accuracy")


def test_perfect_separation_stays_at_one_half() -> None:
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8]] * 50)
    assert best_threshold(np.array([0, 1] * 50), probabilities, 1, "mcc") == 0.5


def test_confidence_for_error_by_hand() -> None:
    confidence = np.repeat([0.9, 0.8, 0.7, 0.6], 30)
    right = np.repeat([True, True, False, True], 30)
    assert confidence_for_error(right, confidence, [0.0, 0.25, 0.34]) == [0.8, 0.6, 0.6]
    assert confidence_for_error(~right, confidence, [0.0]) == [float("inf")]
    # A share of wrong decisions among a handful tells nothing.
    assert confidence_for_error(right[:29], confidence[:29], [0.0]) == [float("inf")]


def test_reweighting_by_hand() -> None:
    found = reweighted(np.array([[0.5, 0.5]]), np.array([0.5, 0.5]), np.array([0.9, 0.1]))
    assert found == pytest.approx(np.array([[0.9, 0.1]]))


def test_reweighting_makes_another_mix_calibrated() -> None:
    labels, probabilities = drawn(200_000, 1.0)
    rng = np.random.default_rng(3)
    kept = (labels == 0) | (rng.random(len(labels)) < 0.1)
    labels, probabilities = labels[kept], probabilities[kept]
    mix = np.bincount(labels) / len(labels)
    assert expected_calibration_error(labels, probabilities) > 0.08
    assert expected_calibration_error(labels, reweighted(probabilities, np.array([0.5, 0.5]), mix)) < 0.015
