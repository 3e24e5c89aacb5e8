"""Splits that the input gives: by the file of a record, by a column, or by a table of record names.

Given splits are not changed: leaks between them are reported (`seqnet.audit.split_leaks`) and kept. If no validation
split is given, a part of the train split becomes one.

Until all records are read, the split of a record is part of its group code: a record that forms its own group has the
code -2 - split, and the groups of the user are numbered for each split by themselves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from seqnet.configs.encoding import EncodeOptions
from seqnet.core.errors import LabelError, SettingError
from seqnet.core.printable import counted, named_record, quoted
from seqnet.core.records import RecordBatch
from seqnet.datasets.encoding.class_sources import ClassSource
from seqnet.datasets.encoding.labelling import LabelFile
from seqnet.datasets.splits import SPLITS, split_records
from seqnet.readers.cells import is_missing

__all__ = ["SPLIT_WORDS", "GivenSplits", "SplitsOfRecords", "given_splits", "takes_validation", "with_validation"]

TRAIN, VALIDATION, TEST = range(len(SPLITS))
SPLIT_WORDS: Mapping[str, int] = {
    "train": TRAIN, "validation": VALIDATION, "valid": VALIDATION, "val": VALIDATION, "dev": VALIDATION, "test": TEST
}  # fmt: skip
"""Word of a column or table, in any case → split."""
WRITE = "write train, validation (or valid, val, dev) or test"

SplitsOfRecords = Callable[[RecordBatch], NDArray[np.uint8]]
"""Batch of N records → split (N,) uint8 of each."""


class GivenSplits(Protocol):
    """A way in which the input gives the split of each record."""

    def of_file(self, source: ClassSource, path: str) -> SplitsOfRecords:
        """Returns a function that finds the splits of the records of a file."""

    def check_complete(self) -> None:
        """Checks, after everything was read, that every record has a split.

        Raises:
            LabelError: one has none, or a name belongs to no record.
        """

    @property
    def named(self) -> Sequence[int]:
        """The splits that must have records."""


def given_splits(options: EncodeOptions, sources: Sequence[ClassSource]) -> GivenSplits | None:
    """Returns how the input gives the splits; None if records are split here.

    Raises:
        SettingError: it gives them in two ways, or in a way that can't be combined with another option.
        LabelError: some files have a split and one has none.
    """
    files = [source for source in sources if source.path is not None]
    by_file = [source for source in files if source.split is not None]
    ways = {f"--{SPLITS[source.split]}": source.path for source in by_file if source.split is not None}
    ways |= {"--split-column": options.split_column, "--split-file": options.split_file}
    used = [way for way, value in ways.items() if value]
    if not used:
        return None
    if by_file and used[-1].startswith("--split"):
        raise SettingError(used[-1][2:], ways[used[-1]], problem=f"can't be combined with {used[0]}")
    if options.split_by != "random":
        problem = f"can't be combined with {used[0]}, which gives the splits already"
        raise SettingError("encode.split_by", options.split_by, problem=problem)
    has_validation = any(source.split == VALIDATION for source in by_file)
    if has_validation and options.split != EncodeOptions().split:
        raise SettingError("encode.split", options.split, problem="can't be combined with --validation")
    for source in files:
        if by_file and source.split is None:
            problem = f"it has no split, but other files are given with {used[0]}"
            raise LabelError(str(source.path), problem, "give each file with --train, --validation or --test")
    if by_file:
        return _ByFile([source.split for source in by_file if source.split is not None])
    return _ByColumn(options.split_column) if options.split_column else _ByName(str(options.split_file))


class _ByFile:
    """The split of a record is that of its file."""

    def __init__(self, splits: Iterable[int]) -> None:
        self.named = sorted({TRAIN, *splits})

    def of_file(self, source: ClassSource, path: str) -> SplitsOfRecords:
        split = source.split or TRAIN
        return lambda batch: np.full(len(batch), split, dtype=np.uint8)

    def check_complete(self) -> None:
        """There is no record without a file."""


class _ByColumn:
    """The split of a record is in a column of its table."""

    named = (TRAIN,)

    def __init__(self, column: str) -> None:
        self._column = column

    def of_file(self, source: ClassSource, path: str) -> SplitsOfRecords:
        def find(batch: RecordBatch) -> NDArray[np.uint8]:
            if self._column not in batch.columns:
                remedy = "--split-column needs a table, GenBank, EMBL, UniProt or Stockholm; or use --split-file"
                raise LabelError(path, f"there is no column {self._column}", remedy)
            cells = batch.columns[self._column].text()
            found = np.fromiter((SPLIT_WORDS.get(cell.strip().lower(), 255) for cell in cells), np.uint8, len(batch))
            if len(wrong := np.flatnonzero(found == 255)):
                cell = cells[wrong[0]]
                problem = "is empty" if is_missing(cell) else f"has {quoted(cell)}, which is not a split"
                name = batch.names[int(wrong[0])].decode(errors="replace")
                raise LabelError(f"{path}: {named_record(name)}", f"column {self._column} {problem}", WRITE)
            return found

        return find

    def check_complete(self) -> None:
        """A record without a split is refused when it is read."""


class _ByName:
    """The split of a record is found by its name in a file."""

    named = (TRAIN,)

    def __init__(self, path: str) -> None:
        self._table = LabelFile(path, contradiction="has two splits")
        self._labeller = self._table.labeller()
        self._missing, self._records, self._example = 0, 0, ""

    def of_file(self, source: ClassSource, path: str) -> SplitsOfRecords:
        return self._find

    def _find(self, batch: RecordBatch) -> NDArray[np.uint8]:
        words = self._labeller.find(batch)
        found = np.fromiter((SPLIT_WORDS.get(word.lower(), 255) for word in words), np.uint8, len(batch))
        wrong = np.flatnonzero(found == 255)
        for index in wrong.tolist():
            name = batch.names[index].decode(errors="replace")
            if words[index]:
                problem = f"{quoted(words[index])} is not a split"
                raise LabelError(f"{self._table.path}: {named_record(name)}", problem, WRITE)
            self._example = self._example or name
        self._missing += len(wrong)
        self._records += len(batch)
        return np.where(found == 255, TRAIN, found).astype(np.uint8)

    def check_complete(self) -> None:
        if self._missing:
            problem = f"{self._missing:,} of {counted(self._records, 'records')} have no split; the first is "
            remedy = "add a line for each of them"
            raise LabelError(self._table.path, problem + named_record(self._example), remedy)
        self._table.check_all_used()


def alone(splits: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Returns the group codes (N,) int64 of records that are groups of their own, by their split (N,) uint8."""
    return -2 - splits.astype(np.int64)


def group_key(name: str, code: int) -> str:
    """Returns the key of a group, from its name and the code that its record would have as a group of its own."""
    return name if code == -1 else f"{-2 - code}\0{name}"


def splits_of(groups: NDArray[np.int64], keys: Iterable[str]) -> NDArray[np.uint8]:
    """Returns the splits (N,) uint8 of records by their group codes (N,) int64.

    Args:
        groups: codes, as `alone` and `group_key` make them.
        keys: the keys of the groups with codes of 0 and more.
    """
    of_key = np.array([int(key[0]) for key in keys], dtype=np.int64)
    single = groups < 0
    found = np.empty(len(groups), dtype=np.uint8)
    found[single] = -2 - groups[single]
    found[~single] = of_key[groups[~single]]
    return found


def divided_groups(keys: Iterable[str]) -> int:
    """Returns how many of the groups with these keys are in more than one of the given splits."""
    return sum(count > 1 for count in Counter(key[2:] for key in keys).values())


def with_validation(
    given: NDArray[np.uint8],
    labels: NDArray[np.int32],
    groups: NDArray[np.int64],
    fractions: Sequence[float],
    rng: np.random.Generator,
) -> tuple[NDArray[np.uint8], str]:
    """Returns the splits (N,) uint8, with a part of train as validation if none was given, and a line that says so.

    Args:
        given: (N,) uint8, the given splits.
        labels: (N,) int32, class of each record.
        groups: (N,) int64, group of each record.
        fractions: shares of train, validation and test that records would be split by; the proportion of the first two
            counts.
        rng: source of the random order.
    """
    if not takes_validation(given, fractions):
        return given, ""
    train, validation = fractions[TRAIN], fractions[VALIDATION]
    members = np.flatnonzero(given == TRAIN)
    shares = (train / (train + validation), validation / (train + validation), 0.0)
    split = given.copy()
    split[members] = split_records(labels[members], groups[members], shares, rng)
    if not (taken := int((split == VALIDATION).sum())):
        return split, "no validation split was given, and there are too few train records to take one from them"
    of = f"{taken:,} of {counted(len(members), 'train records')} ({taken / max(len(members), 1):.1%})"
    return split, f"no validation split was given: {of} were taken for it"


def takes_validation(given: NDArray[np.uint8], fractions: Sequence[float]) -> bool:
    """Returns whether a part of train becomes the validation split; see `with_validation`."""
    return bool(fractions[VALIDATION]) and not (given == VALIDATION).any()


def check_named(splits: NDArray[np.uint8], named: Iterable[int]) -> None:
    """Checks that splits have records.

    Raises:
        LabelError: one has none.
    """
    for split in named:
        if not (splits == split).any():
            remedy = "check the input and the options that select records"
            raise LabelError(f"{SPLITS[split]} split", "it has no records", remedy)
