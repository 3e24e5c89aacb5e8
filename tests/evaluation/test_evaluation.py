from __future__ import annotations

import json
import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqnet.configs.evaluation import EvaluationOptions
from seqnet.core.errors import EmptyInputError, LabelError, SettingError
from seqnet.evaluation import METRICS, evaluate_probabilities, measure

from .examples import Records, records, separated

FEW = EvaluationOptions(replicates=50, seed=3)
PER_CLASS = ["precision", "recall", "specificity", "f1", "auroc", "auprc"]


def test_values_are_the_metrics_and_lie_in_their_intervals() -> None:
    y, p, _ = separated(500, 2)
    evaluation = evaluate_probabilities(y, p, ("phage", "host"), positive="phage", threshold=0.4)
    values = {name: estimate.value for name, estimate in evaluation.metrics.items()}
    assert values == pytest.approx(measure(y, p, positive=0, threshold=0.4), abs=1e-12)
    for name, estimate in evaluation.metrics.items():
        assert estimate.low < estimate.value < estimate.high, name
    counts = evaluation.confusion
    assert counts.sum() == evaluation.n == 500
    assert counts[0, 0] == np.sum((y == 0) & (p[:, 0] >= 0.4))
    assert counts[1, 0] == np.sum((y == 1) & (p[:, 0] >= 0.4))
    assert (evaluation.confusion_low < counts).all()
    assert (counts < evaluation.confusion_high).all()


def test_the_interval_of_accuracy_is_close_to_the_normal_one() -> None:
    y = np.repeat([0, 1], 200)
    p = np.where(np.arange(400)[:, None] % 5 > 0, np.eye(2)[y], np.eye(2)[1 - y])
    accuracy = evaluate_probabilities(y, p, ("a", "b"), options=EvaluationOptions(replicates=2000)).metrics["accuracy"]
    half = 1.96 * math.sqrt(0.8 * 0.2 / 400)
    assert (accuracy.low, accuracy.value, accuracy.high) == pytest.approx((0.8 - half, 0.8, 0.8 + half), abs=0.006)


def test_per_class_rows_average_to_the_macro_metrics() -> None:
    y, p, _ = separated(300, 3)
    evaluation = evaluate_probabilities(y, p, ("a", "b", "c"), options=FEW)
    for name in PER_CLASS:
        values = [evaluation.per_class[one][name].value for one in "abc"]
        assert np.mean(values) == pytest.approx(evaluation.metrics[name].value, abs=1e-12)
        assert min(values) < max(values)
    # One class against the rest is the binary problem of that class.
    ranked = np.column_stack([1 - p[:, 1], p[:, 1]])
    assert evaluation.per_class["b"]["auroc"].value == pytest.approx(measure(y == 1, ranked)["auroc"], abs=1e-12)
    assert (evaluation.positive, evaluation.threshold) == (None, None)


def test_correlated_groups_widen_every_interval() -> None:
    y, p, _ = separated(60, 2)
    y, p = np.repeat(y, 16), np.repeat(p, 16, axis=0)
    groups = np.repeat(np.arange(60), 16)
    options = EvaluationOptions(replicates=400)
    alone = evaluate_probabilities(y, p, ("a", "b"), options=options)
    grouped = evaluate_probabilities(y, p, ("a", "b"), groups=groups, options=options)
    for name in METRICS:
        assert grouped.metrics[name].value == alone.metrics[name].value
        widths = [each.metrics[name].high - each.metrics[name].low for each in (grouped, alone)]
        assert widths[0] / widths[1] == pytest.approx(4, rel=0.25), name
    assert grouped.bootstrap.unit == "group"
    assert alone.bootstrap.unit == "record"


def test_groups_of_one_record_are_records() -> None:
    y, p, _ = separated(40, 2)
    ids = np.random.default_rng(1).permutation(40)
    alone = evaluate_probabilities(y, p, ("a", "b"), options=FEW).to_json()
    assert evaluate_probabilities(y, p, ("a", "b"), groups=ids, options=FEW).to_json() == alone
    assert alone["bootstrap"]["unit"] == "record"


def test_cells_are_counted_per_n_records_when_groups_differ_in_size() -> None:
    # All records are right: the count of each class varies, but their sum per N records does not.
    y = np.repeat([0, 1, 0, 1], [1, 50, 3, 6])
    groups = np.repeat([0, 1, 2, 3], [1, 50, 3, 6])
    evaluation = evaluate_probabilities(y, np.eye(2)[y], ("a", "b"), groups=groups, options=FEW)
    assert evaluation.confusion.tolist() == [[4, 0], [0, 56]]
    assert evaluation.confusion_high.max() <= 60
    assert evaluation.confusion_low[0, 0] + evaluation.confusion_high[1, 1] == pytest.approx(60)


@settings(max_examples=15, deadline=None)
@given(st.one_of(records(2), records(3)), st.booleans())
def test_the_order_of_records_does_not_matter(data: Records, grouped: bool) -> None:
    y, p, _ = data
    classes = tuple("abc"[: p.shape[1]])
    groups = np.arange(len(y)) // 3 * -5
    order = np.random.default_rng(len(y)).permutation(len(y))
    first = evaluate_probabilities(y, p, classes, groups=groups if grouped else None, options=FEW)
    second = evaluate_probabilities(y[order], p[order], classes, groups=groups[order] if grouped else None, options=FEW)
    assert first.to_json() == second.to_json()


def test_the_seed_decides_the_intervals() -> None:
    y, p, _ = separated(100, 2)
    runs = [
        evaluate_probabilities(y, p, ("a", "b"), options=EvaluationOptions(replicates=50, seed=seed)).to_json()
        for seed in (0, 0, 1)
    ]
    assert runs[0] == runs[1]
    assert runs[0]["metrics"]["auroc"]["value"] == runs[2]["metrics"]["auroc"]["value"]
    assert runs[0]["metrics"]["auroc"]["low"] != runs[2]["metrics"]["auroc"]["low"]


def test_a_wider_confidence_gives_wider_intervals() -> None:
    y, p, _ = separated(200, 2)
    narrow, wide = (
        evaluate_probabilities(y, p, ("a", "b"), options=EvaluationOptions(replicates=200, confidence=level))
        for level in (0.5, 0.99)
    )
    for name in METRICS:
        assert wide.metrics[name].low < narrow.metrics[name].low < narrow.metrics[name].high < wide.metrics[name].high


def test_json_has_its_documented_shape() -> None:
    y, p, _ = separated(80, 2)
    text = evaluate_probabilities(y, p, ["a", "b"], split="valid", options=FEW).to_json()
    assert json.loads(json.dumps(text, allow_nan=False)) == text
    assert list(text) == [
        "n",
        "split",
        "classes",
        "positive",
        "threshold",
        "metrics",
        "confusion",
        "per_class",
        "bootstrap",
    ]
    assert (text["n"], text["split"], text["classes"]) == (80, "valid", ["a", "b"])
    assert (text["positive"], text["threshold"]) == ("b", 0.5)
    assert list(text["metrics"]) == list(METRICS)
    assert all(list(estimate) == ["value", "low", "high", "exact"] for estimate in text["metrics"].values())
    assert list(text["confusion"]) == ["classes", "counts", "low", "high", "exact"]
    assert text["confusion"]["classes"] == ["a", "b"]
    assert np.shape(text["confusion"]["low"]) == np.shape(text["confusion"]["high"]) == (2, 2)
    assert {type(count) for row in text["confusion"]["counts"] for count in row} == {int}
    assert list(text["per_class"]) == ["a", "b"]
    assert list(text["per_class"]["a"]) == ["n", *PER_CLASS]
    assert text["per_class"]["a"]["n"] + text["per_class"]["b"]["n"] == 80
    assert text["bootstrap"] == {"replicates": 50, "seed": 3, "unit": "record", "confidence": 0.95, "exact_below": 5}


@settings(max_examples=25, deadline=None)
@given(st.one_of(records(2), records(3)))
def test_json_is_valid_whatever_is_undefined(data: Records) -> None:
    classes = tuple("abc"[: data.probabilities.shape[1]])
    text = evaluate_probabilities(data.labels, data.probabilities, classes, options=FEW).to_json()
    assert json.loads(json.dumps(text, allow_nan=False)) == text


def test_one_record_has_values_but_no_intervals() -> None:
    text = evaluate_probabilities([1], [[0.2, 0.8]], ("a", "b"), options=FEW).to_json()
    assert text["metrics"]["accuracy"] == {"value": 1.0, "low": None, "high": None, "exact": False}
    assert text["metrics"]["auroc"] == {"value": None, "low": None, "high": None, "exact": False}
    assert text["metrics"]["brier"]["value"] == pytest.approx(0.04)
    assert text["confusion"]["counts"] == [[0, 0], [0, 1]]
    assert text["confusion"]["low"] == [[None, None], [None, None]]


def test_no_replicates_no_intervals() -> None:
    y, p, _ = separated(50, 3)
    text = evaluate_probabilities(y, p, "abc", options=EvaluationOptions(replicates=0)).to_json()
    for estimate in text["metrics"].values():
        assert estimate["value"] is not None
        assert estimate["low"] is estimate["high"] is None


def test_a_class_without_a_record() -> None:
    y, p, _ = separated(90, 3)
    kept = y < 2
    evaluation = evaluate_probabilities(y[kept], p[kept], ("a", "b", "c"), options=FEW)
    assert math.isnan(evaluation.metrics["auroc"].value)
    assert math.isnan(evaluation.metrics["auroc"].low)
    assert evaluation.metrics["accuracy"].value > 0.3
    assert evaluation.to_json()["per_class"]["c"]["n"] == 0
    assert math.isnan(evaluation.per_class["c"]["recall"].value)
    assert 0 < evaluation.per_class["a"]["recall"].value < 1


def test_a_class_with_one_record_has_an_exact_interval() -> None:
    y = np.array([1] + [0] * 29)
    p = np.tile([0.7, 0.3], (30, 1))
    recall = evaluate_probabilities(y, p, ("a", "b")).metrics["recall"]
    # One trial without success: at a recall of 0.975 its probability is half of 5 %.
    assert (recall.value, recall.low) == (0, 0)
    assert recall.high == pytest.approx(0.975)


def test_float32_probabilities_are_widened() -> None:
    y, p, _ = separated(40, 2)
    narrow = p.astype(np.float32)
    first = evaluate_probabilities(y, narrow, ("a", "b"), options=FEW)
    second = evaluate_probabilities(y, narrow.astype(np.float64), ("a", "b"), options=FEW)
    assert first.to_json() == second.to_json()


def test_invalid_input_is_refused() -> None:
    y, p, _ = separated(20, 2)
    with pytest.raises(EmptyInputError):
        evaluate_probabilities(y[:0], p[:0], ("a", "b"))
    with pytest.raises(SettingError, match=r"evaluate\.positive must be one of a, b, not 'c'"):
        evaluate_probabilities(y, p, ("a", "b"), positive="c")
    with pytest.raises(LabelError, match="two classes have the same name"):
        evaluate_probabilities(y, p, ("a", "a"))
    with pytest.raises(ValueError, match="3 classes"):
        evaluate_probabilities(y, p, ("a", "b", "c"))
    with pytest.raises(ValueError, match="these groups"):
        evaluate_probabilities(y, p, ("a", "b"), groups=np.arange(19))


@pytest.mark.parametrize(("name", "value"), [("replicates", -1), ("confidence", 1.0), ("confidence", 0), ("seed", -1)])
def test_options_check_themselves(name: str, value: float) -> None:
    with pytest.raises(SettingError, match=rf"evaluate\.{name}"):
        EvaluationOptions.from_dict({name: value})


def test_the_cells_of_many_classes_have_no_intervals_but_the_metrics_have() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(200), 3)
    given = np.where(rng.random(600) < 0.8, labels, rng.integers(0, 200, 600))
    names = [f"c{label}" for label in range(200)]
    tracemalloc.start()
    found = evaluate_probabilities(labels, np.eye(200)[given], names, options=EvaluationOptions(replicates=100))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # The replicates of all cells would take 8 · 100 · 200² bytes, 32 MB, and twice that while they are put together.
    assert peak < 16e6
    accuracy = found.metrics["accuracy"]
    assert accuracy.low < accuracy.value < accuracy.high
    assert np.isnan(found.confusion_low).all()
    assert found.confusion_low.shape == found.confusion.shape == (200, 200)
    assert not found.confusion_exact.any()
    assert found.confusion.trace() == round(600 * accuracy.value)
    assert found.per_class["c5"]["recall"].value == found.confusion[5, 5] / 3
    json.dumps(found.to_json(), allow_nan=False)
