from __future__ import annotations

import json
import math

import numpy as np
import pytest

from seqnet.configs.evaluation import EvaluationOptions
from seqnet.evaluation import evaluate_folds, evaluate_probabilities, format_cross_validation, measure
from tests.evaluation.examples import separated

QUICK = EvaluationOptions(replicates=40)


def test_figures_by_hand() -> None:
    labels = np.array([0, 1, 0, 1, 0, 1, 0, 1])
    positive = np.array([0.1, 0.9, 0.4, 0.3, 0.6, 0.7, 0.2, 0.8])
    probabilities = np.stack([1 - positive, positive], axis=1)
    folds = np.array([0, 0, 1, 1, 2, 2, 2, 2])
    found = evaluate_folds(
        labels, probabilities, folds, [0.5, 0.35, 0.65], ("a", "b"), positive=1, options=EvaluationOptions(replicates=0)
    )
    # Both records of fold 1 are wrong; with the threshold of fold 2, the one with 0.6 is right.
    assert [fold["accuracy"] for fold in found.folds] == [1, 0, 1]
    assert [fold["auroc"] for fold in found.folds] == [1, 0, 1]
    assert found.mean["accuracy"] == pytest.approx(2 / 3)
    assert found.sd["accuracy"] == pytest.approx(math.sqrt(1 / 3))
    assert found.pooled.metrics["accuracy"].value == 6 / 8
    # Of the 16 pairs only 0.3 is below 0.4 and 0.6.
    assert found.pooled.metrics["auroc"].value == 14 / 16
    assert (found.pooled.threshold, found.pooled.split, found.pooled.n) == (None, "out of fold", 8)
    assert format_cross_validation(found) == (
        "accuracy 0.667 ± 0.577 over 3 folds, AUROC 0.667 ± 0.577; pooled accuracy 0.750, AUROC 0.875"
    )


@pytest.mark.parametrize("classes", [("a", "b"), ("a", "b", "c")])
def test_folds_and_pool_are_what_the_parts_give(classes: tuple[str, ...]) -> None:
    labels, probabilities, _ = separated(90, len(classes))
    folds, groups = np.arange(90) % 3, np.arange(90) // 6
    positive = 0 if len(classes) == 2 else None
    found = evaluate_folds(
        labels, probabilities, folds, [0.5] * 3, classes, positive=positive, groups=groups, options=QUICK
    )
    for fold in range(3):
        own = folds == fold
        assert found.folds[fold] == measure(labels[own], probabilities[own], positive=positive)
    name = None if positive is None else classes[positive]
    whole = evaluate_probabilities(
        labels, probabilities, classes, positive=name, groups=groups, options=QUICK, split="out of fold"
    )
    assert found.pooled.to_json() == whole.to_json()
    assert found.pooled.bootstrap.unit == "group"


def test_the_order_of_records_does_not_change_the_intervals() -> None:
    labels, probabilities, _ = separated(60, 2)
    # Many equal records that differ only in their threshold.
    probabilities = probabilities.round(1)
    folds = np.arange(60) % 4
    orders = [np.arange(60), np.random.default_rng(3).permutation(60)]
    one, other = (
        evaluate_folds(
            labels[order], probabilities[order], folds[order], [0.2, 0.4, 0.6, 0.8], ("a", "b"),
            positive=1, options=QUICK,
        )
        for order in orders
    )  # fmt: skip
    assert one.pooled.to_json() == other.pooled.to_json()


def test_what_is_undefined_in_one_fold_has_no_mean() -> None:
    labels, folds = np.array([0, 1, 0, 0]), np.array([0, 0, 1, 1])
    probabilities = np.array([[0.8, 0.2], [0.3, 0.7], [0.6, 0.4], [0.9, 0.1]])
    found = evaluate_folds(labels, probabilities, folds, [0.5, 0.5], ("a", "b"), positive=1, options=QUICK)
    assert math.isnan(found.mean["auroc"])
    plain = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert plain["folds"][1]["auroc"] is plain["mean"]["auroc"] is plain["sd"]["auroc"] is None
    assert plain["mean"]["accuracy"] == 1
    assert "AUROC n/a; pooled accuracy 1.000" in format_cross_validation(found)
