"""Random splits into train, validation and test, and folds of a cross-validation, with groups and classes respected.

Groups (N,) int64 are never divided between splits or folds. Each split or fold has the class proportions of the
dataset, as far as whole groups allow. A record without a group is a group of one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from seqnet.core.containers import drop_pages
from seqnet.core.errors import SettingError

__all__ = ["SPLITS", "deal_folds", "parse_fractions", "split_records"]

SPLITS = ("train", "validation", "test")

_PIECE = 1 << 20
"""Number of records that are processed together."""
_VERY_MANY = 10_000
"""Minimum number of groups of one class and size for assigning them all at once."""


def parse_fractions(text: str) -> tuple[float, float, float]:
    """Returns the fractions of train, validation and test from a text such as `80/10/10`.

    Raises:
        SettingError: the text is not three numbers, the first above 0 and the others at least 0, with the sum 100 (or
        1).
    """
    expected = "three percentages, train/validation/test, that add up to 100, such as 80/10/10"
    try:
        parts = [float(part) for part in text.split("/")]
    except ValueError:
        raise SettingError("split", text, expected) from None
    total = sum(parts)
    if len(parts) != 3 or min(parts) < 0 or parts[0] <= 0 or not (abs(total - 100) < 1e-6 or abs(total - 1) < 1e-8):
        raise SettingError("split", text, expected)
    return parts[0] / total, parts[1] / total, parts[2] / total


def split_records(
    labels: NDArray[np.int32],
    groups: NDArray[np.int64],
    fractions: Sequence[float],
    rng: np.random.Generator,
) -> NDArray[np.uint8]:
    """Returns the split (N,) uint8 of each record, an index into `SPLITS`.

    Groups with several records are assigned from the largest to the smallest, each to the split that lacks most of its
    records. Single records then fill up each class to its fractions. Very many groups of one class and size, such as
    read pairs, are assigned like single records, but before these.

    Args:
        labels: (N,) int32, class of each record.
        groups: (N,) int64, group of each record; any numbers.
        fractions: share of each split; the sum is 1.
        rng: source of the random order.
    """
    split = np.zeros(len(labels), dtype=np.uint8)
    if not len(labels):
        return split
    class_count = int(labels.max()) + 1
    lacking = np.outer(fractions, np.bincount(labels, minlength=class_count)).astype(np.float64)  # (S, K)
    shared = np.zeros(len(labels), dtype=bool)
    if not _are_consecutive(groups):
        group, sizes = _numbered(groups)
        shared = sizes[group] > 1 if sizes.max() > 1 else shared
    if shared.any():
        several, single_count = np.flatnonzero(shared), int((sizes == 1).sum())
        held = np.zeros((len(sizes), class_count), dtype=np.int64)
        np.add.at(held, (group[several], labels[several]), 1)
        order = rng.permutation(np.flatnonzero(sizes > 1))
        order = order[np.argsort(-sizes[order], kind="stable")]
        assigned = np.zeros(len(sizes), dtype=np.uint8)
        alike = _alike(held[order])
        ones = order[alike < 0]
        assigned[ones] = _assign(held[ones], lacking, np.asarray(fractions), len(order) - len(ones) + single_count)
        for number in range(int(alike.max()) + 1):
            members = order[alike == number]
            assigned[members] = _fill(held[members[0]], len(members), lacking, fractions)
        split[several] = assigned[group[several]]
    for label in range(class_count):
        members = _members(~shared & (labels == label))
        rng.shuffle(members)
        split[members] = _fill(np.eye(class_count, dtype=np.int64)[label], len(members), lacking, fractions)
    return split


def _members(which: NDArray[np.bool_]) -> NDArray[np.integer]:
    """Returns the indices (M,) at which `which` (N,) is true, in the narrowest type; a shuffle is the same in any."""
    narrow = np.dtype(np.uint32 if len(which) < 2**32 else np.int64)
    starts = range(0, len(which), _PIECE)
    return np.concatenate([(np.flatnonzero(which[start : start + _PIECE]) + start).astype(narrow) for start in starts])


def _alike(held: NDArray[np.int64]) -> NDArray[np.int64]:
    """Returns (G,) int64: a number for each set of very many groups with equal class and size, -1 for the other groups.

    Args:
        held: (G, K) int64, records of each class in each group, sorted by falling size.
    """
    sizes, labels = held.sum(axis=1), held.argmax(axis=1)
    pure = held.max(axis=1) == sizes
    kinds, kind, counts = np.unique(-sizes * held.shape[1] + labels, return_inverse=True, return_counts=True)
    many = np.zeros(len(kinds), dtype=bool)
    many[np.unique(kind[pure])] = True
    many &= counts >= _VERY_MANY
    numbers = np.cumsum(many) - 1
    return np.where(pure & many[kind], numbers[kind], -1)


def _fill(
    held: NDArray[np.int64], count: int, lacking: NDArray[np.float64], fractions: Sequence[float]
) -> NDArray[np.uint8]:
    """Returns the split (count,) uint8 of equal groups, in proportion to what each split lacks.

    Args:
        held: (K,) int64, records of each class in each group; only one class has records.
        count: number of groups.
        lacking: (S, K) float64, records of each class that each split lacks; changed in place.
        fractions: share of each split.
    """
    label = int(held.argmax())
    needed = np.maximum(lacking[:, label], 0)
    share = needed / needed.sum() if needed.sum() else np.asarray(fractions)
    bounds = np.rint(np.cumsum(share) * count).astype(np.int64)
    counts = np.diff(bounds, prepend=0)
    lacking[:, label] -= counts * held[label]
    return np.repeat(np.arange(len(counts), dtype=np.uint8), counts)


def _are_consecutive(groups: NDArray[np.int64]) -> bool:
    """Returns whether each record has a group of its own, and these are numbered one after the other."""
    for start in range(0, len(groups), _PIECE):
        piece = groups[start : start + _PIECE]
        alike = bool((piece == np.arange(start, start + len(piece)) + groups[0]).all())
        drop_pages(piece)
        if not alike:
            return False
    return True


def _numbered(groups: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Returns the group of each record (N,) int64, numbered from 0 in sorted order, and the group sizes (G,) int64.

    A number without records has size 0.
    """
    lowest = int(groups.min())
    if int(groups.max()) - lowest < 2 * len(groups):
        group = groups - lowest if lowest else groups
        return group, np.bincount(group)
    _, group, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    return group, sizes


def deal_folds(
    labels: NDArray[np.int32], groups: NDArray[np.int64], count: int, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Returns the fold (N,) uint8 of each record, in 0..count-1; folds are splits of equal size, see `split_records`.

    Args:
        labels: (N,) int32, class of each record.
        groups: (N,) int64, group of each record; any numbers.
        count: number of folds, at most 255.
        rng: source of the random order.
    """
    return split_records(labels, groups, [1 / count] * count, rng)


def _assign(
    held: NDArray[np.int64], lacking: NDArray[np.float64], fractions: NDArray[np.float64], single_count: int
) -> NDArray[np.uint8]:
    """Returns the split (G,) uint8 of each group, and subtracts its records from what the splits lack.

    Args:
        held: (G, K) int64, records of each class in each group, in the order in which groups are assigned.
        lacking: (S, K) float64, records of each class that each split lacks; changed in place.
        fractions: (S,) float64, share of each split.
        single_count: number of records that will be assigned after the groups.
    """
    assigned = np.zeros(len(held), dtype=np.uint8)
    wanted = np.flatnonzero(fractions > 0)
    empty = fractions > 0
    for index, records in enumerate(held):
        # The last groups go to splits that are still empty, so that few groups do not leave a split empty.
        scarce = len(held) - index + single_count <= empty.sum()
        splits = np.flatnonzero(empty) if scarce else wanted
        needed = np.maximum(lacking[splits], 0)  # (S, K)
        fitting = np.minimum(needed, records).sum(axis=1)
        # Among the splits with enough space for the group, choose the emptiest for its size.
        need = (needed * records).sum(axis=1) / fractions[splits]
        chosen = splits[np.lexsort((need, fitting))[-1]]
        assigned[index] = chosen
        lacking[chosen] -= records
        empty[chosen] = False
    return assigned
