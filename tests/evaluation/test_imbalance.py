from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from seqnet.configs.training import TrainingConfig
from seqnet.evaluation.imbalance import (
    balanced_accuracy,
    class_weights,
    how_balanced,
    is_imbalanced,
    never_predicted,
    rare_class_line,
    ratio,
)


def counts_of(*counts: int) -> NDArray[np.int64]:
    return np.array(counts, dtype=np.int64)


def test_the_ratio_is_largest_over_smallest_whatever_the_number_of_classes() -> None:
    assert ratio(counts_of(50, 1)) == 50
    assert ratio(counts_of(10, 30, 20)) == 3
    assert ratio(counts_of(0, 30, 20)) == 1.5
    assert ratio(counts_of(*[7] * 120)) == 1


def test_weights_begin_beyond_the_setting() -> None:
    automatic = TrainingConfig()
    assert automatic.balance == "auto"
    for counts, expected in ((counts_of(100, 10), "none"), (counts_of(101, 10), "weights")):
        assert is_imbalanced(automatic, counts) == (expected == "weights")
        assert how_balanced(automatic, counts) == expected
        for named in ("none", "weights", "oversample"):
            assert how_balanced(TrainingConfig(balance=named), counts) == named
    assert how_balanced(TrainingConfig(imbalance=20.0), counts_of(101, 10)) == "none"


def test_weights_by_hand() -> None:
    assert class_weights(counts_of(15, 5)).tolist() == pytest.approx([20 / 30, 20 / 10])
    weights, counts = class_weights(counts_of(50, 5, 1)), np.array([50, 5, 1])
    assert (weights * counts).tolist() == pytest.approx([56 / 3] * 3)


def test_balanced_accuracy_is_decided_by_what_a_record_makes_likelier() -> None:
    labels, counts = np.array([0, 0, 0, 1, 1]), counts_of(90, 10)
    # The bound is the share in training, one tenth.
    rare = np.array([0.02, 0.09, 0.3, 0.11, 0.09])
    assert balanced_accuracy(labels, np.stack([1 - rare, rare], axis=1), counts) == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert math.isnan(balanced_accuracy(np.zeros(5, dtype=np.int64), np.stack([1 - rare, rare], axis=1), counts))


def test_a_class_that_is_never_predicted_is_named() -> None:
    classes = ("common", "rare", "absent")
    line = never_predicted([0, 0, 1], [0, 0, 0], classes, "validation split")
    assert line is not None
    assert line.startswith("the model predicts no record of the validation split as rare (1 record), which accuracy")
    assert "--expected-fraction" in line
    assert never_predicted([0, 0, 1], [0, 1, 0], classes, "test split") is None
    two = never_predicted([0, 1, 1], [0, 0, 0], classes[:2], "test split")
    assert two is not None
    assert "train with --optimize balanced" in two


def test_precision_and_recall_of_the_rare_class_by_hand() -> None:
    found = rare_class_line([0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 1, 0], ("a", "b"), counts_of(90, 10), "test split")
    assert found == "b has precision 0.667 and recall 0.667 on the test split"
    found = rare_class_line([0, 1, 1], [1, 1, 1], ("a", "b"), counts_of(3, 30), "test split")
    assert found == "a has precision undefined and recall 0.000 on the test split"


def test_of_many_classes_that_are_never_predicted_five_are_named() -> None:
    line = never_predicted(range(100), [0] * 100, [f"c{label}" for label in range(100)], "test split")
    assert line is not None
    assert (
        "c1 (1 record), c2 (1 record), c3 (1 record), c4 (1 record), c5 (1 record) and 94 more, which accuracy" in line
    )
