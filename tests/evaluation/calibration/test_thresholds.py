from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from seqnet.configs.calibration import CRITERIA
from seqnet.evaluation.calibration import (
    best_threshold,
    calibrate,
    chosen_temperature,
    confidence_for_error,
    expected_calibration_error,
    reweighted,
    tempered,
)
from seqnet.evaluation.metrics import measure


def drawn(
    count: int, temperature: float, classes: int = 2, seed: int = 1
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Labels drawn from true probabilities, and probabilities that are overconfident by `temperature`."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 1.5, (count, classes))
    true = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = (rng.random((count, 1)) > true.cumsum(axis=1)).sum(axis=1)
    return labels, tempered(true, 1 / temperature)


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
    # The error rate of a few decisions is not reliable.
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


def test_what_is_kept_helps_records_that_it_was_not_fitted_to() -> None:
    # The mean and the worst case over good and overconfident networks with few validation records.
    for temperature in (1.0, 2.0):
        labels, probabilities = drawn(20_000, temperature, seed=1000)
        before = measure(labels, probabilities, positive=1, names=("log_loss",))["log_loss"]
        losses = []
        for seed in range(60):
            chosen = chosen_temperature(*drawn(100, temperature, seed=seed)).temperature
            after = measure(labels, tempered(probabilities, chosen), positive=1, names=("log_loss",))["log_loss"]
            losses.append(after - before)
        assert np.mean(losses) < 0.002
        assert max(losses) < 0.05


def test_the_error_after_is_that_of_records_that_had_no_part_in_it() -> None:
    labels, probabilities = drawn(300, 2.5, seed=2)
    found = calibrate(labels, probabilities, 1, (0.5, 0.5), None)
    assert found.temperature > 1.5
    chosen = chosen_temperature(labels, probabilities)
    assert found.quality["log_loss_after"] == pytest.approx(
        measure(labels, chosen.crossed, positive=1, names=("log_loss",))["log_loss"]
    )
    in_sample = tempered(probabilities, found.temperature)
    assert measure(labels, in_sample, positive=1, names=("log_loss",))["log_loss"] < found.quality["log_loss_after"]


def test_whole_groups_are_held_out() -> None:
    # Every record twenty times: a thousand records but fifty independent ones, so the gain is within its error.
    gains = 0
    for seed in range(20):
        labels, probabilities = drawn(50, 1.3, seed=seed)
        copies = np.repeat(labels, 20), np.repeat(probabilities, 20, axis=0)
        gains += chosen_temperature(*copies, np.repeat(np.arange(50), 20)).temperature != 1
    assert gains <= 5


def test_weighted_decisions_count_by_their_weights() -> None:
    confidence = np.repeat([0.9, 0.8], 40)
    right = np.repeat([True, False], 40)
    weights = np.repeat([1.0, 0.25], 40)
    # 10 of 50 are wrong by weight, 40 of 80 by number.
    assert confidence_for_error(right, confidence, [0.19, 0.21], weights) == [0.9, 0.8]
    assert confidence_for_error(right, confidence, [0.21]) == [0.9]
