from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.core.errors import LabelError, SettingError
from seqnet.datasets.dataset import Dataset
from seqnet.datasets.splits import SPLITS
from seqnet.training.folds import deal
from tests.building import make_dataset, planted, random_strings


def dataset_of(seed: int = 0, group: int = 2) -> Dataset:
    """Returns 132 records, the last 24 in the test split, in groups of `group` neighbours of both classes."""
    data = planted((72, 36, 24), seed=seed)
    return dataclasses.replace(data, groups=np.arange(132) // group)


@given(st.integers(3, 6), st.integers(0, 99), st.integers(1, 4))
def test_every_record_is_measured_once_by_a_network_not_trained_on_its_group(count: int, seed: int, group: int) -> None:
    data = dataset_of(group=group)
    folds = deal(data, count, seed)
    assert folds.members.tolist() == [*range(108)]
    measured = []
    for index in range(count):
        view = folds.view(data, index)
        held = folds.members[folds.fold == index]
        measured += held.tolist()
        # The test split of the dataset is also that of the fold's view.
        assert view.members("test").tolist() == [*held, *range(108, 132)]
        parts = [view.members("train"), view.members("validation"), held]
        groups = [set(data.groups[part].tolist()) for part in parts]
        assert not groups[0] & groups[1]
        assert not groups[2] & (groups[0] | groups[1])
        assert sorted(np.concatenate(parts).tolist()) == [*range(108)]
        assert all(set(data.labels[part].tolist()) == {0, 1} for part in parts)
        assert len(parts[1]) == pytest.approx((108 - len(held)) / 10, abs=group)
        assert list(folds.sizes(index).values()) == [len(part) for part in parts]
    assert sorted(measured) == [*range(108)]
    again = deal(data, count, seed)
    assert again.split.tolist() == folds.split.tolist()


def test_another_seed_deals_otherwise() -> None:
    assert deal(dataset_of(), 4, 1).fold.tolist() != deal(dataset_of(), 4, 2).fold.tolist()


@pytest.mark.parametrize(
    ("labels", "groups", "message"),
    [
        (
            [0] * 9 + [1] * 9,
            [*range(9)] + [9] * 5 + [10] * 4,
            "class signal has 2 groups outside the test split, fewer",
        ),
        ([0, 0, 0, 1, 1, 1, 0, 0, 0], [1, 1, 1, 1, 2, 2, 3, 4, 5], "class signal has 2 groups outside"),
    ],
)
def test_a_class_in_too_few_groups(labels: Sequence[int], groups: Sequence[int], message: str) -> None:
    # A group in the test split is not assigned to a fold.
    data = make_dataset(random_strings([9] * len(labels) + [9]), [*labels, 1], ["train"] * len(labels) + ["test"])
    data = dataclasses.replace(data, groups=np.array([*groups, 99]))
    with pytest.raises(LabelError, match=rf"tiny\.safetensors: {message}.*; use fewer --folds"):
        deal(data, 3, 1)


def test_three_groups_of_a_class_are_enough() -> None:
    data = make_dataset(random_strings([9] * 12), [0] * 9 + [1] * 3, ["train"] * 12)
    folds = deal(data, 3, 1)
    for view in (folds.view(data, index) for index in range(3)):
        assert [int(data.labels[view.members(split)].sum()) for split in SPLITS] == [1, 1, 1]


@pytest.mark.parametrize("sizes", [([200, 1, 1, 1], [5, 5, 5]), ([50, 5, 5, 5, 5], [5, 5, 5]), ([1] * 300, [1] * 6)])
def test_few_choose_the_epoch_however_unequal_groups_and_classes_are(sizes: tuple[list[int], list[int]]) -> None:
    counts = sum(sizes[0]), sum(sizes[1])
    data = make_dataset(random_strings([9] * sum(counts)), [0] * counts[0] + [1] * counts[1], ["train"] * sum(counts))
    every = sizes[0] + sizes[1]
    data = dataclasses.replace(data, groups=np.repeat(np.arange(len(every)), every))
    for seed in range(9):
        folds = deal(data, 3, seed)
        for found in (folds.sizes(index) for index in range(3)):
            # A tenth, as far as whole groups allow; the largest group may be held out.
            assert 0 < found["choosing"] <= max(0.15 * (found["fitted"] + found["choosing"]), 12)


def test_groups_that_can_not_be_dealt_so_that_every_fold_has_each_class() -> None:
    # The group of 40 fills a fold, so the third group with class signal must share a fold.
    labels = [0] * 40 + ([0] * 30 + [1]) * 3
    data = make_dataset(random_strings([9] * 133), labels, ["train"] * 133)
    data = dataclasses.replace(data, groups=np.repeat(np.arange(4), [40, 31, 31, 31]))
    with pytest.raises(LabelError, match=r"can't be dealt into 3 folds with records of class noise in each part; use"):
        deal(data, 3, 1)


@pytest.mark.parametrize("count", [1, 2, 101])
def test_a_number_of_folds_that_can_not_be(count: int) -> None:
    with pytest.raises(SettingError, match=r"train\.folds must be at (least 3|most 100), not"):
        deal(dataset_of(), count, 1)


def test_windows_that_are_drawn_anew_have_no_folds() -> None:
    data = planted((8, 8, 8), crop=12)
    with pytest.raises(
        LabelError, match=r"it was encoded with --crop, and folds need fixed records; encode it without --crop"
    ):
        deal(data, 3, 1)
