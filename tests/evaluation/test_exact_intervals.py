from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binomtest

from seqnet.configs.evaluation import EvaluationOptions
from seqnet.evaluation import evaluate_probabilities, format_evaluation, score, stratify_by_length
from seqnet.reporting.wording import estimate_text
from tests.evaluation.examples import separated

OPTIONS = EvaluationOptions(replicates=200)


def decided(right: int, wrong: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Returns labels and probabilities of records of alternating classes; the last ones are predicted wrongly."""
    labels = np.arange(right + wrong) % 2
    given = np.where(np.arange(right + wrong) < right, labels, 1 - labels)
    positive = np.where(given == 1, 0.9, 0.1) + np.linspace(0, 0.05, right + wrong)
    return labels, np.column_stack([1 - positive, positive])


@pytest.mark.parametrize(("right", "wrong"), [(3, 0), (8, 0), (47, 3), (200, 4), (0, 6)])
def test_a_proportion_with_few_failures_or_successes_has_the_interval_of_clopper_and_pearson(
    right: int, wrong: int
) -> None:
    labels, probabilities = decided(right, wrong)
    found = evaluate_probabilities(labels, probabilities, ("a", "b"), options=OPTIONS)
    expected = binomtest(right, right + wrong).proportion_ci(0.95, method="exact")
    accuracy = found.metrics["accuracy"]
    assert (accuracy.low, accuracy.high) == pytest.approx((expected.low, expected.high))
    own = labels == 1
    successes = int((own & (probabilities[:, 1] >= 0.5)).sum())
    interval = binomtest(successes, int(own.sum())).proportion_ci(0.95, method="exact")
    recall = found.metrics["recall"]
    assert (recall.low, recall.high) == pytest.approx((interval.low, interval.high))
    assert accuracy.exact
    assert recall.exact
    assert found.to_json()["metrics"]["recall"]["exact"] is True
    assert found.to_json()["per_class"]["b"]["recall"]["exact"] is True


def test_exact_intervals_are_marked_in_the_text_and_others_are_not() -> None:
    labels, probabilities = decided(200, 6)
    found = evaluate_probabilities(labels, probabilities, ("a", "b"), options=OPTIONS)
    assert {name for name, one in found.metrics.items() if one.exact} == {"precision", "recall", "specificity"}
    text = format_evaluation(found)
    assert "\nintervals marked exact: Clopper-Pearson, for fewer than 5 successes or failures\n" in text
    lines = [line for line in text.splitlines() if line.endswith("] exact")]
    assert [line.split("  ")[0] for line in lines] == ["precision", "recall (sensitivity)", "specificity", "a"]
    assert found.to_json()["confusion"]["exact"] == [[False, True], [True, False]]
    assert estimate_text(found.metrics["recall"]).endswith("] exact")
    assert not estimate_text(found.metrics["accuracy"]).endswith("exact")


def test_with_five_failures_the_bootstrap_stands() -> None:
    labels, probabilities = decided(95, 5)
    accuracy = evaluate_probabilities(labels, probabilities, ("a", "b"), options=OPTIONS).metrics["accuracy"]
    exact = binomtest(95, 100).proportion_ci(0.95, method="exact")
    assert abs(accuracy.low - exact.low) > 1e-3
    assert not accuracy.exact
    assert accuracy.high < 1


def test_groups_are_what_is_counted() -> None:
    labels, probabilities = decided(40, 0)
    groups = np.arange(40) // 8
    found = evaluate_probabilities(labels, probabilities, ("a", "b"), groups=groups, options=OPTIONS)
    assert found.metrics["accuracy"].low == pytest.approx(0.025 ** (1 / 5))
    assert found.rarest == ("a", 5)


def test_a_perfect_ranking_has_a_bound_by_its_smaller_class() -> None:
    labels = np.array([1] * 4 + [0] * 30)
    scores = np.where(labels == 1, 0.8, 0.2) + np.linspace(0, 0.1, 34)
    found = evaluate_probabilities(labels, np.column_stack([1 - scores, scores]), ("a", "b"), options=OPTIONS)
    auroc = found.metrics["auroc"]
    assert (auroc.value, auroc.high) == (1, 1)
    assert auroc.low == pytest.approx(0.025 ** (1 / 4))
    # Not a proportion, and the same in every replicate.
    assert math.isnan(found.metrics["mcc"].low)
    assert found.confusion_high[0, 1] == pytest.approx(34 * (1 - 0.025 ** (1 / 34)))


def test_the_bound_of_a_perfect_ranking_holds_the_truth() -> None:
    rng = np.random.default_rng(0)
    below = perfect = 0
    for _ in range(4_000):
        # AUROC 0.9: two normal distributions 1.8124 apart.
        scores = np.concatenate([rng.normal(1.8124, 1, 6), rng.normal(0, 1, 6)])
        if scores[:6].min() > scores[6:].max():
            perfect += 1
            below += 0.025 ** (1 / 6) > 0.9
    assert perfect > 0
    assert below == 0  # 0.54: six and six records that are all in order are well possible with an AUROC of 0.9
    assert perfect / 4_000 <= 0.9**6


@pytest.mark.slow
def test_intervals_of_accuracies_near_one_hold_the_truth() -> None:
    # The percentile bootstrap alone contains the true value in 78 of 100 cases.
    rng, held = np.random.default_rng(1), 0
    labels = np.arange(50) % 2
    for _ in range(300):
        right = rng.random(50) < 0.97
        positive = np.where(right == (labels == 1), 0.9, 0.1)
        found = evaluate_probabilities(
            labels, np.column_stack([1 - positive, positive]), ("a", "b"), options=EvaluationOptions(replicates=50)
        ).metrics["accuracy"]
        held += found.low <= 0.97 <= found.high
    assert held >= 0.95 * 300 - 3 * math.sqrt(300 * 0.05 * 0.95)


def test_strata_have_them_too() -> None:
    labels, probabilities = decided(12, 0)
    scored = score(labels, probabilities, positive=1)
    lengths = np.repeat([10, 20, 30, 40], 3)
    for stratum in stratify_by_length(scored, lengths, groups=None, options=OPTIONS):
        assert stratum.metrics["accuracy"].low == pytest.approx(0.025 ** (1 / 3))


@pytest.mark.parametrize(("count", "said"), [(38, True), (60, False)])
def test_few_records_of_a_class_are_reported(count: int, said: bool) -> None:
    labels, probabilities = decided(count - 10, 10)
    text = format_evaluation(evaluate_probabilities(labels, probabilities, ("a", "b"), options=OPTIONS))
    assert ("\nthe intervals are rough: class a has 19 records, fewer than 20\n" in text) == said


def test_no_replicates_mean_no_intervals() -> None:
    labels, probabilities, _ = separated(20, 2)
    none = EvaluationOptions(replicates=0)
    found = evaluate_probabilities(labels, probabilities, ("a", "b"), options=none)
    assert all(math.isnan(one.low) for one in found.metrics.values())
    assert "rough" not in format_evaluation(found)
