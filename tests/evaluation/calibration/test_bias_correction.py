from __future__ import annotations

import numpy as np
import pytest

from seqnet.evaluation.calibration import tempered
from seqnet.evaluation.calibration.bias_correction import BiasCorrection, _fit_many, fit_bias_correction
from tests.evaluation.calibration.test_class_shift import drawn


@pytest.mark.parametrize("classes", [2, 3])
def test_what_made_probabilities_wrong_is_undone(classes: int) -> None:
    seen = [1 / classes] * classes
    labels, right = drawn(20_000, seen, seen, seed=1)
    offsets = np.linspace(-0.8, 0.8, classes)
    wrong = BiasCorrection(1.7, offsets)(right)
    found = fit_bias_correction(labels, wrong, np.ones(len(labels)))
    assert found.scale == pytest.approx(1 / 1.7, rel=0.05)
    np.testing.assert_allclose(found(wrong), right, atol=0.03)


def test_weights_are_numbers_of_records() -> None:
    labels, scores = drawn(300, [0.5, 0.5], [0.7, 0.3], seed=2)
    weights = np.arange(300) % 3
    one = fit_bias_correction(labels, scores, weights.astype(float))
    other = fit_bias_correction(np.repeat(labels, weights), np.repeat(scores, weights, axis=0), np.ones(weights.sum()))
    np.testing.assert_allclose(one(scores), other(scores), atol=1e-4)


@pytest.mark.parametrize("records", [5, 400])
@pytest.mark.parametrize("certain", [1.0, 40.0])
def test_two_classes_are_fitted_as_any_number(records: int, certain: float) -> None:
    labels, scores = drawn(records, [0.5, 0.5], [0.8, 0.2], seed=4)
    scores = BiasCorrection(certain, np.array([0.3, -0.6]))(scores)
    weights = np.resize([0.5, 1.5, 2.5, 3.5], records)
    one = fit_bias_correction(labels, scores, weights)
    other = _fit_many(labels, np.log(np.maximum(scores, 1e-12)), weights)
    assert one.scale == pytest.approx(other.scale, rel=1e-3)
    np.testing.assert_allclose(one.offsets, other.offsets, atol=2e-3)
    assert one.offsets.sum() == 0


def test_without_offsets_it_is_a_temperature() -> None:
    _, scores = drawn(50, [0.5, 0.5], [0.5, 0.5], seed=3)
    np.testing.assert_allclose(BiasCorrection(0.5, np.zeros(2))(scores), tempered(scores, 2.0), atol=1e-9)
