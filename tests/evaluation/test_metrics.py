"""Every metric compared with scikit-learn, and its undefined values with the table's description."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn import metrics as sk

from seqnet.core.errors import SettingError
from seqnet.evaluation import METRICS, decide, measure, score

from .examples import Records, records

NAN = float("nan")
Bools = NDArray[np.bool_]


def _one_class(name: str, own: Bools, given_own: Bools, p: NDArray[np.float64], w: NDArray[np.float64]) -> float:
    """Returns scikit-learn's value of a metric of one class against the rest; all (N,)."""
    if name == "auroc":
        return sk.roc_auc_score(own, p, sample_weight=w) if 0 < own.sum() < len(own) else NAN
    if name == "auprc":
        return sk.average_precision_score(own, p, sample_weight=w) if own.any() else NAN
    functions: dict[str, Callable[..., float]] = {
        "precision": sk.precision_score,
        "recall": sk.recall_score,
        "specificity": sk.recall_score,
        "f1": sk.f1_score,
    }
    side = name != "specificity"
    return functions[name](own, given_own, pos_label=side, sample_weight=w, zero_division=np.nan)


def _reference(name: str, data: Records, positive: int | None, threshold: float | None) -> float:
    """Returns scikit-learn's value, or NaN if the table says that it is undefined."""
    kept = data.weights > 0
    y, p, w = data.labels[kept], data.probabilities[kept], data.weights[kept]
    K = p.shape[1]
    yhat = decide(p, positive, threshold)
    if METRICS[name].per_class:
        values = [_one_class(name, y == c, yhat == c, p[:, c], w) for c in range(K)]
        return values[positive] if positive is not None else float(np.mean(values))
    if name == "accuracy":
        return float(sk.accuracy_score(y, yhat, sample_weight=w))
    if name == "balanced_accuracy":
        return float(sk.balanced_accuracy_score(y, yhat, sample_weight=w)) if len(set(y)) == K else NAN
    if name == "mcc":
        spread = len(set(y)) > 1 and len(set(yhat)) > 1
        return float(sk.matthews_corrcoef(y, yhat, sample_weight=w)) if spread else NAN
    if name == "log_loss":
        return float(sk.log_loss(y, p, labels=range(K), sample_weight=w))
    errors = sk.mean_squared_error(np.eye(K)[y], p, sample_weight=w, multioutput="raw_values")
    return float(errors.sum() if positive is None else errors[positive])


def _assert_as_reference(data: Records, positive: int | None, threshold: float | None) -> None:
    found = measure(*data, positive=positive, threshold=threshold)
    expected = {name: _reference(name, data, positive, threshold) for name in METRICS}
    assert found == pytest.approx(expected, abs=1e-9, nan_ok=True)


@settings(max_examples=60, deadline=None)
@given(records(2), st.sampled_from([0, 1]), st.sampled_from([0.25, 0.5, 0.6]))
def test_two_classes_as_scikit_learn(data: Records, positive: int, threshold: float) -> None:
    _assert_as_reference(data, positive, threshold)


@settings(max_examples=50, deadline=None)
@given(records(3))
def test_three_classes_as_scikit_learn(data: Records) -> None:
    _assert_as_reference(data, None, None)


@given(st.one_of(records(2, whole_weights=True), records(3, whole_weights=True)))
def test_a_weight_of_n_is_the_record_n_times(data: Records) -> None:
    times = data.weights.astype(np.int64)
    repeated = measure(np.repeat(data.labels, times), np.repeat(data.probabilities, times, axis=0))
    assert measure(*data) == pytest.approx(repeated, abs=1e-12, nan_ok=True)


@given(st.one_of(records(2), records(3)))
def test_metrics_stay_within_their_bounds(data: Records) -> None:
    for name, value in measure(*data).items():
        low = -1.0 if name == "mcc" else 0.0
        high = {"brier": 2.0, "log_loss": math.log(2**23)}.get(name, 1.0)
        assert math.isnan(value) or low - 1e-9 <= value <= high + 1e-9, name


def test_brier_and_mcc_are_scikit_learns_own_for_two_classes() -> None:
    y, p = np.array([0, 1, 1, 0, 1]), np.array([0.1, 0.9, 0.4, 0.6, 0.7])
    found = measure(y, np.column_stack([1 - p, p]))
    assert found["brier"] == pytest.approx(sk.brier_score_loss(y, p), abs=1e-12)
    assert found["mcc"] == pytest.approx((2 * 1 - 1 * 1) / math.sqrt(3 * 3 * 2 * 2), abs=1e-12)


def test_a_small_case_on_paper() -> None:
    # p of class 1, highest first: 0.9 (1), 0.8 (0), 0.6 (1), 0.3 (0), 0.3 (1): TP 2, FP 1, FN 1, TN 1.
    p = np.array([0.9, 0.8, 0.6, 0.3, 0.3])
    found = measure([1, 0, 1, 0, 1], np.column_stack([1 - p, p]))
    expected = {
        "accuracy": 3 / 5,
        "balanced_accuracy": (2 / 3 + 1 / 2) / 2,
        "precision": 2 / 3,
        "recall": 2 / 3,
        "specificity": 1 / 2,
        "f1": 2 / 3,
        "mcc": (2 * 1 - 1 * 1) / math.sqrt(3 * 3 * 2 * 2),
        "auroc": (2 + 1 + 0.5) / 6,
        "auprc": (1 + 2 / 3 + 3 / 5) / 3,
        "brier": (0.01 + 0.64 + 0.16 + 0.09 + 0.49) / 5,
        "log_loss": -math.log(0.9 * 0.2 * 0.6 * 0.7 * 0.3) / 5,
    }
    assert found == pytest.approx(expected, abs=1e-12)


def test_perfect_predictions_are_exactly_perfect() -> None:
    y = np.array([0, 1, 2, 1, 0, 2, 2])
    found = measure(y, np.eye(3)[y])
    assert found == {name: 0.0 if name in ("brier", "log_loss") else 1.0 for name in METRICS}
    assert math.copysign(1, found["log_loss"]) == 1


def test_a_probability_of_zero_costs_the_logarithm_of_float32_epsilon() -> None:
    assert measure([1], [[1.0, 0.0]])["log_loss"] == pytest.approx(23 * math.log(2), abs=1e-12)


@pytest.mark.parametrize(
    ("labels", "positives", "undefined"),
    [
        ([1, 1, 1], [0.9, 0.6, 0.2], {"balanced_accuracy", "specificity", "mcc", "auroc"}),
        ([0, 0, 0], [0.9, 0.6, 0.2], {"balanced_accuracy", "recall", "mcc", "auroc", "auprc"}),
        ([0, 1, 1], [0.4, 0.1, 0.2], {"precision", "mcc"}),
        ([0, 1, 1], [0.6, 0.6, 0.6], {"mcc"}),
        ([0, 0, 0], [0.1, 0.1, 0.1], {"balanced_accuracy", "precision", "recall", "f1", "mcc", "auroc", "auprc"}),
    ],
    ids=["no negative", "no positive", "none predicted", "all equal", "no positive and none predicted"],
)
def test_what_is_undefined_is_nan(labels: list[int], positives: list[float], undefined: set[str]) -> None:
    p = np.array(positives)
    found = measure(labels, np.column_stack([1 - p, p]))
    assert {name for name, value in found.items() if math.isnan(value)} == undefined


def test_equal_probabilities_rank_like_chance() -> None:
    found = measure([0, 1, 0, 1, 0], np.full((5, 2), 0.5))
    assert (found["auroc"], found["auprc"]) == (0.5, 0.4)


def test_f1_is_zero_where_a_class_is_there_but_never_predicted() -> None:
    assert measure([0, 1, 1], [[0.9, 0.1]] * 3)["f1"] == 0.0


def test_a_macro_average_is_undefined_with_one_of_its_classes() -> None:
    # First class 2 has a record but is never predicted; then it has no record.
    p = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.5, 0.3, 0.2]])
    found = measure([0, 1, 2], p)
    assert math.isnan(found["precision"])
    assert found["recall"] == pytest.approx(2 / 3)
    precision = METRICS["precision"].compute(score([0, 1, 2], p).once())
    np.testing.assert_array_equal(precision, [0.5, 1.0, NAN])
    absent = measure([0, 1, 0], p)
    assert {name for name, value in absent.items() if math.isnan(value)} == {
        "balanced_accuracy",
        "precision",
        "recall",
        "f1",
        "auroc",
        "auprc",
    }


def test_uneven_weights_on_one_class_leave_no_rounding_rest() -> None:
    # 0.1 + 0.2 + 0.3 is not exactly 0.6: a rest of 1e-17 must not count as records outside the class.
    found = measure([1, 1, 1], [[0.1, 0.8, 0.1], [0.8, 0.1, 0.1], [0.1, 0.1, 0.8]], np.array([0.1, 0.2, 0.3]))
    assert math.isnan(found["mcc"])
    assert math.isnan(found["specificity"])


def test_chosen_metrics_only() -> None:
    assert measure([0, 1], np.eye(2), names=("mcc",)) == {"mcc": 1.0}
    with pytest.raises(SettingError, match="must be one of accuracy, "):
        measure([0, 1], np.eye(2), names=("roc",))


def test_the_table_is_complete() -> None:
    assert list(METRICS) == [
        "accuracy",
        "balanced_accuracy",
        "precision",
        "recall",
        "specificity",
        "f1",
        "mcc",
        "auroc",
        "auprc",
        "brier",
        "log_loss",
    ]
    assert {name for name, metric in METRICS.items() if metric.better == "lower"} == {"brier", "log_loss"}
    assert {name for name, metric in METRICS.items() if metric.needs == "ranking"} == {"auroc", "auprc"}
    assert len({metric.help for metric in METRICS.values()}) == len(METRICS)
