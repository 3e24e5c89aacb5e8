"""The folds of a cross-validation: which records are fitted, which choose the epoch, and which are measured.

All records outside the test split are divided into K folds. The network of fold k is measured on fold k. A tenth of the
other records, in whole groups and at least one of each class, chooses its epoch. The network is fitted to the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from seqnet.configs.cross_validation import FoldOptions
from seqnet.core.errors import LabelError
from seqnet.core.printable import counted
from seqnet.datasets.dataset import Dataset
from seqnet.datasets.splits import SPLITS, deal_folds, split_records

__all__ = ["Folds", "deal"]

_CHOOSING = 0.1
"""Share of the records outside a fold that choose the epoch of its network; at least a group of each class does."""


@dataclass(frozen=True, eq=False)
class Folds:
    """The fold of each record, and the split that it has for the network of each fold.

    Attributes:
        members: (M,) int64, the records outside the test split, in file order.
        split: (K, M) uint8, split of each record for the network of each fold, an index into `SPLITS`: train for
            records that are fitted, validation for those that choose the epoch, test for those that are measured.
    """

    members: NDArray[np.int64]
    split: NDArray[np.uint8]

    @property
    def count(self) -> int:
        """K, number of folds."""
        return len(self.split)

    @property
    def fold(self) -> NDArray[np.int64]:
        """(M,) int64, fold of each record, in 0..K-1."""
        found: NDArray[np.int64] = (self.split == SPLITS.index("test")).argmax(axis=0)
        return found

    def view(self, dataset: Dataset, index: int) -> Dataset:
        """Returns the dataset for the network of a fold: the records to be measured are its test split."""
        split = np.full(len(dataset), SPLITS.index("test"), dtype=np.uint8)
        split[self.members] = self.split[index]
        return replace(dataset, split=split)

    def sizes(self, index: int) -> dict[str, int]:
        """Returns the numbers of records that are fitted, that choose the epoch, and that are held out."""
        counts = np.bincount(self.split[index], minlength=len(SPLITS))
        return dict(zip(("fitted", "choosing", "held_out"), counts.tolist(), strict=True))


def deal(dataset: Dataset, count: int, seed: int) -> Folds:
    """Returns the folds of the records outside the test split; whole groups, with every class in every part.

    Raises:
        SettingError: there are fewer than three folds, or too many.
        LabelError: there are too few groups for so many folds, or the dataset has no fixed records.
    """
    FoldOptions(folds=count)
    if dataset.crop:
        problem = "it was encoded with --crop, and folds need fixed records"
        raise LabelError(str(dataset.path), problem, "encode it without --crop")
    members = np.flatnonzero(dataset.split != SPLITS.index("test"))
    labels, groups = dataset.labels[members], dataset.groups[members]
    remedy = "use fewer --folds, or encode it with smaller groups"
    for label, name in enumerate(dataset.classes):
        if (kinds := len(np.unique(groups[labels == label]))) < count:
            groups_of = counted(kinds, "groups")
            problem = f"class {name} has {groups_of} outside the test split, fewer than the {count} folds"
            raise LabelError(str(dataset.path), problem, remedy)
    rng = np.random.default_rng([seed, count])
    fold = deal_folds(labels, groups, count, rng)
    split = np.stack([_parts(labels, groups, fold == index, len(dataset.classes), rng) for index in range(count)])
    for label, name in enumerate(dataset.classes):
        if any(len(np.unique(parts)) < len(SPLITS) for parts in split[:, labels == label]):
            problem = f"its groups can't be dealt into {count} folds with records of class {name} in each part"
            raise LabelError(str(dataset.path), problem, remedy)
    return Folds(members, split)


def _parts(
    labels: NDArray[np.int32],
    groups: NDArray[np.int64],
    held: NDArray[np.bool_],
    class_count: int,
    rng: np.random.Generator,
) -> NDArray[np.uint8]:
    """Returns the split (M,) uint8 of each record as the network of a fold has it, whose records are held out."""
    train, validation, test = range(len(SPLITS))
    split = np.full(len(labels), test, dtype=np.uint8)
    rest = np.flatnonzero(~held)
    # The last of the parts has a group that would fit into either.
    dealt = split_records(labels[rest], groups[rest], [_CHOOSING, 1 - _CHOOSING], rng)
    split[rest] = np.where(dealt == 0, validation, train)
    for own in (labels == label for label in range(class_count)):
        for part, other in ((validation, train), (train, validation)):
            there = own & (split == other)
            if there.any() and not (own & (split == part)).any():
                split[groups == min(np.unique(groups[there]), key=lambda group: (groups == group).sum())] = part
    return split
