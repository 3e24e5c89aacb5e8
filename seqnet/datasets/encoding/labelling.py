"""Class and group of each record.

A `Labeller` returns one label for each record of a batch. A `Grouper` returns one group name for each record from names
and columns.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from seqnet.configs.encoding import EncodeOptions
from seqnet.core.errors import FormatError, LabelError, SettingError
from seqnet.core.printable import counted, named_record, quoted
from seqnet.core.ragged import Ragged
from seqnet.core.records import RecordBatch
from seqnet.datasets.encoding.clstr import read_clstr
from seqnet.datasets.encoding.two_column_files import read_two_columns
from seqnet.readers.cells import is_missing

__all__ = ["Grouper", "LabelFile", "Labeller", "grouper", "label_by_column", "label_by_regex", "table_columns"]


@dataclass(frozen=True)
class Grouper:
    """Finds the group of each record.

    Attributes:
        find: (names, columns) → one group name per record; None for a record that forms its own group.
        by_window: whether the group is found by the name of the window and not of the record that it was cut from.
        split_of: group name → split, an index into `SPLITS`, if the input gives the split; then each record has a
            group. None if records are split here.
        named: whether the user has named the groups; False if each record of a given split is a group.
    """

    find: Callable[[Ragged, Mapping[str, Ragged]], list[str | None]]
    by_window: bool
    split_of: Callable[[str], int] | None = None
    named: bool = True


@dataclass(frozen=True)
class Labeller:
    """Finds the label of each record of a file.

    Attributes:
        find: batch → one label per record, as written in the file; empty for a missing label.
        place: file of the labels, for error messages.
        origin: where in this file the labels are, such as "column label".
        absent: message for a record without a label.
        remedy: advice for a record without a label.
    """

    find: Callable[[RecordBatch], list[str]]
    place: str
    origin: str
    absent: str
    remedy: str

    def missing(self, batch: RecordBatch, index: int) -> LabelError:
        """Returns the error for a record without a label, at `index` of the batch."""
        name = batch.names[index].decode(errors="replace")
        written = self.find(batch)[index].strip()
        problem = f"{self.origin} has {quoted(written)}, which counts as a missing label" if written else self.absent
        remedy = f"{self.remedy}, or leave such records out with --missing-labels skip"
        return LabelError(f"{self.place}: {named_record(name)}", problem, remedy)


def label_by_regex(expression: str, path: str) -> Labeller:
    """Returns a labeller that finds the class in the header of each record of `path`.

    Raises:
        SettingError: the expression is not valid or has no group in parentheses.
    """
    search = _compile("label-regex", expression).search

    def find(batch: RecordBatch) -> list[str]:
        found = [search(header) for header in batch.headers.text()]
        return [(match[1] or "") if match else "" for match in found]

    absent = f"the header does not match {expression}"
    return Labeller(find, path, "the header", absent, "correct --label-regex")


def label_by_column(column: str, path: str) -> Labeller:
    """Returns a labeller that reads the class from a column of the table in `path`."""

    def find(batch: RecordBatch) -> list[str]:
        if column not in batch.columns:
            raise LabelError(
                path,
                f"there is no column {column}",
                "--label-column needs a table, GenBank, EMBL, UniProt, Stockholm or ABI",
            )
        return batch.columns[column].text()

    return Labeller(find, path, f"column {column}", f"column {column} is empty", "fill it in")


class LabelFile:
    """Labels by record name, from a file with two tab-separated columns.

    Args:
        path: the file.
        contradiction: message for a name with two labels.

    Attributes:
        header: the first line if `check_all_used` has found that it names the columns; otherwise None.

    Raises:
        FormatError: the file is not text, a line does not have two columns, or a name has two labels.
    """

    def __init__(self, path: str, contradiction: str = "has two labels") -> None:
        self.path = path
        self.header: str | None = None
        self.labels = _by_name(path, key=0, contradiction=contradiction)
        self._unseen = set(self.labels)

    def labeller(self) -> Labeller:
        """Returns a labeller that looks up records in the file."""
        return Labeller(self._find, self.path, "column 2", "it has no label", "add one")

    def _find(self, batch: RecordBatch) -> list[str]:
        names = [_entry(self.labels, name) for name in batch.names.text()]
        self._unseen.difference_update(names)
        return [self.labels.get(name, "") for name in names]

    def check_all_used(self) -> None:
        """Checks that every name in the file belongs to a record, except for a first line with column names.

        The first line has column names if no record has its name and no other line has its label.

        Raises:
            LabelError: a name belongs to no record.
        """
        first = next(iter(self.labels), "")
        if first in self._unseen and list(self.labels.values()).count(self.labels[first]) == 1:
            self.header = f"{first}, {self.labels[first]}"
            self._unseen.remove(first)
        if self._unseen:
            count, example = len(self._unseen), min(self._unseen)
            problem = f"no record has the name {example}" + (
                f", nor {counted(count - 1, 'other names')}" if count > 1 else ""
            )
            raise LabelError(self.path, problem, "correct the names, or remove these lines")


def table_columns(options: EncodeOptions) -> tuple[str, ...]:
    """Returns the columns of tables from which labels, splits and groups are read."""
    columns = [options.label_column, options.split_column]
    if options.group_by and not os.path.isfile(options.group_by) and not _has_group(options.group_by):
        columns.append(options.group_by)
    return tuple(column for column in columns if column)


def grouper(group_by: str) -> Grouper:
    """Returns a grouper for the option `--group-by`.

    Args:
        group_by: an existing file of clusters, else an expression with a group in parentheses, else a column name.

    Raises:
        SettingError: the expression is not valid.
        FormatError: the file is neither a table with two columns nor a .clstr file, or a member is in two clusters.
    """
    if os.path.isfile(group_by):
        clusters = read_clstr(group_by) or _by_name(group_by, key=1, contradiction="is in two clusters")
        return Grouper(
            lambda names, _: [_group(clusters.get(_entry(clusters, name), "")) for name in names.text()],
            by_window=False,
        )
    if _has_group(group_by):
        search = _compile("group-by", group_by).search
        return Grouper(
            lambda names, _: [match[1] if (match := search(name)) else None for name in names.text()], by_window=True
        )
    return Grouper(lambda _, columns: _column_groups(group_by, columns), by_window=False)


def _column_groups(column: str, columns: Mapping[str, Ragged]) -> list[str | None]:
    if column not in columns:
        raise SettingError(
            "group-by",
            column,
            "a regular expression with (…), a column of the table, or an existing file of clusters",
        )
    return [_group(group) for group in columns[column].text()]


def _entry(table: Mapping[str, str], name: str) -> str:
    """Returns the name of a record in a table: its own, or the name without /1 or /2 if only that is in the table."""
    return name if name in table or not name.endswith(("/1", "/2")) else name[:-2]


def _group(written: str) -> str | None:
    """Returns the group in a cell; None if the cell is empty or means a missing value."""
    return None if is_missing(written) else written


def _has_group(expression: str) -> bool:
    try:
        return re.compile(expression).groups > 0
    except re.error:
        return "(" in expression


def _compile(name: str, expression: str) -> re.Pattern[str]:
    try:
        pattern = re.compile(expression)
    except re.error as error:
        raise SettingError(name, expression, f"a valid regular expression ({error})") from None
    if pattern.groups < 1:
        problem = f"{quoted(expression)} needs a group in parentheses, such as class=(\\S+)"
        raise SettingError(name, expression, problem=problem)
    return pattern


def _by_name(path: str, *, key: int, contradiction: str) -> dict[str, str]:
    """Returns a dictionary from one column to the other of a file with two tab-separated columns.

    Args:
        path: the file; blank lines are ignored.
        key: column of the keys, 0 or 1.
        contradiction: message for a name with two values.

    Raises:
        FormatError: the file is not text, a line does not have two columns, or a name is empty or has two values.
        EmptyInputError: the file is empty.
    """
    found: dict[str, str] = {}
    for line, *cells in read_two_columns(path):
        name, value = cells[key], cells[1 - key]
        if not name:
            raise FormatError(f"column {key + 1}, the record name, is empty", "fill it in", path=path, line=line)
        if found.setdefault(name, value) != value:
            raise FormatError(f"{name} {contradiction}", "keep one of them", path=path, line=line)
    return found
