"""Records that come one by one to record batches, for formats whose parsers make an object of each record.

What a record is annotated with takes the part of a table's columns: `--label-column`, `--name-column` and `--group-by`
find it by name.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

import numpy as np

from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import FormatError
from seqnet.core.printable import quoted
from seqnet.core.records import Ragged, RecordBatch

__all__ = ["SingleRecord", "batched", "wants_annotations"]

_NAMED = 20
"""Annotations that an error lists."""
_MOST_NAMES = 1000
_ALIKE = 0.8
"""Likeness from which on a name that no record has is taken for a mistake in typing, and not for one that is rare."""


@dataclass(frozen=True, slots=True)
class SingleRecord:
    """One record.

    Attributes:
        name: its name.
        symbols: its sequence.
        header: all that a header line would say; None where that is the name.
        annotations: what is known of it by name; may be empty where `wants_annotations` is false.
        missing: whether the file says that there is no sequence.
    """

    name: str
    symbols: bytes
    header: str | None = None
    annotations: Mapping[str, str] = field(default_factory=dict)
    missing: bool = False


def wants_annotations(options: ReadOptions) -> bool:
    """Returns whether the options ask for anything that records are annotated with."""
    return bool(options.columns or options.name_column)


def batched(
    records: Iterable[SingleRecord], options: ReadOptions, *, annotated: bool = False
) -> Generator[RecordBatch, None, None]:
    """Yields records in batches of `options.batch_bytes`.

    Args:
        records: the records, in file order.
        options: how to read.
        annotated: whether the format has annotations, which are columns of the batches where they are asked for.

    Raises:
        FormatError: a record has no annotation of the name that names are taken from, or none has one that is wanted.
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
    """Which annotations the records so far have.

    Args:
        options: what is asked for.
    """

    def __init__(self, options: ReadOptions) -> None:
        self._name = options.name_column
        self._wanted = set(options.columns)
        self._known: dict[str, None] = {}
        self._count = 0

    def add(self, record: SingleRecord) -> SingleRecord:
        """Returns a record under the name that is asked for, and keeps in mind what it has."""
        self._count += 1
        self._wanted.difference_update(record.annotations)
        if len(self._known) < _MOST_NAMES:
            self._known.update(dict.fromkeys(record.annotations))
        if self._name is None:
            return record
        name = record.annotations.get(self._name, "")
        if not name:
            problem = f"nothing named {quoted(self._name)} to take its name from"
            raise FormatError(problem, f"choose another --name-column: {self._said()}", record=record.name)
        return SingleRecord(name, record.symbols, record.header, record.annotations, record.missing)

    def check_typing(self) -> None:
        """Checks after a batch that what is wanted, and no record has had, is not like something that they have."""
        for name in sorted(self._wanted):
            if near := get_close_matches(name, self._known, cutoff=_ALIKE):
                problem = f"no record so far has {quoted(name)}"
                raise FormatError(problem, f"did you mean {' or '.join(near)}? There are: {self._said()}")

    def check_found(self) -> None:
        """Checks after the last record that there was what is wanted."""
        self.check_typing()
        for name in sorted(self._wanted if self._count else ()):
            raise FormatError(f"no record has {quoted(name)}", f"its records have: {self._said()}")

    def _said(self) -> str:
        more = len(self._known) - _NAMED
        return ", ".join(list(self._known)[:_NAMED]) + (f" and {more:,} more" if more > 0 else "")
