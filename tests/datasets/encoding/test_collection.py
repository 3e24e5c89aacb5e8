from __future__ import annotations

from collections import Counter
from contextlib import closing
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from seqnet.core.ragged import Ragged
from seqnet.datasets.encoding.collection import Collector, EncodedRecords, Reservoir


def examples(labels: list[int], start: int = 0) -> EncodedRecords:
    """Returns examples with distinct names, sequences and groups."""
    numbers = range(start, start + len(labels))
    return EncodedRecords(
        Ragged.from_strings([bytes([number % 250 + 1] * (number % 4)) for number in numbers]),
        Ragged.from_strings([f"r{number}" for number in numbers]),
        np.array(labels, dtype=np.int32),
        np.arange(start, start + len(labels), dtype=np.int64),
    )


def rows(found: EncodedRecords) -> list[tuple[bytes, str, int, int]]:
    tokens = [found.tokens[index] for index in range(len(found))]
    return list(zip(tokens, found.names.text(), found.labels.tolist(), found.groups.tolist(), strict=True))


def sample(labels: list[int], size: int, seed: int, cuts: list[int] | None = None) -> list[int]:
    """Returns the groups, which are the positions in the stream, of a sample of a stream of batches."""
    reservoir = Reservoir(size, np.random.default_rng(seed))
    bounds = [0, *(cuts or []), len(labels)]
    for start, stop in pairwise(bounds):
        reservoir.add(examples(labels[start:stop], start))
    found = reservoir.sample()
    assert found is not None
    whole = rows(examples(labels))
    assert all(row == whole[row[3]] for row in rows(found))
    return [int(place) for place in found.groups]


streams = st.lists(st.integers(0, 2), max_size=60)


@given(streams, st.integers(1, 15), st.integers(0, 99))
def test_a_sample_has_the_right_size_in_every_class_and_the_order_of_the_stream(
    labels: list[int], size: int, seed: int
) -> None:
    chosen = sample(labels, size, seed)
    assert chosen == sorted(set(chosen))
    available = Counter(labels)
    assert Counter(labels[place] for place in chosen) == {label: min(size, count) for label, count in available.items()}


@given(streams, st.integers(1, 15), st.integers(0, 99), st.data())
def test_a_sample_does_not_depend_on_the_batches(labels: list[int], size: int, seed: int, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(labels)), max_size=6)))
    assert sample(labels, size, seed, cuts) == sample(labels, size, seed)


def test_a_long_stream_is_thinned_out_on_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seqnet.datasets.encoding.collection._RESERVOIR_BYTES", 1_000_000)
    labels = np.random.default_rng(0).integers(0, 2, 150_000).tolist()
    reservoir = Reservoir(10, np.random.default_rng(3))
    for start in range(0, len(labels), 10_000):
        reservoir.add(examples(labels[start : start + 10_000], start))
        assert sum(part.size for part in reservoir._parts) < 1_000_000
    found = reservoir.sample()
    assert found is not None
    assert found.groups.tolist() == sample(labels, 10, 3)


def test_all_samples_are_equally_likely() -> None:
    # Two of the four records of class 0, both of class 1.
    labels = [0, 1, 0, 0, 1, 0]
    seen = Counter(tuple(sample(labels, 2, seed)) for seed in range(3000))
    pairs = [tuple(sorted((*pair, 1, 4))) for pair in combinations([0, 2, 3, 5], 2)]
    assert set(seen) == set(pairs)
    assert chisquare([seen[pair] for pair in pairs]).pvalue > 0.001


def test_a_sample_of_nothing() -> None:
    reservoir = Reservoir(5, np.random.default_rng(0))
    assert reservoir.sample() is None
    reservoir.add(examples([]))
    found = reservoir.sample()
    assert found is not None
    assert len(found) == 0


@given(st.lists(st.lists(st.integers(0, 2), max_size=6), min_size=1, max_size=5))
def test_what_is_collected_is_what_was_added(parts: list[list[int]]) -> None:
    expected: list[tuple[bytes, str, int, int]] = []
    with closing(Collector()) as collector:
        for labels in parts:
            part = examples(labels, len(expected))
            collector.add(part)
            expected += rows(part)
        assert collector.count == len(expected)
        assert rows(collector.collected()) == expected
        assert collector.tokens.view().tobytes() == b"".join(row[0] for row in expected)
        assert collector.name_bytes.view().tobytes() == "".join(row[1] for row in expected).encode()


def test_labels_and_groups_can_be_changed_once_all_are_known() -> None:
    with closing(Collector()) as collector:
        collector.add(examples([0, 1]))
        collector.add(examples([1], 2))
        collector.relabel(np.array([5, 6, 7], dtype=np.int32), np.array([1, 2, 2]))
        collector.add(examples([0], 3))
        assert [row[2:] for row in rows(collector.collected())] == [(5, 1), (6, 2), (7, 2), (0, 3)]


def test_examples_are_taken_and_joined_row_by_row() -> None:
    whole = examples([0, 1, 2, 0])
    taken = whole.take(np.array([3, 1]))
    assert rows(taken) == [rows(whole)[3], rows(whole)[1]]
    assert rows(EncodedRecords.concatenate([taken, whole])) == rows(taken) + rows(whole)
