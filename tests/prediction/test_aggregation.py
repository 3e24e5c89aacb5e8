from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.configs.scanning import AGGREGATES
from seqnet.prediction.aggregation import Aggregation


def result(way: str, values: list[list[float]], chosen: int = 1) -> list[float]:
    """Returns the probability of the chosen class of each record, from that of each of its windows."""
    record = np.repeat(np.arange(len(values)), [len(one) for one in values])
    flat = np.array([value for one in values for value in one])
    other = 1 - flat
    scores = np.stack([other, flat] if chosen else [flat, other], axis=1)[None]
    sums = Aggregation(way, len(values), 2, chosen)
    for start in range(0, len(flat), 3):  # pieces that end within records
        sums.add(record[start : start + 3], scores[:, start : start + 3])
    found = sums.result()[0]
    np.testing.assert_allclose(found[sums.counts > 0].sum(axis=1), 1)
    assert sums.counts.tolist() == [len(one) for one in values]
    return [float(value) for value in found[:, chosen]]


@given(st.lists(st.lists(st.floats(0, 1), max_size=7), min_size=1, max_size=4), st.integers(0, 1))
def test_the_aggregations_match_their_names(values: list[list[float]], chosen: int) -> None:
    some = [one for one in values if one]
    expected = {
        "mean": [np.mean(one) for one in some],
        "max": [np.max(one) for one in some],
        "noisy-or": [1 - np.prod([1 - value for value in one]) for one in some],
    }
    for way in AGGREGATES:
        found = result(way, values, chosen)
        assert [np.isnan(value) for value in found] == [not one for one in values]
        np.testing.assert_allclose([value for value in found if not np.isnan(value)], expected[way], atol=1e-9)


def test_max_is_the_window_of_the_chosen_class_also_for_members_and_many_classes() -> None:
    scores = np.random.default_rng(0).dirichlet(np.ones(3), (4, 10))
    sums = Aggregation("max", 1, 3, 2)
    sums.add(np.zeros(10, dtype=np.int64), scores)
    best = int(scores[0, :, 2].argmax())
    np.testing.assert_array_equal(sums.result()[:, 0], scores[:, best])


@pytest.mark.parametrize("way", AGGREGATES)
def test_empty_input_gives_an_empty_result(way: str) -> None:
    assert np.isnan(Aggregation(way, 2, 2, 0).result()).all()


def test_very_many_sure_windows_stay_a_probability() -> None:
    sums = Aggregation("noisy-or", 1, 2, 0)
    sums.add(np.zeros(10_000, dtype=np.int64), np.tile([1.0, 0.0], (1, 10_000, 1)))
    assert sums.result()[0, 0].tolist() == [1.0, 0.0]
