from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import binomtest, chi2
from sklearn.metrics import roc_auc_score

from seqnet.evaluation import DeLong, delong, mcnemar


def discordant(b: int, c: int, both: int = 7) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Returns correctness: b records only by the first, c only by the second, others by both or by neither."""
    first = np.array([True] * b + [False] * c + [True] * both + [False] * both)
    second = np.array([False] * b + [True] * c + [True] * both + [False] * both)
    return first, second


@given(st.integers(0, 24), st.integers(0, 24))
def test_few_discordant_records_are_tested_exactly(b: int, c: int) -> None:
    found = mcnemar(*discordant(b, c))
    assert (found.only_first, found.only_second) == (b, c)
    if b + c < 25:
        assert found.method == "exact"
        assert math.isnan(found.statistic)
        assert found.p == pytest.approx(binomtest(b, b + c).pvalue if b + c else 1)
    else:
        assert found.method == "chi-square"


@given(st.integers(0, 500), st.integers(25, 500))
def test_many_are_tested_by_chi_square_with_continuity_correction(b: int, c: int) -> None:
    found = mcnemar(*discordant(b, c))
    statistic = max(abs(b - c) - 1, 0) ** 2 / (b + c)
    assert found.method == "chi-square"
    assert found.statistic == pytest.approx(statistic)
    assert found.p == pytest.approx(chi2.sf(statistic, 1))


def test_groups_count_by_their_excess_of_right_records() -> None:
    first = np.array([True, True, True, False, False, True])
    second = np.array([False, False, False, True, False, True])
    # Excess by group: 2, 1, -1, 0. Obuchowski: 3/4 · (2 + 1 - 1 + 0)² / (4 + 1 + 1 + 0).
    found = mcnemar(first, second, np.array([5, 5, 9, 2, 2, 7]))
    assert found.method == "groups"
    assert found.statistic == pytest.approx(3 / 4 * 4 / 6)
    assert found.p == pytest.approx(chi2.sf(0.5, 1))


def test_copies_within_groups_tell_nothing_new() -> None:
    first, second = discordant(20, 8)
    groups = np.arange(len(first))
    once = mcnemar(first, second, groups)
    copied = mcnemar(np.tile(first, 10), np.tile(second, 10), np.tile(groups, 10))
    assert copied.statistic == pytest.approx(once.statistic)
    assert mcnemar(np.tile(first, 10), np.tile(second, 10)).p < 1e-6 < once.p


def test_groups_without_any_excess_differ_in_nothing() -> None:
    found = mcnemar(*discordant(0, 0), np.arange(14))
    assert found.p == 1
    assert found.to_json() == {"only_first": 0, "only_second": 0, "method": "groups", "statistic": None, "p": 1.0}


def brute_force(positive: NDArray[np.bool_], scores: list[NDArray[np.float64]]) -> tuple[list[float], float]:
    """Returns the areas and the variance of their difference, by DeLong's kernel over all pairs."""
    components = []
    for values in scores:
        x, y = values[positive], values[~positive]
        kernel = (x[:, None] > y).astype(float) + 0.5 * (x[:, None] == y)  # (m, n)
        components.append((kernel.mean(axis=1), kernel.mean(axis=0), kernel.mean()))
    v10 = [one[0] - one[2] for one in components]
    v01 = [one[1] - one[2] for one in components]
    m, n = len(v10[0]), len(v01[0])
    s10 = [[float(a @ b) / (m - 1) for a in v10] for b in v10]
    s01 = [[float(a @ b) / (n - 1) for a in v01] for b in v01]
    S = [[s10[i][j] / m + s01[i][j] / n for j in range(2)] for i in range(2)]
    return [float(one[2]) for one in components], S[0][0] + S[1][1] - 2 * S[0][1]


def compared(positive: NDArray[np.bool_], first: NDArray[np.float64], second: NDArray[np.float64]) -> DeLong:
    found = delong(positive, first, second)
    assert found is not None
    return found


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_delong_by_ranks_is_delong_over_all_pairs(seed: int, ties: bool) -> None:
    rng = np.random.default_rng(seed)
    positive = rng.random(60) < 0.4
    latent = rng.normal(size=60) + positive
    scores = [latent + rng.normal(size=60) * spread for spread in (0.5, 1.0)]
    if ties:
        scores = [np.round(one) for one in scores]
    found = compared(positive, *scores)
    areas, variance = brute_force(positive, scores)
    assert [found.first, found.second] == pytest.approx([roc_auc_score(positive, one) for one in scores])
    assert [found.first, found.second] == pytest.approx(areas)
    assert found.error == pytest.approx(math.sqrt(variance))
    assert found.p == pytest.approx(chi2.sf((areas[0] - areas[1]) ** 2 / variance, 1))
    assert found.difference.high - found.difference.value == pytest.approx(1.959964 * found.error)


def test_delong_on_paper() -> None:
    # First classifier: positives 1 and ½, negatives ½ and 1, variance ⅛/2 + ⅛/2; the second one makes no mistake.
    found = compared(np.array([1, 1, 0, 0], bool), np.array([3.0, 1, 2, 0]), np.array([5.0, 4, 1, 0]))
    assert (found.first, found.second) == (0.75, 1.0)
    assert found.error == pytest.approx(math.sqrt(1 / 8))
    assert found.z == pytest.approx(-0.25 * math.sqrt(8))
    assert found.p == pytest.approx(math.erfc(0.5))


def test_delong_is_turned_over_with_its_arguments() -> None:
    rng = np.random.default_rng(1)
    positive = rng.random(40) < 0.5
    a, b = rng.normal(size=(2, 40)) + positive
    one, other = compared(positive, a, b), compared(positive, b, a)
    assert (one.z, one.p) == pytest.approx((-other.z, other.p))
    assert one.difference.low == pytest.approx(-other.difference.high)


def test_the_same_scores_differ_in_nothing() -> None:
    scores = np.random.default_rng(0).normal(size=30)
    found = compared(np.arange(30) % 3 == 0, scores, scores)
    assert (found.error, found.p, found.difference.low, found.difference.high) == (0, 1, 0, 0)
    assert found.to_json()["z"] is None


def test_perfect_against_perfectly_wrong_has_no_spread_and_no_p() -> None:
    positive = np.arange(10) < 4
    found = compared(positive, positive.astype(float), (~positive).astype(float))
    assert found.difference.value == 1
    assert math.isnan(found.p)
    assert found.to_json()["p"] is None


@pytest.mark.parametrize("positives", [0, 1, 5, 6])
def test_a_class_of_fewer_than_two_records_has_no_test(positives: int) -> None:
    scores = np.arange(6.0)
    assert delong(np.arange(6) < positives, scores, scores[::-1]) is None


def test_the_chance_of_a_small_p_is_small_where_nothing_differs() -> None:
    rng = np.random.default_rng(5)
    rejected = np.zeros(3)
    for _ in range(400):
        positive = np.arange(200) % 2 == 0
        a, b = positive + rng.normal(size=200) + rng.normal(size=(2, 200))
        groups = np.repeat(np.arange(40), 5)
        shared = np.repeat(rng.normal(size=(2, 40)), 5, axis=1) + 0.3 * rng.normal(size=(2, 200)) > 0
        tests = mcnemar(shared[0], shared[1], groups), mcnemar(shared[0], shared[1])
        rejected += [compared(positive, a, b).p < 0.05, *(one.p < 0.05 for one in tests)]
    share = rejected / 400
    assert 0.02 < share[0] < 0.09
    assert 0.02 < share[1] < 0.09
    # Records of a group that agree would count as five times the evidence.
    assert share[2] > 0.2
