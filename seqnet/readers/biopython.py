"""Calls of Biopython's parsers: what they raise and what they warn of becomes one line.

Source: Cock et al. 2009, doi:10.1093/bioinformatics/btp163.
"""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from seqnet.core.errors import FormatError, SeqnetError

if TYPE_CHECKING:
    from Bio.SeqRecord import SeqRecord

__all__ = ["annotations_of", "first_record", "name_of", "parsed", "symbols_of", "warning_lines"]

Found = TypeVar("Found")

_LONGEST_REASON = 160
_UNNAMED = ("", ".", "<unknown id>", "<unknown name>", "<unknown description>")
"""What Biopython, or a file, has in place of a name or description."""
_DETAIL = re.compile(r"[:;'\"(\n0-9]")
"""Where the details of a warning begin."""
_NAMED = 5


def parsed(call: Callable[[], Found], format: str, line: Callable[[], int] | None = None) -> tuple[Found, list[str]]:
    """Returns what a call of Biopython returns, and what it warned of.

    Args:
        call: the call.
        format: what the text should be, in the words of a message.
        line: the 1-based line that the parser has come to.

    Raises:
        FormatError: it could not be parsed.
    """
    from Bio import BiopythonParserWarning

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            found = call()
        except (SeqnetError, OSError, MemoryError):
            raise
        # Parsers meet damage wherever it is: as IndexError, AssertionError, struct.error and others.
        except Exception as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            reason = reason if len(reason) <= _LONGEST_REASON else reason[:_LONGEST_REASON] + "…"
            problem = f"this is not valid {format} ({reason.rstrip('.')})"
            raise FormatError(problem, "correct it, or get the file again", line=line() if line else None) from error
    return found, [str(one.message) for one in caught if issubclass(one.category, BiopythonParserWarning)]


def first_record(source: Any, format: str) -> SeqRecord | None:
    """Returns the first record that Biopython finds in a file of a format, in its own words; None where it has none."""
    from Bio import SeqIO

    found: SeqRecord | None = next(SeqIO.parse(source, format), None)
    return found


def warning_lines(warned: Counter[str]) -> list[str]:
    """Returns a line for each kind of warning, and how often it came."""
    kinds: Counter[str] = Counter()
    for message, count in warned.items():
        kinds[_DETAIL.split(message, maxsplit=1)[0].strip().rstrip(".") or message] += count
    lines = [f"Biopython warns: {kind}" + (f" ({count:,} times)" if count > 1 else "") for kind, count in kinds.items()]
    return lines[:_NAMED]


def name_of(record: SeqRecord) -> str:
    """Returns the accession with version, or what a record has in its place."""
    return next((str(name) for name in (record.id, record.name) if name and name not in _UNNAMED), "")


def symbols_of(record: SeqRecord) -> bytes | None:
    """Returns the sequence, None where the file has only its length."""
    from Bio.Seq import UndefinedSequenceError

    try:
        return b"" if record.seq is None else bytes(record.seq)
    except UndefinedSequenceError:
        return None


def annotations_of(record: SeqRecord) -> dict[str, str]:
    """Returns what a record is annotated with that is text, by name; lists are joined by `; `.

    Of the qualifiers of its features, those of `source` are about the record as a whole.
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
