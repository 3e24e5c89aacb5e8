from __future__ import annotations

import numpy as np

from seqnet.evaluation.distributions import class_histogram


def test_every_value_is_in_one_bin_of_its_class() -> None:
    rng = np.random.default_rng(0)
    values, labels = rng.random(1000), rng.integers(3, size=1000)
    found = class_histogram(values, labels, 4, (0, 1))
    assert found.counts.sum(axis=1).tolist() == [*np.bincount(labels).tolist(), 0]
    assert (found.edges[0], found.edges[-1]) == (0, 1)
    np.testing.assert_allclose(found.shares.sum(axis=1), [1, 1, 1, 0])
    np.testing.assert_array_equal(found.counts[1], np.histogram(values[labels == 1], found.edges)[0])


def test_bins_of_whole_numbers_hold_equal_numbers_of_them() -> None:
    lengths = np.arange(7, 200)
    found = class_histogram(lengths, np.zeros(193, dtype=np.int64), 1)
    width = np.diff(found.edges)
    assert (width == width[0]).all()
    assert width[0] == 5
    assert found.counts[0, :-1].tolist() == [5] * (len(width) - 1)
    assert found.counts.sum() == 193


def test_one_value_has_one_bin() -> None:
    found = class_histogram(np.full(9, 36), np.zeros(9, dtype=np.int64), 1)
    assert (found.edges.tolist(), found.counts.tolist()) == ([36, 37], [[9]])
