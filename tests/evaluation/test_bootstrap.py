from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from seqnet.evaluation import bootstrap, percentile_intervals

Array = NDArray[np.float64]


def _mean_interval(values: Array, groups: NDArray[np.int64] | None, replicates: int, seed: int) -> tuple[float, float]:
    """Returns the 95 % interval of the mean of values (N,)."""

    def mean(weights: Array) -> Array:
        return np.array([(weights * values).sum() / weights.sum()])

    rng = np.random.default_rng(seed)
    samples = bootstrap(mean, len(values), groups=groups, replicates=replicates, rng=rng)
    low, high = percentile_intervals(samples, 0.95)
    return float(low[0]), float(high[0])


def test_the_interval_of_an_accuracy_is_close_to_the_normal_one() -> None:
    correct = np.repeat([1.0, 0.0], [320, 80])
    half = 1.96 * np.sqrt(0.8 * 0.2 / 400)
    low, high = _mean_interval(correct, None, replicates=4000, seed=1)
    assert (low, high) == pytest.approx((0.8 - half, 0.8 + half), abs=0.004)


def test_intervals_cover_the_truth_at_their_confidence_level() -> None:
    rng = np.random.default_rng(2)
    covered = 0
    for seed in range(200):
        low, high = _mean_interval((rng.random(100) < 0.7).astype(np.float64), None, replicates=200, seed=seed)
        covered += low <= 0.7 <= high
    assert 180 <= covered <= 198  # 190 expected, standard error 3


def test_copies_in_a_group_widen_the_interval_by_the_root_of_the_group_size() -> None:
    rng = np.random.default_rng(3)
    values, groups = np.repeat(rng.normal(size=100), 9), np.repeat(np.arange(100) * 7 - 50, 9)
    low, high = _mean_interval(values, None, replicates=1000, seed=0)
    group_low, group_high = _mean_interval(values, groups, replicates=1000, seed=0)
    assert (group_high - group_low) / (high - low) == pytest.approx(3, rel=0.1)


def test_whole_groups_are_drawn() -> None:
    groups = np.array([5, -2, 5, 9, -2, 5])
    weights = bootstrap(lambda w: w, 6, groups=groups, replicates=50, rng=np.random.default_rng(0))
    assert weights.shape == (50, 6)
    np.testing.assert_array_equal(weights[:, 0], weights[:, 2])
    np.testing.assert_array_equal(weights[:, 0], weights[:, 5])
    np.testing.assert_array_equal(weights[:, 1], weights[:, 4])
    np.testing.assert_array_equal(weights[:, 0] + weights[:, 1] + weights[:, 3], np.full(50, 3.0))


def test_groups_of_one_record_are_records() -> None:
    first = bootstrap(lambda w: w, 8, groups=None, replicates=5, rng=np.random.default_rng(4))
    second = bootstrap(lambda w: w, 8, groups=np.arange(8), replicates=5, rng=np.random.default_rng(4))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first.sum(axis=1), np.full(5, 8.0))


@pytest.mark.parametrize(
    ("count", "groups", "replicates"), [(5, None, 0), (1, None, 10), (5, np.zeros(5, np.int64), 10)]
)
def test_no_replicates_without_two_units(count: int, groups: NDArray[np.int64] | None, replicates: int) -> None:
    rng = np.random.default_rng(0)
    samples = bootstrap(lambda w: w[:1], count, groups=groups, replicates=replicates, rng=rng)
    assert samples.shape == (0, 1)
    assert np.isnan(percentile_intervals(samples, 0.95)).all()


def test_undefined_replicates_are_left_out_up_to_a_half() -> None:
    nan = np.nan
    samples = np.array([[1.0, nan, nan, 7.0], [3.0, 4.0, nan, 7.0], [2.0, 6.0, nan, 7.0], [4.0, nan, 5.0, 7.0]])
    low, high = percentile_intervals(samples, 0.5)
    # The last statistic is the same in all replicates, which says nothing about its spread.
    np.testing.assert_allclose(low, [1.75, 4.5, nan, nan])
    np.testing.assert_allclose(high, [3.25, 5.5, nan, nan])


@pytest.mark.parametrize(("undefined", "there"), [(50, True), (51, False)])
def test_no_interval_with_more_than_half_undefined(undefined: int, there: bool) -> None:
    samples = np.where(np.arange(100)[:, None] < undefined, np.nan, np.arange(100, dtype=np.float64)[:, None])
    low, high = percentile_intervals(samples, 0.95)
    assert (low[0] < high[0]) == there
    assert np.isnan([low[0], high[0]]).all() != there


def test_replicates_that_differ_by_rounding_have_no_interval() -> None:
    samples = np.array([[0.1 + 0.2], [0.3], [0.3]])
    assert np.isnan(percentile_intervals(samples, 0.95)).all()


def test_groups_are_drawn_within_their_class() -> None:
    # Two groups of ten of one class and twenty single records of the other: every replicate has twenty of each.
    groups = np.concatenate([np.repeat([0, 1], 10), np.arange(2, 22)])
    classes = np.repeat([0, 1], 20)
    rng = np.random.default_rng(1)
    weights = bootstrap(lambda w: w, 40, groups=groups, replicates=50, rng=rng, classes=classes)
    assert (weights[:, :20].sum(axis=1) == 20).all()
    assert (weights[:, 20:].sum(axis=1) == 20).all()
    assert len(np.unique(weights[:, 0])) > 1
