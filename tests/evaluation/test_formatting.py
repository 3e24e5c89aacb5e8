"""The text, letter by letter."""

from __future__ import annotations

import dataclasses
import math
import re

import numpy as np

from seqnet.configs.evaluation import EvaluationOptions
from seqnet.evaluation import (
    METRICS,
    BootstrapRecipe,
    Comparison,
    DeLong,
    Estimate,
    Evaluation,
    McNemar,
    PairedMetrics,
    Stratum,
    evaluate_probabilities,
    format_comparison,
    format_evaluation,
    format_paired_metrics,
    format_strata,
)

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
        confusion_exact=np.zeros((2, 2), dtype=bool),
        per_class={},
        bootstrap=BootstrapRecipe(1000, 7, "group", 0.95),
    )
    assert format_evaluation(evaluation) == TWO_CLASSES.lstrip("\n")


def test_three_classes_without_intervals() -> None:
    classes = ("alpha", "beta", "a rather long name")
    none = EvaluationOptions(replicates=0)
    evaluation = evaluate_probabilities([0, 1, 2, 0], PROBABILITIES, classes, options=none)
    assert format_evaluation(evaluation) == THREE_CLASSES.lstrip("\n")


def test_a_missing_interval_has_a_reason_and_names_the_missing_class() -> None:
    groups = np.zeros(4, np.int64)
    evaluation = evaluate_probabilities([0, 1, 0, 0], PROBABILITIES, "abc", groups=groups, split="valid")
    lines = format_evaluation(evaluation).splitlines()
    assert lines[:2] == ["4 records, split valid; 3 classes, macro averages", "no intervals: a single group"]
    assert lines[-2:] == ["without a record: c", "never predicted: c"]
    assert not any("[" in line for line in lines)


def test_an_uncommon_confidence_is_reported_as_it_is() -> None:
    options = EvaluationOptions(replicates=20, confidence=0.999)
    text = format_evaluation(evaluate_probabilities([0, 1, 0, 0], PROBABILITIES, "abc", options=options))
    assert "\n99.9 % intervals: percentile bootstrap of records, 20 replicates, seed 0\n" in text


BASELINES = """
             accuracy              AUROC                 model ahead in AUROC
model        0.750 [0.650, 0.850]  0.800 [0.700, 0.900]
majority     0.500                 n/a                   0.300 [-0.100, 0.700]
composition  0.600 [0.500, 0.700]  0.700 [0.600, 0.800]  0.100 [-0.050, 0.250]
"""

STRATA = """
length     records              accuracy  AUROC
7-36         1,200  0.750 [0.500, 1.000]    n/a
37-12,345        0                   n/a    n/a
"""

SHARES = """
share     records  accuracy  AUROC
80-100 %        5     0.750    n/a
"""

COMPARISON = """
new minus old      difference      90 % interval
accuracy               0.0500  [-0.0500, 0.1500]
balanced accuracy         n/a

McNemar: 1,200 records only new has right, 1,100 only old; p = 0.039 (chi-square)
DeLong: AUROC 0.8123 and 0.8000, standard error of the difference 0.0100; p = 1.2e-05
"""


def test_the_model_stands_above_its_baselines() -> None:
    evaluation = evaluate_probabilities([0, 1, 2, 0], PROBABILITIES, "abc")
    metrics = dict(evaluation.metrics) | {"accuracy": Estimate(0.75, 0.65, 0.85), "auroc": Estimate(0.8, 0.7, 0.9)}
    compared = {
        "majority": PairedMetrics(
            {"accuracy": Estimate(0.5), "auroc": Estimate(math.nan)}, {"auroc": Estimate(0.3, -0.1, 0.7)}
        ),
        "composition": PairedMetrics(
            {"accuracy": Estimate(0.6, 0.5, 0.7), "auroc": Estimate(0.7, 0.6, 0.8)},
            {"auroc": Estimate(0.1, -0.05, 0.25)},
        ),
    }
    found = format_paired_metrics(dataclasses.replace(evaluation, metrics=metrics), compared)
    assert found == BASELINES.lstrip("\n")


def test_strata_have_a_line_each() -> None:
    nothing = {"accuracy": Estimate(math.nan), "auroc": Estimate(math.nan)}
    some = nothing | {"accuracy": Estimate(0.75, 0.5, 1.0)}
    strata = [Stratum(7, 36, 1200, some), Stratum(37, 12345, 0, nothing)]
    assert format_strata("length", strata) == STRATA.lstrip("\n")
    shares = [Stratum(0.8, 1.0, 5, nothing | {"accuracy": Estimate(0.75)})]
    assert format_strata("share", shares, percent=True) == SHARES.lstrip("\n")


def test_differences_are_followed_by_tests() -> None:
    differences = {"accuracy": Estimate(0.05, -0.05, 0.15), "balanced_accuracy": Estimate(math.nan)}
    ranking = DeLong(0.81231, 0.8, Estimate(0.0123, 0, 0), 0.01, 1.23, 1.2e-5)
    mcnemar = McNemar(1200, 1100, "chi-square", 4.26, 0.039)
    comparison = Comparison(PairedMetrics({}, differences), mcnemar, ranking)
    assert format_comparison(comparison, "new", "old", 0.9) == COMPARISON.lstrip("\n")
    grouped = Comparison(PairedMetrics({}, differences), McNemar(3, 4, "groups", math.nan, math.nan), None)
    last = format_comparison(grouped, "new", "old", 0.9).splitlines()[-1]
    assert last == "McNemar: 3 records only new has right, 4 only old; p = n/a (chi-square over groups)"


def test_many_classes_have_their_most_frequent_confusions_and_no_matrix() -> None:
    labels, given = np.repeat(np.arange(30), 4), np.repeat(np.arange(30), 4)
    given[[0, 1, 2]] = 7
    given[[40, 41]] = 3
    given[116:] = 28
    classes = [f"c{label:02}" for label in range(30)]
    evaluation = evaluate_probabilities(labels, np.eye(30)[given], classes, options=EvaluationOptions(replicates=0))
    text = format_evaluation(evaluation)
    assert re.findall(r"^(c\d\d) +(c\d\d) +(\d+)$", text, re.MULTILINE) == [
        ("c29", "c28", "4"),
        ("c00", "c07", "3"),
        ("c10", "c03", "2"),
    ]
    assert "true \\ predicted" not in text
    assert "never predicted: c29" in text
    right = evaluate_probabilities(labels, np.eye(30)[labels], classes, options=EvaluationOptions(replicates=0))
    assert "all records are classified correctly" in format_evaluation(right)
