"""Contracts of all ways to split: whole groups, class proportions, and the requested sizes."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import chisquare

from seqnet.core.errors import SettingError
from seqnet.datasets import splits
from seqnet.datasets.splits import SPLITS, deal_folds, parse_fractions, split_records

FRACTIONS = [(0.8, 0.1, 0.1), (0.1, 0.1, 0.8), (0.7, 0.3, 0.0), (0.5, 0.0, 0.5), (1.0, 0.0, 0.0), (0.98, 0.01, 0.01)]

fractions_of = st.sampled_from(FRACTIONS)
seeds = st.integers(0, 999)
# Label and group of each record.
records = st.lists(st.tuples(st.integers(0, 2), st.integers(-3, 12)), min_size=1, max_size=60)
groups_of_one_class = st.lists(st.integers(1, 12), min_size=1, max_size=30)


def split(
    labels: Sequence[int] | NDArray[np.int64],
    groups: Sequence[int] | NDArray[np.int64],
    fractions: tuple[float, float, float] = (0.8, 0.1, 0.1),
    seed: int = 0,
) -> NDArray[np.uint8]:
    found = split_records(
        np.asarray(labels, dtype=np.int32),
        np.asarray(groups, dtype=np.int64),
        fractions,
        np.random.default_rng(seed),
    )
    assert (found.dtype, found.shape) == (np.dtype(np.uint8), (len(labels),))
    return found


def sizes(found: NDArray[np.uint8]) -> NDArray[np.int64]:
    return np.bincount(found, minlength=len(SPLITS))


@given(records, fractions_of, seeds)
def test_a_group_never_crosses_splits(
    drawn: list[tuple[int, int]], fractions: tuple[float, float, float], seed: int
) -> None:
    labels, groups = zip(*drawn, strict=True)
    found = split(labels, groups, fractions, seed)
    where: dict[int, set[int]] = {}
    for group, number in zip(groups, found.tolist(), strict=True):
        where.setdefault(group, set()).add(number)
    assert all(len(numbers) == 1 for numbers in where.values())
    assert all(fractions[number] > 0 for number in found.tolist())


@given(records, fractions_of, seeds)
def test_the_seed_decides_and_group_numbers_are_only_names(
    drawn: list[tuple[int, int]], fractions: tuple[float, float, float], seed: int
) -> None:
    labels, groups = zip(*drawn, strict=True)
    found = split(labels, groups, fractions, seed).tolist()
    assert split(labels, groups, fractions, seed).tolist() == found
    assert split(labels, np.asarray(groups) * 1000 + 7, fractions, seed).tolist() == found


def test_another_seed_is_another_split() -> None:
    labels, groups = np.zeros(200, dtype=np.int64), np.arange(200) // 4
    assert split(labels, groups, seed=1).tolist() != split(labels, groups, seed=2).tolist()
    assert split(labels, np.arange(200), seed=1).tolist() != split(labels, np.arange(200), seed=2).tolist()


@given(st.lists(st.integers(0, 3), min_size=1, max_size=80), fractions_of, seeds)
def test_single_records_have_the_sizes_that_were_requested_in_every_class(
    labels: list[int], fractions: tuple[float, float, float], seed: int
) -> None:
    found = split(labels, range(len(labels)), fractions, seed)
    bounds = np.cumsum(fractions)
    for label in set(labels):
        counts = sizes(found[np.array(labels) == label])
        # Each boundary between splits is at the nearest whole record.
        assert np.all(np.abs(np.cumsum(counts) - bounds * counts.sum()) <= 0.5 + 1e-9)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=80), fractions_of, seeds, st.randoms(use_true_random=False))
def test_the_order_of_single_records_does_not_change_the_sizes(
    labels: list[int], fractions: tuple[float, float, float], seed: int, random: Random
) -> None:
    shuffled = list(labels)
    random.shuffle(shuffled)
    counts = []
    for order in (labels, shuffled):
        found = split(order, range(len(order)), fractions, seed)
        counts.append([sizes(found[np.array(order) == label]).tolist() for label in sorted(set(labels))])
    assert counts[0] == counts[1]


def test_every_record_is_as_likely_to_be_in_each_split() -> None:
    labels = [0] * 12 + [1] * 8
    times = np.zeros((len(labels), len(SPLITS)))
    for seed in range(1000):
        times[np.arange(len(labels)), split(labels, range(len(labels)), (0.5, 0.25, 0.25), seed)] += 1
    for label in (0, 1):
        members = np.array(labels) == label
        assert times[members].sum(axis=0).tolist() == [500 * members.sum(), 250 * members.sum(), 250 * members.sum()]
        for column in range(len(SPLITS)):
            assert chisquare(times[members, column]).pvalue > 0.001


@given(groups_of_one_class, st.integers(0, 30), fractions_of, seeds)
def test_no_split_is_too_large_by_more_than_a_group(
    group_sizes: list[int], singles: int, fractions: tuple[float, float, float], seed: int
) -> None:
    groups = np.repeat(np.arange(len(group_sizes) + singles), group_sizes + [1] * singles)
    found = split(np.zeros(len(groups), dtype=np.int64), groups, fractions, seed)
    assert np.all(sizes(found) - np.array(fractions) * len(groups) < max(group_sizes) + 1e-9)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("others", [[*[2] * 8, *[1] * 21, 3], [2] * 20])
def test_a_group_larger_than_a_split_goes_where_it_fits(others: list[int], seed: int) -> None:
    # Small groups that come first must neither make the small splits look emptier nor use up their space.
    groups = np.repeat(np.arange(len(others) + 1), [*others, 60])
    found = split(np.zeros(100, dtype=np.int64), groups, seed=seed)
    assert sizes(found).tolist() == [80, 10, 10]
    assert set(found[-60:].tolist()) == {SPLITS.index("train")}


def test_every_split_has_its_share_of_large_and_of_small_groups() -> None:
    group_sizes = np.repeat([10, 2], 40)
    groups = np.repeat(np.arange(80), group_sizes)
    found = split(np.zeros(len(groups), dtype=np.int64), groups, (0.6, 0.2, 0.2))
    for first, size in ((0, 10), (400, 2)):
        assert sizes(found[first : first + 40 * size]).tolist() == [24 * size, 8 * size, 8 * size]


@pytest.mark.parametrize("fractions", FRACTIONS)
@pytest.mark.parametrize("count", [2, 3, 7, 10, 30, 100, 1001])
def test_one_group_of_everything_goes_to_the_largest_split(fractions: tuple[float, float, float], count: int) -> None:
    found = split(np.arange(count) % 2, np.zeros(count, dtype=np.int64), fractions)
    assert fractions[int(found[0])] == max(fractions)


@given(st.lists(st.integers(2, 12), min_size=1, max_size=9), fractions_of, seeds)
def test_few_groups_do_not_cause_an_empty_split(
    group_sizes: list[int], fractions: tuple[float, float, float], seed: int
) -> None:
    groups = np.repeat(np.arange(len(group_sizes)), group_sizes)
    found = split(np.arange(len(groups)) % 2, groups, fractions, seed)
    assert len(set(found.tolist())) == min(len(group_sizes), np.count_nonzero(fractions))


def test_groups_keep_the_proportions_of_the_classes() -> None:
    # Groups of 1 to 40 records, most of them of one class, a few mixed; classes of 60, 30 and 10 %.
    rng = np.random.default_rng(5)
    group_sizes = np.minimum(rng.geometric(0.15, 800), 40)
    of_group = rng.choice(3, len(group_sizes), p=[0.6, 0.3, 0.1])
    labels = np.repeat(of_group, group_sizes)
    mixed = rng.random(len(labels)) < 0.1
    labels[mixed] = rng.integers(3, size=int(mixed.sum()))
    groups = np.repeat(rng.permutation(len(group_sizes)), group_sizes)
    for fractions in ((0.8, 0.1, 0.1), (0.6, 0.2, 0.2)):
        found = split(labels, groups, fractions, seed=3)
        for label in range(3):
            members = labels == label
            expected = np.array(fractions) * members.sum()
            # Single records, dozens of each class, compensate for the unequal sizes of whole groups.
            assert np.all(np.abs(sizes(found[members]) - expected) <= 0.01 * members.sum() + 1)


def test_single_records_make_up_for_what_groups_left() -> None:
    # 40 records of class 0 are one group; the 60 single ones fill the other splits.
    groups = np.concatenate([np.zeros(40), np.arange(1, 61), np.arange(61, 161)])
    labels = np.repeat([0, 1], 100)
    found = split(labels, groups, (0.5, 0.25, 0.25))
    for label in (0, 1):
        assert sizes(found[labels == label]).tolist() == [50, 25, 25]


def test_no_records_give_no_splits() -> None:
    assert split([], []).tolist() == []


def dealt(labels: NDArray[np.int64], groups: NDArray[np.int64], count: int, seed: int = 0) -> NDArray[np.uint8]:
    return deal_folds(labels.astype(np.int32), groups, count, np.random.default_rng(seed))


@given(records, st.integers(2, 7), seeds)
def test_folds_keep_groups_whole_and_follow_the_seed(drawn: list[tuple[int, int]], count: int, seed: int) -> None:
    labels, groups = (np.array(column) for column in zip(*drawn, strict=True))
    found = dealt(labels, groups, count, seed)
    assert found.max() < count
    assert all(len(np.unique(found[groups == group])) == 1 for group in np.unique(groups))
    assert dealt(labels, groups, count, seed).tolist() == found.tolist()


@given(st.lists(st.integers(0, 3), min_size=1, max_size=80), st.integers(2, 7), seeds)
def test_folds_of_single_records_differ_by_one_in_every_class(labels: list[int], count: int, seed: int) -> None:
    found = dealt(np.array(labels), np.arange(len(labels)), count, seed)
    for label in set(labels):
        held = np.bincount(found[np.array(labels) == label], minlength=count)
        assert held.max() - held.min() <= 1


@given(groups_of_one_class, groups_of_one_class, st.integers(3, 6), seeds)
def test_folds_have_their_share_of_each_class(one: list[int], other: list[int], count: int, seed: int) -> None:
    group_sizes = [*one, *other]
    groups = np.repeat(np.arange(len(group_sizes)), group_sizes)
    labels = np.repeat([0, 1], [sum(one), sum(other)])
    found = dealt(labels, groups, count, seed)
    for label, own in ((0, one), (1, other)):
        held = np.bincount(found[labels == label], minlength=count)
        assert held.max() < sum(own) / count + max(own) + 1


def test_every_fold_has_each_class_where_its_groups_suffice() -> None:
    rng = np.random.default_rng(2)
    group_sizes = np.minimum(rng.geometric(0.2, 300), 20)
    labels = np.repeat(rng.choice(3, 300, p=[0.6, 0.3, 0.1]), group_sizes)
    found = dealt(labels, np.repeat(np.arange(300), group_sizes), 5)
    for label in range(3):
        held = np.bincount(found[labels == label], minlength=5)
        assert np.all(np.abs(held - held.mean()) <= 1 + 0.02 * held.mean())


@pytest.mark.parametrize(
    ("text", "fractions"),
    [
        ("80/10/10", (0.8, 0.1, 0.1)),
        ("0.8/0.1/0.1", (0.8, 0.1, 0.1)),
        ("100/0/0", (1.0, 0.0, 0.0)),
        (" 70 / 30 / 0 ", (0.7, 0.3, 0.0)),
        ("33.3/33.3/33.4", (0.333, 0.333, 0.334)),
    ],
)
def test_fractions_are_written_in_percent(text: str, fractions: tuple[float, float, float]) -> None:
    assert parse_fractions(text) == pytest.approx(fractions)
    assert sum(parse_fractions(text)) == pytest.approx(1)


@pytest.mark.parametrize(
    "text",
    ["80/20", "80/10/5", "80/10/10/0", "0/50/50", "110/-10/0", "80:10:10", "", "//", "nan/50/50", "inf/0/0", "80/10/x"],
)
def test_other_fractions_are_refused(text: str) -> None:
    with pytest.raises(SettingError) as caught:
        parse_fractions(text)
    assert str(caught.value) == (
        f"split must be three percentages, train/validation/test, that add up to 100, such as 80/10/10, not {text!r}"
    )


@pytest.mark.parametrize("fractions", FRACTIONS)
def test_very_many_pairs_are_split_in_proportion_and_never_torn(
    fractions: tuple[float, float, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(splits, "_VERY_MANY", 50)
    labels = [0] * 400 + [1] * 300 + [0, 1, 1] * 20
    groups = [number // 2 for number in range(700)] + [1000 + number // 3 for number in range(60)]
    found = split(labels, groups, fractions)
    where: dict[int, set[int]] = {}
    for group, number in zip(groups, found.tolist(), strict=True):
        where.setdefault(group, set()).add(number)
    assert all(len(numbers) == 1 for numbers in where.values())
    for label in (0, 1):
        of_class = found[np.array(labels) == label]
        np.testing.assert_allclose(sizes(of_class), np.array(fractions) * len(of_class), atol=3)
    assert sizes(found)[np.array(fractions) == 0].sum() == 0
    assert not np.array_equal(found, split(labels, groups, fractions, seed=1)) or max(fractions) == 1
