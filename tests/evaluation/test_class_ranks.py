"""Ranks compared with loops over records."""

from __future__ import annotations

import numpy as np
import pytest

from seqnet.evaluation import class_ranks
from seqnet.evaluation.class_ranks import ClassRanks
from seqnet.evaluation.metrics import measure


@pytest.mark.parametrize("at_once", [1, 90, 1 << 17])
@pytest.mark.parametrize("classes", [2, 7])
def test_weights_at_and_above_each_rank(classes: int, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(class_ranks, "_AT_ONCE", at_once)
    rng = np.random.default_rng(2)
    labels, weights = rng.integers(0, classes - 1, 40), rng.integers(0, 4, 40).astype(float)
    probabilities = rng.integers(0, 6, (40, classes)) / 6  # with ties
    ranks = ClassRanks.sorted(labels, probabilities)
    found = ranks.weighed(weights)
    assert np.array_equal(ranks.label[ranks.of], labels)
    seen = 0
    for label in range(classes):
        own = labels == label
        values = np.unique(probabilities[own, label])[::-1]
        for value in values:
            column = probabilities[:, label]
            assert found.label[seen] == label
            assert found.own_at[seen] == weights[own & (column == value)].sum()
            assert found.at[seen] == weights[column == value].sum()
            assert found.own_above[seen] == weights[own & (column >= value)].sum()
            assert found.above[seen] == weights[column >= value].sum()
            seen += 1
    assert seen == len(found.label)
    assert found.by_class(np.ones(seen)).tolist() == [
        len(np.unique(probabilities[labels == label, label])) for label in range(classes)
    ]


def test_equal_probabilities_share_a_rank() -> None:
    found = ClassRanks.sorted(np.array([0, 1, 1, 0]), np.full((4, 2), 0.5)).weighed(np.ones(4))
    assert found.label.tolist() == [0, 1]
    assert found.own_at.tolist() == found.own_above.tolist() == [2.0, 2.0]
    assert found.at.tolist() == found.above.tolist() == [4.0, 4.0]


def test_areas_are_from_0_to_1_with_any_weights() -> None:
    rng = np.random.default_rng(3)
    for _ in range(200):
        labels, right = rng.integers(0, 3, 30), rng.uniform(0.4, 1, 30)
        probabilities = np.full((30, 3), 0.0) + (1 - right)[:, None] / 2
        probabilities[np.arange(30), labels] = right
        found = measure(labels, probabilities, rng.uniform(0, 1, 30), names=("auroc", "auprc"))
        assert 0.99 < found["auroc"] <= 1
        assert 0.99 < found["auprc"] <= 1
