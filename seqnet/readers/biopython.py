"""Calls of Biopython's parsers; their errors and warnings become one line each.

Source: Cock et al. 2009, doi:10.1093/bioinformatics/btp163.
"""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from io import StringIO
from typing import TYPE_CHECKING, Any, TypeVar

from seqnet.core.errors import FormatError, SeqnetError

if TYPE_CHECKING:
    from Bio.Seq import Seq
    from Bio.SeqRecord import SeqRecord

__all__ = [
    "annotations_of",
    "first_record",
    "name_of",
    "parsed",
    "sequence_from",
    "sequence_of",
    "symbols_of",
    "warning_lines",
]

Found = TypeVar("Found")

_LONGEST_REASON = 160
_UNNAMED = ("", ".", "<unknown id>", "<unknown name>", "<unknown description>")
"""Placeholders of Biopython, or of a file, for a missing name or description."""
_DETAIL = re.compile(r"[:;'\"(\n0-9]")
"""Start of the details in a warning."""
_NAMED = 5


def parsed(call: Callable[[], Found], format: str, line: Callable[[], int] | None = None) -> tuple[Found, list[str]]:
    """Returns the result of a call of Biopython, and its warnings.

    Args:
        call: the call.
        format: name of the format for messages.
        line: returns the 1-based number of the parser's current line.

    Raises:
        FormatError: the text could not be parsed.
    """
    from Bio import BiopythonParserWarning

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            found = call()
        except (SeqnetError, OSError, MemoryError):
            raise
        # For damaged data the parsers raise many types of errors: IndexError, AssertionError, struct.error and others.
        except Exception as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            reason = reason if len(reason) <= _LONGEST_REASON else reason[:_LONGEST_REASON] + "…"
            problem = f"this is not valid {format} ({reason.rstrip('.')})"
            raise FormatError(problem, "correct it, or get the file again", line=line() if line else None) from error
    return found, [str(one.message) for one in caught if issubclass(one.category, BiopythonParserWarning)]


def first_record(source: Any, format: str) -> SeqRecord | None:
    """Returns the first record that Biopython finds in a file of the given format; None if there is none."""
    from Bio import SeqIO

    found: SeqRecord | None = next(SeqIO.parse(source, format), None)
    return found


def sequence_of(header: str, lines: Sequence[str], format: str) -> bytes:
    """Returns the symbols in some lines of the sequence of a GenBank or EMBL record, in upper case.

    Args:
        header: the line before the first one of the sequence.
        lines: without newlines.
        format: Biopython's name of the format.

    Raises:
        Exception: the lines are not valid; see `parsed`.
    """
    from Bio.GenBank.Scanner import EmblScanner, GenBankScanner

    scanner = GenBankScanner() if format == "genbank" else EmblScanner()
    text = StringIO("\n".join(lines) + "\n//\n")
    scanner.set_handle(text)
    scanner.line = header
    symbols: str = scanner.parse_footer()[1]
    return symbols.upper().encode("ascii")


def sequence_from(symbols: bytearray) -> Seq:
    """Returns a sequence with these symbols."""
    from Bio.Seq import Seq

    return Seq(symbols)


def warning_lines(warned: Counter[str]) -> list[str]:
    """Returns a line for each kind of warning, with its number of occurrences."""
    kinds: Counter[str] = Counter()
    for message, count in warned.items():
        kinds[_DETAIL.split(message, maxsplit=1)[0].strip().rstrip(".") or message] += count
    lines = [f"Biopython warns: {kind}" + (f" ({count:,} times)" if count > 1 else "") for kind, count in kinds.items()]
    return lines[:_NAMED]


def name_of(record: SeqRecord) -> str:
    """Returns the accession with version, or a substitute if the record has none."""
    return next((str(name) for name in (record.id, record.name) if name and name not in _UNNAMED), "")


def symbols_of(record: SeqRecord) -> bytes | None:
    """Returns the sequence; None if the file has only its length."""
    from Bio.Seq import UndefinedSequenceError

    try:
        return b"" if record.seq is None else bytes(record.seq)
    except UndefinedSequenceError:
        return None


def annotations_of(record: SeqRecord) -> dict[str, str]:
    """Returns annotation name → text of a record; lists are joined by `; `.

    Of the features' qualifiers, those of the feature `source` are included, because they describe the whole record.
    """
    found = {key: text for key, value in record.annotations.items() if (text := _text(value)) is not None}
    own = {"id": record.id, "name": record.name, "description": record.description}
    found |= {key: text for key, value in own.items() if (text := _text(value)) is not None and text not in _UNNAMED}
    for feature in record.features:
        if feature.type == "source":
            for key, value in feature.qualifiers.items():
                found.setdefault(key, _text(value) or "")
    return found


def _text(value: object) -> str | None:
    if isinstance(value, str | int):
        return " ".join(str(value).split())
    if isinstance(value, list | tuple) and all(isinstance(item, str | int) for item in value):
        return "; ".join(" ".join(str(item).split()) for item in value)
    return None
