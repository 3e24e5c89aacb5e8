"""Stockholm alignments, for example of Pfam and Rfam, to record batches, one alignment at a time.

A sequence may be in several blocks. Annotation of a sequence (`#=GS NAME OS …`) has the name `GS:OS`. Annotation of an
alignment (`#=GF ID …`), such as the family, has the name `GF:ID`. Markup of columns and residues is ignored.

Source: https://sonnhammer.sbc.su.se/Stockholm.html
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Generator, Iterator

from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import FormatError, TruncatedError
from seqnet.core.records import RecordBatch
from seqnet.readers.aligned_rows import AlignedRows
from seqnet.readers.formats import RecordFormat
from seqnet.readers.inputs import Input
from seqnet.readers.single_records import SingleRecord, batched
from seqnet.readers.text_lines import TextLines

__all__ = ["FORMAT"]

_HEADER = re.compile(r"# STOCKHOLM 1\.\d+\s*")
_FEATURE_WORDS = {"#=GF": 3, "#=GS": 4}
"""Number of words in an annotation line; the last one is free text."""


def _recognises(head: bytes) -> bool:
    return head.lstrip().startswith(b"# STOCKHOLM 1.")


def _read(source: Input, options: ReadOptions, skipped: Counter[str]) -> Generator[RecordBatch, None, None]:
    return batched(_records(TextLines(*source.first_line())), options, annotated=True)


def _records(lines: TextLines) -> Iterator[SingleRecord]:
    while (header := lines.next_filled()) is not None:
        if not _HEADER.fullmatch(header):
            problem = "an alignment begins with '# STOCKHOLM 1.0', and this line does not"
            raise FormatError(problem, "correct it, or get the file again", line=lines.number)
        yield from _alignment(lines)


def _alignment(lines: TextLines) -> Iterator[SingleRecord]:
    """Yields the sequences of an alignment whose header has been read."""
    start, rows, places = lines.number, AlignedRows(), dict[str, int]()
    of_file: dict[str, str] = {}
    of_sequences: dict[str, dict[str, str]] = {}
    while (line := lines.next()) is not None and line.rstrip() != "//":
        words = line.split(None, _FEATURE_WORDS.get(line[:4], 2) - 1)
        if line.startswith("#=GF") and len(words) == 3:
            _add(of_file, "GF:" + words[1], words[2])
        elif line.startswith("#=GS") and len(words) == 4:
            _add(of_sequences.setdefault(words[1], {}), "GS:" + words[2], words[3])
        elif not line.startswith("#") and words:
            if len(words) != 2 or len(words[1].split()) != 1:
                raise FormatError("this line is not a name and symbols", "remove other text", line=lines.number)
            if words[0] not in places:
                places[words[0]] = rows.begin(words[0])
            rows.add(places[words[0]], words[1].strip())
    if line is None:
        raise TruncatedError("the file ends before the // of an alignment", "get the file again", line=start)
    rows.check_lengths(start)
    for name, symbols in rows:
        # Annotation of a sequence may use its name without the aligned range.
        own = of_sequences.get(name.rpartition("/")[0], {}) | of_sequences.get(name, {})
        yield SingleRecord(name, symbols, None, {"id": name} | of_file | own)


def _add(found: dict[str, str], name: str, text: str) -> None:
    """Adds a line of annotation to earlier lines of the same name."""
    found[name] = f"{found[name]} {text.strip()}" if name in found else text.strip()


FORMAT = RecordFormat(_recognises, _read, aligned=True)
