from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from seqnet.datasets.length_counts import LENGTH_BINS, count_lengths, length_histogram, length_quantile

LENGTHS = st.lists(st.integers(0, 2**36), min_size=1, max_size=60)


def counted(*lengths: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return count_lengths(np.array(lengths, dtype=np.int64))


def test_short_lengths_have_a_bin_each_and_long_ones_share() -> None:
    assert np.flatnonzero(counted(0, 36, 1023, 36)).tolist() == [0, 36, 1023]
    assert counted(36, 36)[36] == 2
    assert np.flatnonzero(counted(1024, 1039)).tolist() == [1024]
    assert np.flatnonzero(counted(1040)).tolist() == [1025]
    assert np.flatnonzero(counted(2048)).tolist() == [1024 + 64]
    assert np.flatnonzero(counted(2**50)).tolist() == [LENGTH_BINS - 1]


@given(LENGTHS)
def test_quantiles_are_within_a_bin_of_those_of_the_lengths(lengths: list[int]) -> None:
    counts = counted(*lengths)
    for share in (0.0, 0.25, 0.5, 1.0):
        exact = int(np.quantile(lengths, share, method="inverted_cdf"))
        found = length_quantile(counts, share)
        assert exact / 1.016 - 1 < found <= exact
        assert exact >= 1024 or found == exact


@given(LENGTHS, LENGTHS)
def test_every_length_is_in_its_bin_of_the_picture(first: list[int], second: list[int]) -> None:
    found = length_histogram(np.stack([counted(*first), counted(*second)]), most=10)
    assert found.counts.shape == (2, len(found.edges) - 1)
    assert len(found.edges) <= 11
    for row, lengths in zip(found.counts, (first, second), strict=True):
        assert row.tolist() == np.histogram(lengths, [*found.edges[:-1], found.edges[-1] - 0.5])[0].tolist()


def test_bins_of_a_picture_are_equal_on_its_axis() -> None:
    equal = length_histogram(counted(*range(30, 70))[None], most=4)
    assert equal.edges.tolist() == [30, 40, 50, 60, 70]
    assert equal.counts.tolist() == [[10, 10, 10, 10]]
    assert not equal.logarithmic
    assert length_histogram(counted(36)[None]).edges.tolist() == [36, 37]
    wide = length_histogram(counted(16, 2**18)[None], most=4)
    assert wide.logarithmic
    assert np.allclose(np.diff(np.log2(wide.edges)), 3.5, atol=0.1)
