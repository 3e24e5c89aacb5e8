"""UniProt XML to record batches; Biopython parses entry by entry.

Source: https://www.uniprot.org/docs/uniprot.xsd
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, BinaryIO
from xml.etree.ElementTree import ParseError

from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import FormatError, TruncatedError
from seqnet.core.printable import counted
from seqnet.core.records import RecordBatch
from seqnet.readers.biopython import annotations_of, first_record, name_of, parsed, symbols_of, warning_lines
from seqnet.readers.formats import RecordFormat
from seqnet.readers.inputs import Input
from seqnet.readers.single_records import SingleRecord, batched, wants_annotations

if TYPE_CHECKING:
    from Bio.SeqRecord import SeqRecord

__all__ = ["FORMAT"]

_ROOT = re.compile(rb"<uniprot[\s>]")
_ENTRY = re.compile(rb"<entry[\s>]")
_ENTRY_END, _ROOT_END = b"</entry>", b"</uniprot>"
_CHUNK = 1 << 18
_LONGEST_ENTRY = 1 << 28
"""Maximum bytes of an entry; the longest in UniProt have a few megabytes."""
_NAME = "UniProt XML"
_LENGTH = re.compile(rb'<sequence[^>]*\slength="(\d+)"')


def _recognises(head: bytes) -> bool:
    return head.lstrip().startswith(b"<") and _ROOT.search(head) is not None


def _read(source: Input, options: ReadOptions, skipped: Counter[str]) -> Generator[RecordBatch, None, None]:
    return batched(_records(source, options), options, annotated=True)


def _records(source: Input, options: ReadOptions) -> Generator[SingleRecord, None, None]:
    if b"<!DOCTYPE" in source.head or b"<!ENTITY" in source.head:
        raise FormatError(f"{_NAME} has no DOCTYPE, and this file has one", "take it out")
    warned: Counter[str] = Counter()
    for line, text in _entries(*source.first_line()):
        record = _parse(text, line, warned)
        symbols = symbols_of(record)
        annotations = annotations_of(record) if wants_annotations(options) else {}
        header = " ".join(f"{name_of(record)} {record.description}".split())
        yield SingleRecord(name_of(record), symbols or b"", header, annotations, missing=symbols is None)
    source.notes.extend(warning_lines(warned))


def _entries(stream: BinaryIO, line: int) -> Iterator[tuple[int, bytes]]:
    """Yields the 1-based line and the text of each entry, as a separate document.

    Raises:
        TruncatedError: the document ends too early.
        FormatError: there is other content between two entries, or an entry is too long.
    """
    held, root, searched = b"", b"", 0
    while chunk := stream.read(_CHUNK):
        held += chunk
        while (end := held.find(_ENTRY_END, searched)) >= 0:
            stop, searched = end + len(_ENTRY_END), 0
            begin = _ENTRY.search(held, 0, end)
            if begin is None or (root and held[: begin.start()].strip()):
                raise FormatError(f"this is not valid {_NAME} (text between two entries)", "get it again", line=line)
            root = root or held[: begin.start()].replace(b"\n", b" ")  # so that lines are counted from the entry
            yield line + held.count(b"\n", 0, begin.start()), root + held[begin.start() : stop] + _ROOT_END
            line += held.count(b"\n", 0, stop)
            held = held[stop:]
        searched = max(0, len(held) - len(_ENTRY_END))
        if len(held) > _LONGEST_ENTRY:
            raise FormatError(f"an entry is longer than {_LONGEST_ENTRY:,} bytes", "get the file again", line=line)
    if _ENTRY.search(held) or _ROOT_END not in held:
        raise TruncatedError(f"the file ends before its {_ROOT_END.decode()}", "get the file again", line=line)


def _parse(text: bytes, line: int, warned: Counter[str]) -> SeqRecord:
    try:
        record, warnings = parsed(lambda: first_record(io.BytesIO(text), "uniprot-xml"), _NAME, lambda: line)
    except FormatError as error:
        if not isinstance(error.__cause__, ParseError):
            raise
        reason, at = str(error.__cause__).partition(":")[0], line + error.__cause__.position[0] - 1
        raise FormatError(f"this is not valid {_NAME} ({reason})", "correct it, or get it again", line=at) from error
    if record is None:
        raise FormatError(f"this is not valid {_NAME} (an entry in another namespace)", "get it again", line=line)
    declared = _LENGTH.search(text)
    if declared and int(declared[1]) != len(record.seq or ""):
        found = counted(len(record.seq or ""), "symbols")
        problem = f"its sequence has {found}, and the entry says {int(declared[1]):,}"
        raise FormatError(problem, "correct it, or get the file again", line=line, record=name_of(record))
    warned.update(warnings)
    return record


FORMAT = RecordFormat(_recognises, _read)
