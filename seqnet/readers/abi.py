"""ABI traces (.ab1) of Sanger sequencing to record batches: the called bases, not trimmed.

A trace without base calls, as from fragment analysis, is a record whose sequence is missing.

Source: Applied Biosystems, Genetic Analysis Data File Format, 2009.
"""

from __future__ import annotations

import io
import os
import struct
from collections import Counter
from collections.abc import Generator, Iterator
from typing import Any

from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import FormatError, TruncatedError
from seqnet.core.records import RecordBatch
from seqnet.readers.biopython import annotations_of, first_record, name_of, parsed
from seqnet.readers.formats import RecordFormat
from seqnet.readers.inputs import Input
from seqnet.readers.single_records import SingleRecord, batched

__all__ = ["FORMAT"]

_MARK = b"ABIF"
_LARGEST = 1 << 28
"""Maximum bytes of a trace; most have a few hundred thousand."""
_DIRECTORY, _DIRECTORY_AT = struct.Struct(">H3I"), 16
"""Bytes of an entry of the directory, number of entries, bytes of all, and where they start; and where that is said."""
_ENTRY_BYTES = 28
_CALLS = ("PBAS1", "PBAS2")


def _recognises(head: bytes) -> bool:
    return head.startswith(_MARK)


def _read(source: Input, options: ReadOptions, skipped: Counter[str]) -> Generator[RecordBatch, None, None]:
    return batched(_records(source), options, annotated=True)


def _records(source: Input) -> Iterator[SingleRecord]:
    content = source.text().read(_LARGEST)
    if len(content) == _LARGEST:
        raise FormatError(f"the ABI trace has more than {_LARGEST - 1:,} bytes", "get the file again")
    _check_directory(content)
    record, _ = parsed(lambda: first_record(io.BytesIO(content), "abi"), "ABI trace")
    raw: Any = record.annotations.get("abif_raw") if record else None
    if record is None or not raw:
        raise FormatError("this is not a valid ABI trace (it has no entries)", "get the file again")
    called = any(name in raw for name in _CALLS)
    # Without a sample name, the file name is used.
    name = record.id if record.id and record.id != "<unknown id>" else os.path.basename(source.path)
    yield SingleRecord(name or name_of(record), bytes(record.seq or b""), None, annotations_of(record), not called)


def _check_directory(content: bytes) -> None:
    """Checks that the directory is within the file, because Biopython believes any number of entries.

    Raises:
        TruncatedError: it is not.
    """
    if len(content) < _DIRECTORY_AT + _DIRECTORY.size:
        return  # Biopython says what is wrong
    entry_bytes, entries, _, start = _DIRECTORY.unpack_from(content, _DIRECTORY_AT)
    if entries and (entry_bytes < _ENTRY_BYTES or start + entries * entry_bytes > len(content)):
        raise TruncatedError("the directory of the ABI trace is damaged or beyond the end", "get the file again")


FORMAT = RecordFormat(_recognises, _read)
