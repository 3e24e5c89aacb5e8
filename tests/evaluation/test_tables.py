"""The text, letter by letter."""

from __future__ import annotations

import math

import numpy as np

from seqnet.configs.evaluation import EvaluationOptions
from seqnet.evaluation import METRICS, BootstrapRecipe, Estimate, Evaluation, evaluate_probabilities, format_evaluation

PROBABILITIES = np.array([[0.8, 0.1, 0.1], [0.3, 0.6, 0.1], [0.2, 0.5, 0.3], [0.6, 0.2, 0.2]])

TWO_CLASSES = r"""
12,000 records, split test; positive class human (p >= 0.4)
95 % intervals: percentile bootstrap of groups, 1,000 replicates, seed 7

metric                  value       95 % interval
accuracy               0.9000    [0.8500, 0.9500]
balanced accuracy      0.8000    [0.7500, 0.8500]
precision              0.7000    [0.6500, 0.7500]
recall (sensitivity)   0.6000    [0.5500, 0.6500]
specificity            0.5000    [0.4500, 0.5500]
F1                        n/a
MCC                   -0.1234  [-0.1734, -0.0734]
AUROC                  1.0000    [0.9500, 1.0500]
AUPRC                  0.3333    [0.2833, 0.3833]
Brier score            0.0000   [-0.0500, 0.0500]
log loss (nats)       15.9424  [15.8924, 15.9924]

true \ predicted              bacteria                 human
bacteria          9,876 [9,776, 9,976]         124 [99, 150]
human                         0 [0, 0]  2,000 [1,900, 2,100]
"""

THREE_CLASSES = r"""
4 records, split test; 3 classes, macro averages
no intervals

metric                 value
accuracy              0.7500
balanced accuracy     0.6667
precision                n/a
recall (sensitivity)  0.6667
specificity           0.8889
F1                    0.5556
MCC                   0.6708
AUROC                 1.0000
AUPRC                 1.0000
Brier score           0.3350
log loss (nats)       0.6122

true \ predicted    alpha  beta  a rather long name
alpha                   2     0                   0
beta                    0     1                   0
a rather long name      0     1                   0

class               records  precision  recall  specificity      f1   auroc   auprc
alpha                     2     1.0000  1.0000       1.0000  1.0000  1.0000  1.0000
beta                      1     0.5000  1.0000       0.6667  0.6667  1.0000  1.0000
a rather long name        1        n/a  0.0000       1.0000  0.0000  1.0000  1.0000

never predicted: a rather long name
"""


def test_two_classes_with_intervals() -> None:
    values = [0.9, 0.8, 0.7, 0.6, 0.5, math.nan, -0.1234, 1.0, 1 / 3, 0.0, 15.9424]
    evaluation = Evaluation(
        n=12000,
        split="test",
        classes=("bacteria", "human"),
        positive="human",
        threshold=0.4,
        metrics={name: Estimate(x, x - 0.05, x + 0.05) for name, x in zip(METRICS, values, strict=True)},
        confusion=np.array([[9876, 124], [0, 2000]]),
        confusion_low=np.array([[9776.0, 99.4], [0.0, 1900.0]]),
        confusion_high=np.array([[9976.0, 149.6], [0.0, 2100.0]]),
        per_class={},
        bootstrap=BootstrapRecipe(1000, 7, "group", 0.95),
    )
    assert format_evaluation(evaluation) == TWO_CLASSES.lstrip("\n")


def test_three_classes_without_intervals() -> None:
    classes = ("alpha", "beta", "a rather long name")
    none = EvaluationOptions(replicates=0)
    evaluation = evaluate_probabilities([0, 1, 2, 0], PROBABILITIES, classes, options=none)
    assert format_evaluation(evaluation) == THREE_CLASSES.lstrip("\n")


def test_it_says_why_there_is_no_interval_and_which_class_is_missing() -> None:
    groups = np.zeros(4, np.int64)
    evaluation = evaluate_probabilities([0, 1, 0, 0], PROBABILITIES, "abc", groups=groups, split="valid")
    lines = format_evaluation(evaluation).splitlines()
    assert lines[:2] == ["4 records, split valid; 3 classes, macro averages", "no intervals: a single group"]
    assert lines[-2:] == ["without a record: c", "never predicted: c"]
    assert not any("[" in line for line in lines)


def test_an_uncommon_confidence_is_said_as_it_is() -> None:
    options = EvaluationOptions(replicates=20, confidence=0.999)
    text = format_evaluation(evaluate_probabilities([0, 1, 0, 0], PROBABILITIES, "abc", options=options))
    assert "\n99.9 % intervals: percentile bootstrap of records, 20 replicates, seed 0\n" in text
