from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, roc_auc_score

from seqnet.configs.evaluation import EvaluationOptions
from seqnet.evaluation import METRICS, Estimate, PairedMetrics, ScoredRecords, compare_in_pairs, measure, score
from tests.evaluation.examples import separated

PAIR = ("accuracy", "auroc")


def rivals(N: int = 300, class_count: int = 2, noise: float = 0.5) -> tuple[ScoredRecords, ScoredRecords]:
    """Returns the same records, scored by a good classifier and by a worse one that errs on the same records."""
    one = separated(N, class_count)
    guesses = np.random.default_rng(9).dirichlet(np.ones(class_count), N)
    worse = (1 - noise) * one.probabilities + noise * guesses
    return score(one.labels, one.probabilities), score(one.labels, worse)


@pytest.mark.parametrize("class_count", [2, 3])
def test_values_are_the_metrics_and_their_differences(class_count: int) -> None:
    first, second = rivals(100, class_count)
    options = EvaluationOptions(replicates=0)
    found = compare_in_pairs(first, {"other": second}, groups=None, metrics=tuple(METRICS), options=options)["other"]
    ours, theirs = (measure(one.labels, one.probabilities) for one in (first, second))
    assert {name: one.value for name, one in found.metrics.items()} == pytest.approx(theirs)
    for name, one in found.differences.items():
        assert one.value == pytest.approx(ours[name] - theirs[name])
        assert math.isnan(one.low)


@pytest.mark.parametrize("grouped", [False, True])
def test_intervals_are_those_of_replicates_drawn_one_by_one(grouped: bool) -> None:
    first, second = rivals(80)
    groups = np.arange(80) // 4 if grouped else None
    options = EvaluationOptions(replicates=40, confidence=0.8, seed=3)
    found = compare_in_pairs(first, {"other": second}, groups=groups, metrics=PAIR, options=options)["other"]
    # Records are drawn in the order of their labels, probabilities and groups.
    columns = [second.probabilities[:, 0], second.probabilities[:, 1], first.probabilities[:, 0]]
    columns.append(first.probabilities[:, 1])
    order = np.lexsort((*([groups] if groups is not None else []), *columns, first.labels))
    unit = np.arange(80) if groups is None else groups[order]
    rng, gaps = np.random.default_rng(3), []
    for _ in range(40):
        units = int(unit.max()) + 1
        drawn = rng.integers(units, size=units)
        rows = np.concatenate([order[unit == one] for one in drawn])
        y, p, q = first.labels[rows], first.probabilities[rows, 1], second.probabilities[rows, 1]
        gaps.append(
            [
                accuracy_score(y, p >= 0.5) - accuracy_score(y, q >= 0.5),
                roc_auc_score(y, p) - roc_auc_score(y, q),
            ]
        )
    low, high = np.quantile(np.array(gaps), (0.1, 0.9), axis=0)
    assert [found.differences[name].low for name in PAIR] == pytest.approx(low.tolist())
    assert [found.differences[name].high for name in PAIR] == pytest.approx(high.tolist())


def test_the_order_of_the_records_does_not_matter() -> None:
    first, second = rivals(60)
    groups, order = np.arange(60) // 3, np.random.default_rng(1).permutation(60)
    options = EvaluationOptions(replicates=50)
    one = compare_in_pairs(first, {"other": second}, groups=groups, metrics=PAIR, options=options)["other"]
    shuffled = compare_in_pairs(
        first.take(order), {"other": second.take(order)}, groups=groups[order], metrics=PAIR, options=options
    )["other"]
    assert one.to_json() == shuffled.to_json()


def test_a_difference_is_surer_than_what_it_is_made_of() -> None:
    first, second = rivals(noise=0.3)
    options = EvaluationOptions(replicates=300)
    found = compare_in_pairs(first, {"same": first, "other": second}, groups=None, metrics=PAIR, options=options)
    same = found["same"].differences["auroc"]
    assert same.value == 0
    # Every replicate has the same difference, and an interval without width would suggest certainty.
    assert math.isnan(same.low)
    assert math.isnan(same.high)
    assert not found["same"].beaten
    assert found["other"].beaten
    own, gap = found["other"].metrics["auroc"], found["other"].differences["auroc"]
    assert gap.high - gap.low < 0.8 * (own.high - own.low)


def paired(auroc: Estimate, accuracy: Estimate) -> PairedMetrics:
    return PairedMetrics({}, {"auroc": auroc, "accuracy": accuracy})


@pytest.mark.parametrize(
    ("auroc", "accuracy", "main_metric", "beaten"),
    [
        (Estimate(0.1, 0.01, 0.2), Estimate(-0.1, -0.2, -0.05), "auroc", True),
        (Estimate(0.1, 0.0, 0.2), Estimate(0.1, 0.05, 0.2), "auroc", False),
        (Estimate(-0.1, -0.2, -0.05), Estimate(0.1, 0.05, 0.2), "auroc", False),
        (Estimate(math.nan), Estimate(0.1, 0.05, 0.2), "accuracy", True),
        (Estimate(math.nan), Estimate(0.1, -0.05, 0.2), "accuracy", False),
        (Estimate(0.1), Estimate(0.0), "auroc", True),
        (Estimate(0.0), Estimate(0.1), "auroc", False),
    ],
)
def test_which_baselines_are_beaten(auroc: Estimate, accuracy: Estimate, main_metric: str, beaten: bool) -> None:
    found = paired(auroc, accuracy)
    assert (found.main_metric, found.beaten) == (main_metric, beaten)
