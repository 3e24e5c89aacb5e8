"""pandas DataFrame → record batches, as a reader makes them of the table in a file.

Cells have the same meaning as in files (`readers/cells`): blanks around text are removed, and words such as `NA` mean a
missing value. Unlike a file, a frame has types: a sequence that is not text, and a column of labels that mixes text and
numbers, are refused.
"""

from __future__ import annotations

import numbers
import re
from collections import Counter
from collections.abc import Generator, Hashable, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np

from seqnet.core.errors import FormatError, LabelError, SettingError
from seqnet.core.printable import named_record, quoted, shortened
from seqnet.core.ragged import Ragged
from seqnet.core.records import RecordBatch
from seqnet.datasets.encoding.given_splits import SPLIT_WORDS, WRITE
from seqnet.datasets.encoding.labelling import Grouper
from seqnet.datasets.splits import SPLITS
from seqnet.readers import RecordReader
from seqnet.readers.cells import blanked, is_missing, missing_cells, trimmed

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FrameColumns", "FrameReader"]

_ROWS = 1 << 14
_GROUP = "\0group"
"""Key of the groups among the columns of a batch, which no column of the user's has."""
_HALF = re.compile("[\ud800-\udfff]")
_NAMED = 12
"""Maximum number of columns that an error lists."""


@dataclass(frozen=True)
class FrameColumns:
    """The columns of a frame.

    Attributes:
        sequence: the sequences.
        label: the classes.
        group: records to keep in one split; None where each record is a group of its own.
        split: the split of each record, in words; None where records are split by fractions.
        name: names of the records; None for the index, or for 1, 2, … where that only counts the rows.
    """

    sequence: str
    label: str
    group: str | None = None
    split: str | None = None
    name: str | None = None


class FrameReader(RecordReader):
    """The records of a frame, in order.

    Args:
        frame: the table.
        columns: names of its columns.
        place: what messages call the table.

    Attributes:
        grouper: finds group and split of the records; None without a column for either.

    Raises:
        SettingError: it is not a frame.
        FormatError: a column is missing, or two have its name; or a text has half of a surrogate pair.
        LabelError: the labels mix text and numbers, a split is not valid, or a group has records in two splits.
    """

    def __init__(self, frame: pd.DataFrame, columns: FrameColumns, place: str = "DataFrame") -> None:
        _check_frame(frame)
        self.path, self.format, self.skipped, self.region = place, "table", Counter(), None
        self.notes: list[str] = []
        for argument in ("sequence", "label", "group", "split", "name"):
            name = getattr(columns, argument)
            if name is None and argument in ("sequence", "label"):
                raise SettingError(argument, name, "the name of one column")
            if name is not None:
                _check_column(frame, argument, name, place)
        if columns.sequence == columns.label:
            raise SettingError("label", columns.label, problem="can't be the column of the sequences")
        self._frame, self._columns = frame, columns
        self._names = _names(frame, columns.name)
        self._check_characters()
        self._check_one_kind(columns.label)
        self._groups = self._keys() if columns.group or columns.split else None
        self.grouper = None if self._groups is None else self._grouper()

    @property
    def passed(self) -> int | None:
        """See `RecordReader.passed`."""
        return None

    def close(self) -> None:
        """See `RecordReader.close`."""

    def _batches(self) -> Generator[RecordBatch, None, None]:
        for start in range(0, len(self._frame), _ROWS):
            yield self._batch(slice(start, start + _ROWS))

    def _batch(self, rows: slice) -> RecordBatch:
        import pyarrow as pa

        def column(cells: Iterable[str]) -> Ragged:
            return trimmed(pa.array(list(cells), pa.large_string()))

        names = column(self._names[rows])
        symbols = column(self._sequences(rows))
        missing = missing_cells(symbols)
        symbols = symbols if missing is None else blanked(symbols, missing)
        columns = {self._columns.label: column(map(_text, self._frame[self._columns.label].iloc[rows]))}
        if self._groups is not None:
            columns[_GROUP] = Ragged.from_strings(self._groups[rows])
        return RecordBatch(names, symbols, names, columns, missing)

    def _sequences(self, rows: slice) -> Generator[str, None, None]:
        """Yields the sequences of some rows as text.

        Raises:
            FormatError: a cell is not text.
        """
        for row, cell in enumerate(self._frame[self._columns.sequence].iloc[rows], rows.start):
            if isinstance(cell, bytes):
                yield cell.decode("latin-1")
            elif isinstance(cell, str) or _is_none(cell):
                yield cell if isinstance(cell, str) else ""
            else:
                problem = f"column {self._columns.sequence} has {shortened(cell)}, which is not text"
                raise FormatError(problem, "write each sequence as text", path=self._place(row))

    def _check_characters(self) -> None:
        """Checks that all text can be written as UTF-8.

        Raises:
            FormatError: there is half of a surrogate pair, which is no character.
        """
        columns = self._columns
        used = (columns.sequence, columns.label, columns.group, columns.split)
        cells = {f"column {name}": self._frame[name] for name in used if name is not None}
        for what, texts in (cells | {"the name": self._names}).items():
            for row, cell in enumerate(texts):
                if isinstance(cell, str) and not cell.isascii() and _HALF.search(cell):
                    problem = f"{what} has {shortened(cell)}, with a character that is not valid Unicode"
                    raise FormatError(problem, "replace this character", path=self._place(row))

    def _check_one_kind(self, column: str) -> None:
        """Checks that the labels are all text, all truth values or all numbers.

        Raises:
            LabelError: they are mixed; 1 and "1" would become one class.
        """
        cells = self._frame[column]
        if cells.dtype.kind in "biuf":
            return
        first: dict[str, object] = {}
        for row, cell in enumerate(cells):
            if _is_none(cell):
                continue
            first.setdefault(_kind(cell), cell)
            if len(first) > 1:
                (kind, other), (own, value) = first.items()
                problem = f"column {column} has {kind} ({shortened(other)}) and {own} ({shortened(value)})"
                raise LabelError(self._place(row), problem, "write all labels in one type, such as text")

    def _place(self, row: int) -> str:
        """Returns what messages call a row, given from 0."""
        name = self._names[row]
        return f"{self.path}: row {row + 1:,}" + ("" if name == str(row + 1) else f": {named_record(name)}")

    def _keys(self) -> list[str]:
        """Returns a key for the group and split of each record; empty if a record has no group.

        Raises:
            LabelError: see the class.
        """
        group, split = self._columns.group, self._columns.split
        groups = [""] * len(self._frame)
        if group is not None:
            cells = (_text(cell).strip() for cell in self._frame[group])
            groups = ["" if is_missing(cell) else cell for cell in cells]
        if split is None:
            return groups
        written = [_text(cell).strip() for cell in self._frame[split]]
        splits = [SPLITS[SPLIT_WORDS[word.lower()]] if word.lower() in SPLIT_WORDS else word for word in written]
        of: dict[str, str] = {}
        for row, (name, where) in enumerate(zip(groups, splits, strict=True)):
            if where not in SPLITS:
                problem = "is empty" if is_missing(where) else f"has {quoted(where)}, which is not a split"
                raise LabelError(self._place(row), f"column {split} {problem}", WRITE)
            if name and of.setdefault(name, where) != where:
                problem = f"group {name} of column {group} has records in the splits {of[name]} and {where}"
                raise LabelError(self._place(row), problem, "put all records of a group into one split")
        # A record without a group is a group of its own.
        rows = zip(splits, groups, range(len(groups)), strict=True)
        return [f"{where}\0{'' if name else row}\0{name}" for where, name, row in rows]

    def _grouper(self) -> Grouper:
        def find(names: Ragged, columns: Any) -> list[str | None]:
            return [key or None for key in columns[_GROUP].text()]

        def split_of(key: str) -> int:
            return SPLITS.index(key.partition("\0")[0])

        given = self._columns.split is not None
        return Grouper(find, False, split_of if given else None, named=self._columns.group is not None)


def _check_frame(frame: object) -> None:
    """Checks that something is a frame.

    Raises:
        SettingError: it is not.
    """
    import pandas as pd

    if not isinstance(frame, pd.DataFrame):
        raise SettingError("frame", type(frame).__name__, "a pandas DataFrame")


def _check_column(frame: pd.DataFrame, argument: str, name: object, place: str) -> None:
    """Checks that a frame has exactly one column of the name in an argument.

    Raises:
        SettingError: the argument is not the name of a column.
        FormatError: it has none, or several.
    """
    if not isinstance(name, Hashable):
        raise SettingError(argument, name, "the name of one column")
    there = [column for column in frame.columns if column == name]
    if len(there) == 1:
        return
    known = [str(column) for column in frame.columns]
    found = "more than one column" if there else "no column"
    remedy = f"its columns are: {', '.join(known[:_NAMED])}" + (", …" if len(known) > _NAMED else "")
    if not there and (near := get_close_matches(str(name).lower(), [column.lower() for column in known])):
        remedy += f"; did you mean {' or '.join(column for column in known if column.lower() in near)}?"
    raise FormatError(f"{found} named {quoted(str(name))}", remedy, path=place)


def _names(frame: pd.DataFrame, column: str | None) -> Sequence[str]:
    """Returns the names of the records."""
    import pandas as pd

    if column is not None:
        return [_text(cell) for cell in frame[column]]
    if isinstance(frame.index, pd.RangeIndex):
        return [str(row) for row in range(1, len(frame) + 1)]
    return [_text(label) or str(row) for row, label in enumerate(frame.index, 1)]


def _kind(cell: object) -> str:
    if isinstance(cell, bool | np.bool_):
        return "a truth value"
    return "a number" if isinstance(cell, numbers.Number) else "text" if isinstance(cell, str) else "another type"


def _is_none(cell: Any) -> bool:
    """Returns whether a cell has no value: None, NaN, NaT or pandas' NA."""
    import pandas as pd

    found = pd.isna(cell)
    return bool(found) if isinstance(found, bool | np.bool_) else False


def _text(cell: Any) -> str:
    """Returns a cell as text; a whole number is written as one, since missing values turn 1 into 1.0."""
    if isinstance(cell, str):
        return cell
    if _is_none(cell):
        return ""
    if isinstance(cell, float | np.floating) and float(cell).is_integer():
        return str(int(cell))
    return str(cell)
