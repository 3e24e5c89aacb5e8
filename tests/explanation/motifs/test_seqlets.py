"""Windows with a high attribution, and their threshold."""

from __future__ import annotations

import numpy as np

from seqnet.explanation.motifs.seqlets import seqlets, threshold
from tests.building import encoded


def test_the_threshold_is_where_real_ones_outnumber_shuffled_ones_most() -> None:
    real = np.concatenate([np.full(40, 5.0), np.full(60, 1.0)])
    shuffled = np.concatenate([np.full(2, 6.0), np.full(60, 1.0)])
    assert threshold(real, shuffled, 0.5) == 5.0
    # All that is above 1 would be 62 to 100.
    assert threshold(np.full(100, 1.0), np.full(62, 1.0), 0.5) == float("inf")


def test_noise_has_no_threshold() -> None:
    rng = np.random.default_rng(0)
    found = [threshold(rng.normal(size=500), rng.normal(size=500), 0.5) for _ in range(200)]
    assert np.isinf(found).mean() >= 0.99
    assert threshold(np.empty(0), np.empty(0), 0.5) == float("inf")


def test_seqlets_are_the_peaks_of_both_signs_in_order_of_strength() -> None:
    length, real = 20, 60
    contributions = np.zeros((2 * real, length), dtype=np.float32)
    for row in range(real):
        contributions[row, 3:6] = 1 + row / 100
        contributions[row, 12:15] = -2
    tokens = encoded(["A" * length] * (2 * real))
    positive, negative = seqlets(contributions.ravel(), tokens, real, 3, 0.5)
    assert positive.record.tolist() == list(range(real - 1, -1, -1))
    assert set(positive.start.tolist()) == {3}
    assert set(negative.start.tolist()) == {12}
    assert len(negative) == real
    assert positive.width == 3
    # Shuffled ones with the same peaks leave none.
    contributions[real:] = contributions[:real]
    assert [len(side) for side in seqlets(contributions.ravel(), tokens, real, 3, 0.5)] == [0, 0]


def test_windows_do_not_reach_into_the_next_record() -> None:
    contributions = np.zeros((80, 6), dtype=np.float32)
    contributions[:40, -1] = 1
    positive, _ = seqlets(contributions.ravel(), encoded(["ACGTAC"] * 80), 40, 4, 0.5)
    assert set(positive.start.tolist()) == {2}
    short, _ = seqlets(contributions.ravel(), encoded(["ACGTAC"] * 80), 40, 7, 0.5)
    assert len(short) == 0
