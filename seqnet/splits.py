"""Who trains, who validates, who tests.

Groups (N,) int64 never cross splits; the classes keep their proportions in each split as nearly as whole groups
allow. A record of its own is a group of one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from seqnet.errors import SettingError

__all__ = ["SPLITS", "parse_fractions", "split_records"]

SPLITS = ("train", "validation", "test")


def parse_fractions(text: str) -> tuple[float, float, float]:
    """Returns the fractions of train, validation and test written as `80/10/10`.

    Raises:
        SettingError: it is not two or three numbers of at least zero that add up to 100 (or 1).
    """
    expected = "train/validation/test in percent, such as 80/10/10"
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

    Groups of several records go, in random order, to the split that lacks most of what they hold; single records then
    fill each class up to its fractions.

    Args:
        labels: (N,) int32, class of each record.
        groups: (N,) int64, group of each record; any numbers.
        fractions: share of each split, adding up to 1.
        rng: source of the random order.
    """
    split = np.zeros(len(labels), dtype=np.uint8)
    if not len(labels):
        return split
    _, group, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    class_count = int(labels.max()) + 1
    lacking = np.outer(fractions, np.bincount(labels, minlength=class_count)).astype(np.float64)  # (S, K)
    several = np.flatnonzero(sizes[group] > 1)
    if len(several):
        held = np.zeros((len(sizes), class_count), dtype=np.int64)
        np.add.at(held, (group[several], labels[several]), 1)
        wanted = np.flatnonzero(np.asarray(fractions) > 0)
        assigned = np.zeros(len(sizes), dtype=np.uint8)
        for one in rng.permutation(np.flatnonzero(sizes > 1)):
            # Relative to its size a small split fills as fast as a large one.
            need = (lacking[wanted] * held[one]).sum(axis=1) / np.asarray(fractions)[wanted]
            chosen = wanted[int(np.argmax(need))]
            assigned[one] = chosen
            lacking[chosen] -= held[one]
        split[several] = assigned[group[several]]
    single = sizes[group] == 1
    for label in range(class_count):
        members = rng.permutation(np.flatnonzero(single & (labels == label)))
        room = np.maximum(lacking[:, label], 0)
        share = room / room.sum() if room.sum() else np.asarray(fractions)
        bounds = np.rint(np.cumsum(share) * len(members)).astype(np.int64)
        for index, part in enumerate(np.split(members, bounds[:-1])):
            split[part] = index
    return split
