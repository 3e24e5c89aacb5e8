from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from sklearn.metrics import auc, average_precision_score, precision_recall_curve, roc_auc_score, roc_curve

from seqnet.configs.evaluation import EvaluationOptions
from seqnet.evaluation import measure, score
from seqnet.evaluation.curves import GRID, ClassCurves, Curve, ranking_curves, thinned
from tests.evaluation.examples import Records, records, separated

NO_BANDS = EvaluationOptions(replicates=0)
QUICK = EvaluationOptions(replicates=200)


def curves_of(data: Records, options: EvaluationOptions = NO_BANDS) -> tuple[ClassCurves, ...]:
    return ranking_curves(score(data.labels, data.probabilities), groups=None, options=options)


def roc_area(curve: Curve) -> float:
    return float(auc(curve.x, curve.y))


def precision_area(curve: Curve) -> float:
    return float((np.diff(curve.x) * curve.y[1:]).sum())


@given(records(2))
def test_the_points_are_those_of_scikit_learn(data: Records) -> None:
    true, p = data.labels == 1, data.probabilities[:, 1]
    if true.all() or not true.any():
        assert curves_of(data) == ()
        return
    (found,) = curves_of(data)
    false_rates, true_rates, _ = roc_curve(true, p, drop_intermediate=False)
    np.testing.assert_allclose(found.roc.x, false_rates, atol=1e-12)
    np.testing.assert_allclose(found.roc.y, true_rates, atol=1e-12)
    precision, recall, _ = precision_recall_curve(true, p)
    expected = {(round(r, 9), round(q, 9)) for r, q in zip(recall, precision, strict=True)}
    points = list(zip(found.precision.x.round(9).tolist(), found.precision.y.round(9).tolist(), strict=True))
    assert set(points[1:]) <= expected
    assert points[0] == (0, points[1][1])
    assert abs(roc_area(found.roc) - roc_auc_score(true, p)) < 1e-9
    assert abs(precision_area(found.precision) - average_precision_score(true, p)) < 1e-9
    assert found.share == true.mean()


def test_the_areas_of_many_records_are_the_metrics_though_points_are_left_out() -> None:
    data = separated(20000, 2)
    (found,) = curves_of(data)
    metrics = measure(data.labels, data.probabilities)
    assert len(found.roc.x) <= 1600
    assert len(found.precision.x) <= 1600
    assert abs(roc_area(found.roc) - metrics["auroc"]) < 1e-4
    assert abs(precision_area(found.precision) - metrics["auprc"]) < 1e-3


def test_each_of_several_classes_has_a_curve_and_so_has_their_mean() -> None:
    data = separated(600, 3)
    *classes, mean = curves_of(data, QUICK)
    assert [one.label for one in classes] == [0, 1, 2]
    assert mean.label is None
    for one in classes:
        true, p = data.labels == one.label, data.probabilities[:, one.label or 0]
        assert abs(roc_area(one.roc) - roc_auc_score(true, p)) < 1e-9
    expected = np.mean([np.interp(GRID, one.roc.x, one.roc.y) for one in classes], axis=0)
    np.testing.assert_allclose(mean.roc.y, expected, atol=1e-12)
    metrics = measure(data.labels, data.probabilities)
    assert abs(roc_area(mean.roc) - metrics["auroc"]) < 0.01
    assert abs(precision_area(mean.precision) - metrics["auprc"]) < 0.01
    assert all(len(one.roc.low) == len(GRID) for one in (*classes, mean))


def test_of_many_classes_only_the_mean_has_a_band() -> None:
    *classes, mean = curves_of(separated(400, 8), QUICK)
    assert {len(one.roc.low) for one in classes} == {0}
    assert len(mean.roc.low) == len(mean.precision.high) == len(GRID)


def test_a_class_without_records_has_no_curve() -> None:
    data = separated(300, 3)
    kept = data.labels != 2
    scored = score(data.labels[kept], data.probabilities[kept])
    assert [one.label for one in ranking_curves(scored, groups=None, options=NO_BANDS)] == [0, 1]


def test_the_band_is_the_percentile_interval_at_each_place() -> None:
    """Against replicates that are drawn and measured one by one, with scikit-learn's curves."""
    data = separated(400, 2)
    groups = np.arange(400) // 4
    scored = score(data.labels, data.probabilities)
    (found,) = ranking_curves(scored, groups=groups, options=EvaluationOptions(replicates=1000))
    rng = np.random.default_rng(7)
    rows = []
    for _ in range(1000):
        chosen = (rng.integers(100, size=100)[:, None] * 4 + np.arange(4)).ravel()
        true, p = data.labels[chosen] == 1, data.probabilities[chosen, 1]
        false_rates, true_rates, _ = roc_curve(true, p)
        rows.append(np.interp(GRID, false_rates, true_rates))
    low, high = np.quantile(rows, (0.025, 0.975), axis=0)
    inner = slice(2, 90)
    np.testing.assert_allclose(found.roc.low[inner], low[inner], atol=0.03)
    np.testing.assert_allclose(found.roc.high[inner], high[inner], atol=0.03)
    assert (found.roc.low[inner] < np.interp(GRID, found.roc.x, found.roc.y)[inner]).all()


def test_bands_of_many_thresholds_are_those_of_all() -> None:
    data = separated(3000, 2)
    rounded = data.probabilities.round(2)
    few, many = (
        ranking_curves(score(data.labels, p / p.sum(axis=1, keepdims=True)), groups=None, options=QUICK)[0]
        for p in (rounded, data.probabilities)
    )
    np.testing.assert_allclose(few.roc.low[5:], many.roc.low[5:], atol=0.02)
    np.testing.assert_allclose(few.precision.high[5:], many.precision.high[5:], atol=0.02)


def test_the_order_of_the_records_plays_no_part() -> None:
    data, groups = separated(200, 2), np.arange(200) // 2
    order = np.random.default_rng(0).permutation(200)
    one, other = (
        ranking_curves(score(data.labels[at], data.probabilities[at]), groups=groups[at], options=QUICK)[0]
        for at in (np.arange(200), order)
    )
    for name in ("x", "y", "low", "high"):
        np.testing.assert_array_equal(getattr(one.roc, name), getattr(other.roc, name))
        np.testing.assert_array_equal(getattr(one.precision, name), getattr(other.precision, name))


@pytest.mark.parametrize("count", [10, 100_000])
def test_a_thinned_curve_covers_the_same_pixels(count: int) -> None:
    rng = np.random.default_rng(0)
    x, y = np.sort(rng.random(count)), rng.random(count).cumsum() / count
    few, heights = thinned(x, y, columns=100)
    assert len(few) <= 400
    assert (few[0], few[-1]) == (x[0], x[-1])
    assert set(zip(few.tolist(), heights.tolist(), strict=True)) <= set(zip(x.tolist(), y.tolist(), strict=True))
    for column in range(100):
        inside, kept = (x * 100).astype(int) == column, (few * 100).astype(int) == column
        if inside.any():
            assert (y[inside].min(), y[inside].max()) == (heights[kept].min(), heights[kept].max())
