"""Which class and which group a record belongs to.

A `Labeller` turns a record batch into one class name per record, a `Grouper` names and columns into one group name
per record.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from seqnet.configs.encoding import EncodeOptions
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
        FormatError: a line has not two columns, or a name has two labels.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.labels: dict[str, str] = {}
        for line, (name, label) in enumerate(_two_columns(path), 1):
            if self.labels.setdefault(name, label) != label:
                raise FormatError(f"{name} has two labels", "keep one of them", path=path, line=line)
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
    if options.group_by and not Path(options.group_by).is_file() and not _has_group(options.group_by):
        columns.append(options.group_by)
    return tuple(column for column in columns if column)


def grouper(group_by: str) -> Grouper:
    """Returns what finds the group of each record.

    Args:
        group_by: a file of clusters, an expression with a group, or the column of a table, told apart in this order.

    Raises:
        SettingError: the expression is not valid.
        FormatError: the file has not two columns.
    """
    if Path(group_by).is_file():
        clusters = {member: cluster for cluster, member in _two_columns(group_by)}
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


def _two_columns(path: str) -> Sequence[tuple[str, str]]:
    with Path(path).open(newline="") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    for line, row in enumerate(rows, 1):
        if len(row) != 2:
            raise FormatError(f"expected two tab-separated columns, found {len(row)}", path=path, line=line)
    return [(row[0], row[1]) for row in rows]
