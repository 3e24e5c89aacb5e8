from __future__ import annotations

import numpy as np
import pytest

from seqnet.datasets.profile import profile_dataset
from tests.building import make_dataset


def test_each_class_has_its_records_lengths_and_composition() -> None:
    strings = ["AACG", "AA", "TTTTTT", "GR"]
    profile = profile_dataset(make_dataset(strings, [0, 0, 1, 0], ["train", "test", "train", "validation"]))
    assert profile.counts.tolist() == [[1, 1, 1], [1, 0, 0]]
    assert np.flatnonzero(profile.lengths[0]).tolist() == [2, 4]
    assert profile.lengths[0][[2, 4]].tolist() == [2, 1]
    assert profile.extremes.tolist() == [[2, 2, 4], [6, 6, 6]]
    assert profile.symbols == "ACGT"
    # R is half an A and half a G.
    assert profile.composition[0] == pytest.approx([4.5 / 8, 1 / 8, 2.5 / 8, 0])
    assert profile.composition[1].tolist() == [0, 0, 0, 1]


def test_a_class_without_records_has_no_lengths_and_no_composition() -> None:
    profile = profile_dataset(make_dataset(["ACGT"], [0], ["train"], classes=("a", "b")))
    assert profile.lengths[1].sum() == 0
    assert np.isnan(profile.extremes[1]).all()
    assert np.isnan(profile.composition[1]).all()
