from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from seqnet.evaluation.calibration import ValidationScores, expected_calibration_error, reweighted
from seqnet.evaluation.calibration.class_shift import FEWEST, _distance, _shrunk, estimate_shift
from seqnet.evaluation.calibration.likeliest_shares import likeliest_shares


def drawn(
    count: int, shares: list[float], seen: list[float], seed: int, spread: float = 1.0
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Returns labels and exact posteriors, at the shares `seen`, of points around the corners of a simplex."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(len(shares), count, p=shares)
    points = np.eye(len(shares))[labels] * 1.5 + rng.normal(size=(count, len(shares))) * spread
    distances = ((points[:, None, :] - np.eye(len(shares)) * 1.5) ** 2).sum(axis=2) / (2 * spread**2)
    joint = np.exp(-distances) * np.array(seen)
    return labels, joint / joint.sum(axis=1, keepdims=True)


def kept(count: int, seen: list[float], seed: int = 100) -> ValidationScores:
    labels, probabilities = drawn(count, seen, seen, seed)
    return ValidationScores.keep(labels, probabilities, seed=1)


@pytest.mark.parametrize("shares", [[0.2, 0.8], [0.35, 0.65], [0.95, 0.05]])
@pytest.mark.parametrize("count", [500, 20_000])
def test_a_shift_is_found_and_its_correction_calibrates(shares: list[float], count: int) -> None:
    seen = [0.55, 0.45]
    labels, probabilities = drawn(count, shares, seen, seed=5)
    found = estimate_shift(probabilities, np.array(seen), kept(3_000, seen))
    assert found.sure, found.doubt
    assert found.records == count
    assert found.low[0] <= shares[0] <= found.high[0]
    corrected = reweighted(probabilities, found.seen, found.shares)
    after = expected_calibration_error(labels, corrected)
    assert after < (0.8 if count == 500 else 0.3) * expected_calibration_error(labels, probabilities)


def test_a_shift_of_many_classes_is_found() -> None:
    seen, shares = [0.4, 0.4, 0.2], [0.15, 0.25, 0.6]
    _, probabilities = drawn(5_000, shares, seen, seed=6)
    found = estimate_shift(probabilities, np.array(seen), kept(3_000, seen))
    assert found.sure
    np.testing.assert_allclose(found.shares, shares, atol=0.04)
    assert found.line(["a", "b", "c"], None).startswith("c 0.59")
    assert "0.200 in training" in found.line(["a", "b", "c"], None)


def test_without_a_shift_nothing_is_reported() -> None:
    seen = [0.7, 0.3]
    validation = kept(1_000, seen)
    sure = [estimate_shift(drawn(400, seen, seen, seed)[1], np.array(seen), validation).sure for seed in range(40)]
    assert sum(sure) <= 1


def test_a_doubtful_estimate_is_shrunk_by_its_standard_error() -> None:
    seen, estimate = np.array([0.5, 0.5]), np.array([0.25, 0.75])
    distance = np.log(3)
    for error, factor in ((0.0, 1.0), (0.5 * distance, 0.75), (distance, 0.0), (3 * distance, 0.0)):
        share = float(_shrunk(estimate, seen, np.array([error, error]))[1])
        assert np.log(share / (1 - share)) == pytest.approx(factor * distance)
    assert _shrunk(seen, seen, np.array([0.1, 0.1])).tolist() == [0.5, 0.5]
    of_three = _shrunk(np.array([0.1, 0.3, 0.6]), np.array([0.4, 0.4, 0.2]), np.full(3, 0.1))
    assert of_three.sum() == pytest.approx(1)
    assert 0.1 < of_three[0] < 0.12


@pytest.mark.slow
def test_a_correction_in_part_is_nearer_to_the_truth_than_none() -> None:
    seen, shares, validation = np.array([0.5, 0.5]), [0.44, 0.56], kept(3_000, [0.5, 0.5])
    misses, doubtful = [], 0
    for seed in range(4):
        _, probabilities = drawn(600, shares, seen.tolist(), seed)
        found = estimate_shift(probabilities, seen, validation, shrink=True)
        assert found.low[1] < found.shares[1] < found.high[1]
        assert seen[1] <= found.applied[1] <= found.shares[1]
        assert found.sure == (found.applied[1] == found.shares[1])
        misses.append(abs(found.applied[1] - shares[1]))
        doubtful += not found.sure
    assert doubtful > 2
    assert np.mean(misses) < 0.6 * (shares[1] - seen[1])
    plain = estimate_shift(probabilities, seen, validation)
    assert plain.shrunk is None
    assert plain.applied is plain.seen


def test_badly_calibrated_probabilities_are_not_a_shift() -> None:
    seen = [0.5, 0.5]

    def biased(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
        return reweighted(probabilities, np.array(seen), np.array([0.8, 0.2]))

    labels, probabilities = drawn(3_000, seen, seen, seed=7)
    validation = ValidationScores.keep(labels, biased(probabilities), seed=1)
    new = biased(drawn(3_000, seen, seen, seed=8)[1])
    assert likeliest_shares(new, np.array(seen))[0] > 0.7
    found = estimate_shift(new, np.array(seen), validation)
    assert not found.sure
    assert found.shares[0] == pytest.approx(0.5, abs=0.05)
    rare = estimate_shift(biased(drawn(3_000, [0.1, 0.9], seen, seed=9)[1]), np.array(seen), validation)
    assert rare.low[0] < 0.1 < rare.high[0]


def test_scores_unlike_those_of_validation_are_not_a_shift() -> None:
    seen = [0.5, 0.5]
    flat = np.full((2_000, 1), 0.35) + np.random.default_rng(1).normal(size=(2_000, 1)) * 0.01
    found = estimate_shift(np.hstack([flat, 1 - flat]), np.array(seen), kept(3_000, seen))
    assert not found.sure
    assert "unlike those of validation records" in found.doubt
    again = estimate_shift(np.hstack([flat, 1 - flat]), np.array(seen), kept(3_000, seen), shrink=True)
    assert again.applied is again.seen


def test_unknown_values_are_not_reported() -> None:
    seen = np.array([0.5, 0.5])
    few = estimate_shift(drawn(FEWEST - 1, [0.1, 0.9], [0.5, 0.5], 1)[1], seen, kept(500, [0.5, 0.5]))
    assert few.doubt == "it has 199 records, and at least 200 are needed"
    assert np.isnan(few.shares).all()
    old = estimate_shift(drawn(500, [0.1, 0.9], [0.5, 0.5], 1)[1], seen, None)
    assert old.doubt == "the model keeps no validation scores; train it again"


def test_equal_scores_that_differ_by_rounding_are_equal() -> None:
    scores, weights = np.repeat([0.2, 0.7], 500), np.ones(1_000)
    assert _distance(scores, scores + 1e-8, weights) == 0.0
    assert _distance(scores, np.repeat([0.2, 0.7], [300, 700]), weights) == pytest.approx(0.2)
