from __future__ import annotations

import json

import numpy as np
import pytest

from seqnet.configs.evaluation import EvaluationOptions
from seqnet.evaluation import METRICS, compare, score
from tests.evaluation.test_paired_metrics import rivals

OPTIONS = EvaluationOptions(replicates=50)


def test_two_classes_without_groups_have_all_tests() -> None:
    first, second = rivals(200)
    found = compare(first, second, groups=np.arange(200), options=OPTIONS)
    assert set(found.paired.differences) == set(METRICS)
    assert found.delong is not None
    assert found.delong.difference.value == pytest.approx(found.paired.differences["auroc"].value)
    right = [one.predicted == one.labels for one in (first, second)]
    assert found.mcnemar.only_first - found.mcnemar.only_second == right[0].sum() - right[1].sum()
    # The percentile interval and the normal interval of a difference are similar.
    assert found.delong.difference.low == pytest.approx(found.paired.differences["auroc"].low, abs=0.02)


def test_the_positive_class_may_be_the_first() -> None:
    first, second = rivals(100)
    turned = [score(one.labels, one.probabilities, positive=0) for one in (first, second)]
    found, expected = (
        compare(*turned, groups=None, options=OPTIONS),
        compare(first, second, groups=None, options=OPTIONS),
    )
    assert found.delong is not None
    assert expected.delong is not None
    assert found.delong.z == pytest.approx(expected.delong.z)


def test_groups_change_mcnemar_and_leave_delong_out() -> None:
    first, second = rivals(200)
    found = compare(first, second, groups=np.arange(200) // 10, options=OPTIONS)
    assert found.mcnemar.method == "groups"
    assert found.delong is None
    assert found.to_json()["delong"] is None


def test_more_classes_have_no_delong() -> None:
    found = compare(*rivals(90, 3), groups=None, options=OPTIONS)
    assert found.delong is None
    assert found.mcnemar.method in ("exact", "chi-square")


def test_the_other_way_round_the_signs_change() -> None:
    first, second = rivals(120)
    one, other = (compare(*pair, groups=None, options=OPTIONS) for pair in ((first, second), (second, first)))
    for name in METRICS:
        assert one.paired.differences[name].value == pytest.approx(-other.paired.differences[name].value)
    assert one.mcnemar.p == other.mcnemar.p


def test_what_is_undefined_is_null_in_json() -> None:
    first, second = rivals(20)
    alone = first.labels == 1
    found = compare(first.take(np.flatnonzero(alone)), second.take(np.flatnonzero(alone)), groups=None, options=OPTIONS)
    text = json.dumps(found.to_json(), allow_nan=False)
    assert json.loads(text)["differences"]["auroc"] == {"value": None, "low": None, "high": None, "exact": False}
    assert found.delong is None
