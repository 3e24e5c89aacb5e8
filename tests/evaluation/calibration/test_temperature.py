from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from seqnet.evaluation.calibration import (
    calibrate,
    chosen_temperature,
    expected_calibration_error,
    fit_temperature,
    tempered,
)


def drawn(
    count: int, temperature: float, classes: int = 2, seed: int = 1
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Labels drawn from true probabilities, and probabilities that are overconfident by `temperature`."""
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
    # All four are right. Without the prior, the log loss would be lowest at absolute certainty.
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
    # Class 0: probability 0.9 with a share of 0.5, and 0.4 with 0; class 1 mirrors it: (0.4 · 2 + 0.4 · 2) / 4.
    assert expected_calibration_error(labels, probabilities) == pytest.approx(0.4)


def test_calibration_error_sees_errors_that_cancel_in_the_top_label() -> None:
    # In both cases about 90 % are right, but for class 0 all decisions are and for class 1 four of five.
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


def test_few_records_are_not_calibrated() -> None:
    # A good network has nearly all of 24 records right by chance; a temperature would make it certain.
    labels, probabilities = drawn(24, 1.0, seed=4)
    assert abs(np.log(fit_temperature(labels, probabilities))) > 0.1
    found = calibrate(labels, probabilities, 1, (0.5, 0.5), None)
    assert found.temperature == 1
    assert found.not_calibrated == "there are 24 validation records, and at least 50 are needed"
    assert found.quality["ece_after"] == found.quality["ece_before"]
    few = chosen_temperature(np.repeat(labels, 10), np.repeat(probabilities, 10, axis=0), np.arange(240) // 10)
    assert few.reason == "there are 24 validation groups of records, and at least 50 are needed"


@pytest.mark.parametrize("count", [60, 300, 3000])
def test_a_sound_network_is_mostly_left_as_it_is(count: int) -> None:
    left = [chosen_temperature(*drawn(count, 1.0, seed=seed)).temperature == 1 for seed in range(60)]
    assert sum(left) >= 54


@pytest.mark.parametrize(("count", "least"), [(100, 24), (1000, 30)])
def test_a_network_that_is_too_sure_is_calibrated(count: int, least: int) -> None:
    found = [chosen_temperature(*drawn(count, 3.0, seed=seed)) for seed in range(30)]
    assert sum(one.temperature > 1.5 and not one.reason for one in found) >= least
