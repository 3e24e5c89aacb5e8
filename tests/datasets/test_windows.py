from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import chisquare

from seqnet.core.alphabets import alphabet
from seqnet.datasets.windows import WindowPlaces, random_starts, turn_at_random
from tests.building import encoded
from tests.core.test_kmers import other_strand

DNA = alphabet("dna")


def text(windows: NDArray[np.uint8]) -> list[str]:
    return [DNA.decode(row).tobytes().decode() for row in windows]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=6), st.integers(1, 7))
def test_every_place_is_a_window_of_a_block(rooms: list[int], length: int) -> None:
    data = np.arange(sum(rooms) + length * len(rooms), dtype=np.uint8)
    lengths = np.array(rooms) + length
    starts = np.cumsum(lengths) - lengths
    places = WindowPlaces.within(starts, lengths, length)
    expected = [
        (block, offset, data[start + offset : start + offset + length].tolist())
        for block, (start, room) in enumerate(zip(starts.tolist(), rooms, strict=True))
        for offset in range(room + 1)
    ]
    assert len(places) == len(expected)
    everything = np.arange(len(places))
    block, offset = places.locate(everything)
    windows = places.cut(data, everything)
    assert list(zip(block.tolist(), offset.tolist(), windows.tolist(), strict=True)) == expected


def test_places_are_drawn_alike_and_the_generator_decides() -> None:
    data = np.arange(30, dtype=np.uint8)
    places = WindowPlaces.within(np.array([0, 20]), np.array([15, 6]), 6)  # ten places and one
    windows = places.draw(data, 11_000, np.random.default_rng(2))
    assert (np.diff(windows, axis=1) == 1).all()
    first, counts = np.unique(windows[:, 0], return_counts=True)
    assert first.tolist() == [*range(10), 20]
    assert chisquare(counts).pvalue > 0.001
    np.testing.assert_array_equal(places.draw(data, 11_000, np.random.default_rng(2)), windows)


def test_random_numbers_are_drawn_in_the_same_order_as_ever() -> None:
    """Numbers of a version before windows had a module of their own: the same seed has the same dataset and batches."""
    rng = np.random.default_rng(5)
    places = WindowPlaces.within(np.array([0, 20]), np.array([15, 6]), 6)
    windows = places.draw(np.arange(30, dtype=np.uint8), 6, rng)
    assert windows[:, 0].tolist() == [7, 8, 0, 8, 5, 5]
    assert turn_at_random(windows, np.arange(30, dtype=np.uint8), rng).tolist() == [True, True, True, True, True, True]
    assert random_starts(np.array([9, 3, 40]), 5, rng).tolist() == [0, 0, 35]


def test_windows_are_turned_in_place_half_of_the_time() -> None:
    rng = np.random.default_rng(0)
    before = np.stack([encoded(["AACGT"]).data] * 1000)
    windows = before.copy()
    turned = turn_at_random(windows, DNA.complement, rng)
    assert 400 < turned.sum() < 600
    assert set(text(windows[~turned])) == {"AACGT"}
    assert set(text(windows[turned])) == {other_strand("AACGT")}


@pytest.mark.parametrize(("length", "starts"), [(3, {0}), (5, {0}), (6, {0, 1}), (9, {0, 1, 2, 3, 4})])
def test_a_random_part_lies_within_its_sequence(length: int, starts: set[int]) -> None:
    found = random_starts(np.full(500, length), 5, np.random.default_rng(1))
    assert set(found.tolist()) == starts
