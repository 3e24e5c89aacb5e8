from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, roc_auc_score

from seqnet.configs.evaluation import EvaluationOptions
from seqnet.evaluation import ScoredRecords, score, stratify_by_length, stratify_by_similarity
from tests.evaluation.examples import separated

QUICK = EvaluationOptions(replicates=0)


def scored(N: int) -> ScoredRecords:
    one = separated(N, 2)
    return score(one.labels, one.probabilities)


@given(st.lists(st.integers(1, 12), min_size=1, max_size=60))
def test_bins_of_length_share_out_the_records(values: list[int]) -> None:
    lengths = np.array(values)
    strata = stratify_by_length(scored(len(values)), lengths, groups=None, options=QUICK)
    assert 1 <= len(strata) <= 4
    for one in strata:
        inside = [value for value in values if one.low <= value <= one.high]
        assert one.n == len(inside) > 0
        assert (min(inside), max(inside)) == (one.low, one.high)
    assert sum(one.n for one in strata) == len(values)


def test_quarters_where_all_lengths_differ_and_one_bin_where_none_does() -> None:
    strata = stratify_by_length(scored(40), np.arange(100, 140), groups=None, options=QUICK)
    assert [(one.low, one.high, one.n) for one in strata] == [
        (100, 109, 10),
        (110, 119, 10),
        (120, 129, 10),
        (130, 139, 10),
    ]
    (one,) = stratify_by_length(scored(40), np.full(40, 36), groups=None, options=QUICK)
    assert (one.low, one.high, one.n) == (36, 36, 40)


@given(st.lists(st.one_of(st.floats(0, 1), st.sampled_from([0.1, 0.3, 0.5, 0.8, 1.0, math.nan])), min_size=1))
def test_bins_of_similarity_hold_their_lower_bound(values: list[float]) -> None:
    strata = stratify_by_similarity(scored(len(values)), np.array(values), groups=None, options=QUICK)
    bounds = [(0.0, 0.1), (0.1, 0.3), (0.3, 0.5), (0.5, 0.8), (0.8, 1.0)]
    assert [(one.low, one.high) for one in strata] == bounds
    expected = [sum(low <= value < high for value in values) for low, high in bounds[:-1]]
    expected.append(sum(0.8 <= value <= 1.0 for value in values))
    assert [one.n for one in strata] == expected


def test_metrics_are_those_of_the_records_in_the_bin() -> None:
    records = scored(200)
    lengths = np.random.default_rng(2).integers(20, 90, 200)
    for one in stratify_by_length(records, lengths, groups=None, options=EvaluationOptions(replicates=50)):
        inside = (lengths >= one.low) & (lengths <= one.high)
        y, p = records.labels[inside], records.probabilities[inside, 1]
        assert one.metrics["accuracy"].value == pytest.approx(accuracy_score(y, p >= 0.5))
        assert one.metrics["auroc"].value == pytest.approx(roc_auc_score(y, p))
        for estimate in one.metrics.values():
            assert estimate.low < estimate.value < estimate.high


def test_intervals_draw_groups() -> None:
    records, lengths, groups = scored(60), np.repeat([30, 40], 30), np.repeat(np.arange(6), 10)
    options = EvaluationOptions(replicates=50)
    alone, grouped = (stratify_by_length(records, lengths, groups=one, options=options) for one in (None, groups))
    assert [one.metrics["auroc"].value for one in alone] == [one.metrics["auroc"].value for one in grouped]
    assert [one.metrics["auroc"].low for one in alone] != [one.metrics["auroc"].low for one in grouped]
    # With one group in a bin, the spread is unknown.
    (bin_, *_) = stratify_by_length(records, lengths, groups=np.repeat([0, 1], 30), options=options)
    assert math.isnan(bin_.metrics["auroc"].low)


def test_an_empty_bin_is_null_in_json() -> None:
    strata = stratify_by_similarity(scored(10), np.full(10, 0.05), groups=None, options=QUICK)
    found = json.loads(json.dumps([one.to_json() for one in strata], allow_nan=False))
    nothing = {"value": None, "low": None, "high": None, "exact": False}
    assert found[1] == {"low": 0.1, "high": 0.3, "n": 0, "accuracy": nothing, "auroc": nothing}
    assert found[0]["n"] == 10
