"""Which class and which group a record belongs to.

A `Labeller` turns a record batch into one label per record, a `Grouper` names and columns into one group name
per record.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from seqnet.configs.encoding import EncodeOptions
from seqnet.core.errors import FormatError, LabelError, SettingError
from seqnet.core.printable import counted, named_record, quoted
from seqnet.core.records import Ragged, RecordBatch
from seqnet.datasets.encoding.clstr import read_clstr
from seqnet.datasets.encoding.two_column_files import read_two_columns
from seqnet.readers.cells import is_missing

__all__ = ["Grouper", "LabelFile", "Labeller", "grouper", "label_by_column", "label_by_regex", "table_columns"]


@dataclass(frozen=True)
class Grouper:
    """Finds groups.

    Attributes:
        find: (names, columns) → one group name per record, None for a record that is a group of its own.
        by_window: whether the names of windows, not of the records that they were cut from, tell the group.
        split_of: group name → split, an index into `SPLITS`, where the input says the split; then each record has a
            group. None where records are split here.
        named: whether the user has named the groups; False where each record of a split that was given is one.
    """

    find: Callable[[Ragged, Mapping[str, Ragged]], list[str | None]]
    by_window: bool
    split_of: Callable[[str], int] | None = None
    named: bool = True


@dataclass(frozen=True)
class Labeller:
    """Finds the label of each record of a file.

    Attributes:
        find: batch → labels as they are written, one for each record; empty where there is none.
        place: what errors name: the file that the labels come from.
        origin: what in that file the labels are, such as "column label".
        absent: what is wrong with a record without a label.
        remedy: what to do about that.
    """

    find: Callable[[RecordBatch], list[str]]
    place: str
    origin: str
    absent: str
    remedy: str

    def missing(self, batch: RecordBatch, index: int) -> LabelError:
        """Returns the error for the record at `index`, which has no label."""
        name = batch.names[index].decode(errors="replace")
        written = self.find(batch)[index].strip()
        problem = f"{self.origin} has {quoted(written)}, which counts as a missing label" if written else self.absent
        remedy = f"{self.remedy}, or leave such records out with --missing-labels skip"
        return LabelError(f"{self.place}: {named_record(name)}", problem, remedy)


def label_by_regex(expression: str, path: str) -> Labeller:
    """Returns the labeller that finds the class in the header of each record of `path`.

    Raises:
        SettingError: the expression is not valid or has no group.
    """
    search = _compile("label-regex", expression).search

    def find(batch: RecordBatch) -> list[str]:
        found = [search(header) for header in batch.headers.text()]
        return [(match[1] or "") if match else "" for match in found]

    absent = f"the header has nothing that {expression} finds"
    return Labeller(find, path, "the header", absent, "correct --label-regex")


def label_by_column(column: str, path: str) -> Labeller:
    """Returns the labeller that takes the class from a column of the table in `path`."""

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
    """Labels by record name from a file of two tab-separated columns.

    Args:
        path: the file.

    Attributes:
        header: the first line, once `check_all_used` has found that it names the columns; None where it does not.

    Raises:
        FormatError: it is not text, a line has not two columns, or a name has two labels.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.header: str | None = None
        self.labels = _by_name(path, key=0, contradiction="has two labels")
        self._unseen = set(self.labels)

    def labeller(self) -> Labeller:
        """Returns the labeller that looks records up in the file."""
        return Labeller(self._find, self.path, "column 2", "it has no label", "add one")

    def _find(self, batch: RecordBatch) -> list[str]:
        names = [_entry(self.labels, name) for name in batch.names.text()]
        self._unseen.difference_update(names)
        return [self.labels.get(name, "") for name in names]

    def check_all_used(self) -> None:
        """Checks that every name in the file was met, but for a first line that names the columns.

        Such a line is told by its name, which no record has, and by its label, which no other name has.

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
    """Returns the columns of tables that labels and groups are taken from."""
    columns = [options.label_column]
    if options.group_by and not os.path.isfile(options.group_by) and not _has_group(options.group_by):
        columns.append(options.group_by)
    return tuple(column for column in columns if column)


def grouper(group_by: str) -> Grouper:
    """Returns what finds the group of each record.

    Args:
        group_by: a file of clusters, an expression with a group, or the column of a table, told apart in this order.

    Raises:
        SettingError: the expression is not valid.
        FormatError: the file is no table of two columns and no .clstr, or a member is in two clusters.
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
    """Returns the name under which a table by name has a record: its own, or that of a mate without /1 or /2."""
    return name if name in table or not name.endswith(("/1", "/2")) else name[:-2]


def _group(written: str) -> str | None:
    """Returns the group in a cell, None where it says that there is none."""
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
    """Returns one column of a file of two tab-separated columns by the other.

    Args:
        path: the file; blank lines are passed over.
        key: column, 0 or 1, of the names.
        contradiction: what is wrong with a name that has two values.

    Raises:
        FormatError: it is not text, a line has not two columns, or a name is empty or has two values.
        EmptyInputError: there is nothing in it.
    """
    found: dict[str, str] = {}
    for line, *cells in read_two_columns(path):
        name, value = cells[key], cells[1 - key]
        if not name:
            raise FormatError(f"column {key + 1}, the record name, is empty", "fill it in", path=path, line=line)
        if found.setdefault(name, value) != value:
            raise FormatError(f"{name} {contradiction}", "keep one of them", path=path, line=line)
    return found
