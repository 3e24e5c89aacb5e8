"""Which class and which group a record belongs to.

A `Labeller` turns a record batch into one class name per record, a `Grouper` names and columns into one group name
per record.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from seqnet.configs.encoding import EncodeOptions
from seqnet.encoding.clstr import read_clstr
from seqnet.errors import FormatError, LabelError, SettingError
from seqnet.records import Ragged, RecordBatch

__all__ = ["Grouper", "LabelFile", "Labeller", "grouper", "label_by_column", "label_by_regex", "table_columns"]

Labeller = Callable[[RecordBatch], list[str]]


@dataclass(frozen=True)
class Grouper:
    """Finds groups.

    Attributes:
        find: (names, columns) → one group name per record, None for a record that is a group of its own.
        by_window: whether the names of windows, not of the records that they were cut from, tell the group.
    """

    find: Callable[[Ragged, Mapping[str, Ragged]], list[str | None]]
    by_window: bool


def label_by_regex(expression: str, path: str) -> Labeller:
    """Returns the labeller that finds the class in the header of each record of `path`.

    Raises:
        SettingError: the expression is not valid or has no group.
    """
    search = _compile("label-regex", expression).search

    def label(batch: RecordBatch) -> list[str]:
        found = [search(header) for header in batch.headers.text()]
        for index, match in enumerate(found):
            if match is None or not match[1]:
                name = batch.names[index].decode(errors="replace")
                raise LabelError(
                    f"{path}: record {name}", f"the header has nothing that {expression} finds", "correct --label-regex"
                )
        return [match[1] for match in found if match]

    return label


def label_by_column(column: str, path: str) -> Labeller:
    """Returns the labeller that takes the class from a column of the table in `path`."""

    def label(batch: RecordBatch) -> list[str]:
        if column not in batch.columns:
            raise LabelError(path, f"there is no column {column}", "--label-column is for tables")
        labels = batch.columns[column].text()
        if "" in labels:
            name = batch.names[labels.index("")].decode(errors="replace")
            raise LabelError(f"{path}: record {name}", f"column {column} is empty", "fill it in or remove the record")
        return labels

    return label


class LabelFile:
    """Labels by record name from a file of two tab-separated columns.

    Args:
        path: the file.

    Raises:
        FormatError: it is not text, a line has not two columns, or a name has two labels.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.labels = _two_columns(path, key=0, contradiction="has two labels")
        self._unseen = set(self.labels)

    def label(self, batch: RecordBatch) -> list[str]:
        """Returns the class of each record.

        Raises:
            LabelError: a record is not in the file.
        """
        names = batch.names.text()
        for name in names:
            if name not in self.labels:
                raise LabelError(self.path, f"record {name} has no label", "add it, or leave the record out")
        self._unseen.difference_update(names)
        return [self.labels[name] for name in names]

    def check_all_used(self) -> None:
        """Checks that every name in the file was met.

        Raises:
            LabelError: a name belongs to no record.
        """
        if self._unseen:
            first = min(self._unseen)
            raise LabelError(
                self.path, f"{len(self._unseen):,} labels are of unknown ids, the first {first}", "correct the ids"
            )


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
        clusters = read_clstr(group_by) or _two_columns(group_by, key=1, contradiction="is in two clusters")
        return Grouper(lambda names, _: [clusters.get(name) for name in names.text()], by_window=False)
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
            "an expression with a group in parentheses, a column of the table, or a file of clusters",
        )
    return [group or None for group in columns[column].text()]


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
        raise SettingError(name, expression, "an expression with a group in parentheses")
    return pattern


def _two_columns(path: str, *, key: int, contradiction: str) -> dict[str, str]:
    """Returns one column of a file of two tab-separated columns by the other.

    Args:
        path: the file; blank lines are passed over.
        key: column, 0 or 1, of the names.
        contradiction: what is wrong with a name that has two values.

    Raises:
        FormatError: it is not text, a line has not two columns, or a name has two values.
    """
    found: dict[str, str] = {}
    try:
        with open(path, encoding="utf-8-sig") as file:
            for line, text in enumerate(file, 1):
                columns = text.rstrip("\n").split("\t")
                if columns == [""]:
                    continue
                if len(columns) != 2 or "" in columns:
                    filled = sum(map(bool, columns))
                    raise FormatError(f"expected two tab-separated columns, found {filled}", path=path, line=line)
                name, value = columns[key], columns[1 - key]
                if found.setdefault(name, value) != value:
                    raise FormatError(f"{name} {contradiction}", "keep one of them", path=path, line=line)
    except UnicodeDecodeError:
        raise FormatError("this is not text in UTF-8", "give two tab-separated columns", path=path) from None
    return found
