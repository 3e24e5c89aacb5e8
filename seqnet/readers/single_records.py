"""Single records to record batches, for formats whose parsers return an object for each record.

Annotations of a record are used like the columns of a table: `--label-column`, `--name-column` and `--group-by` find
them by name.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

import numpy as np

from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import FormatError
from seqnet.core.printable import listed, quoted
from seqnet.core.ragged import Ragged
from seqnet.core.records import RecordBatch

__all__ = ["SingleRecord", "batched", "wants_annotations"]

_NAMED = 20
"""Maximum number of annotations that an error lists."""
_MOST_NAMES = 1000
_ALIKE = 0.8
"""Minimum similarity of an unknown name to a known one for treating it as a typing mistake and not as a rare name."""


@dataclass(frozen=True, slots=True)
class SingleRecord:
    """One record.

    Attributes:
        name: name of the record.
        symbols: its sequence.
        header: text of a header line; None if it equals the name.
        annotations: annotation name → text; may be empty if `wants_annotations` is false.
        missing: whether the file says that there is no sequence.
    """

    name: str
    symbols: bytes
    header: str | None = None
    annotations: Mapping[str, str] = field(default_factory=dict)
    missing: bool = False


def wants_annotations(options: ReadOptions) -> bool:
    """Returns whether the options refer to annotations of records."""
    return bool(options.columns or options.name_column)


def batched(
    records: Iterable[SingleRecord], options: ReadOptions, *, annotated: bool = False
) -> Generator[RecordBatch, None, None]:
    """Yields records in batches of `options.batch_bytes`.

    Args:
        records: the records, in file order.
        options: options of the reader.
        annotated: whether the format has annotations, which become columns of the batches if the options refer to them.

    Raises:
        FormatError: a record does not have the annotation for names, or no record has a wanted annotation.
    """
    columns = _Columns(options) if annotated and wants_annotations(options) else None
    held: list[SingleRecord] = []
    size = 0
    for record in records:
        held.append(columns.add(record) if columns else record)
        size += len(record.symbols) + len(record.name)
        if size >= options.batch_bytes:
            if columns:
                columns.check_typing()
            yield _batch(held, options.columns if columns else ())
            held, size = [], 0
    if columns:
        columns.check_found()
    if held:
        yield _batch(held, options.columns if columns else ())


def _batch(records: list[SingleRecord], columns: tuple[str, ...]) -> RecordBatch:
    names = Ragged.from_strings([record.name for record in records])
    named = all(record.header is None for record in records)
    headers = names if named else Ragged.from_strings([record.header or record.name for record in records])
    missing = np.fromiter((record.missing for record in records), bool, len(records))
    return RecordBatch(
        names,
        Ragged.from_strings([record.symbols for record in records]),
        headers,
        {name: Ragged.from_strings([record.annotations.get(name, "") for record in records]) for name in columns},
        missing if missing.any() else None,
    )


class _Columns:
    """The annotations of all records so far.

    Args:
        options: options with the wanted annotations.
    """

    def __init__(self, options: ReadOptions) -> None:
        self._name = options.name_column
        self._wanted = set(options.columns)
        self._known: dict[str, None] = {}
        self._count = 0

    def add(self, record: SingleRecord) -> SingleRecord:
        """Returns a record with the wanted name, and stores which annotations it has."""
        self._count += 1
        self._wanted.difference_update(record.annotations)
        if len(self._known) < _MOST_NAMES:
            self._known.update(dict.fromkeys(record.annotations))
        if self._name is None:
            return record
        name = record.annotations.get(self._name, "")
        if not name:
            problem = f"it has no {quoted(self._name)} to use as its name"
            raise FormatError(problem, f"choose another --name-column: {self._described()}", record=record.name)
        return SingleRecord(name, record.symbols, record.header, record.annotations, record.missing)

    def check_typing(self) -> None:
        """Checks after a batch that a wanted name, if no record has it, is not similar to an existing one."""
        for name in sorted(self._wanted):
            if near := get_close_matches(name, self._known, cutoff=_ALIKE):
                problem = f"no record so far has {quoted(name)}"
                raise FormatError(problem, f"did you mean {' or '.join(near)}? There are: {self._described()}")

    def check_found(self) -> None:
        """Checks after the last record that the wanted annotations were found."""
        self.check_typing()
        for name in sorted(self._wanted if self._count else ()):
            raise FormatError(f"no record has {quoted(name)}", f"its records have: {self._described()}")

    def _described(self) -> str:
        return listed(list(self._known), _NAMED)
