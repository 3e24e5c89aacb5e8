"""Text from files, printed safely: on one line and without control sequences of a terminal.

Names, paths, class names and model cards come from files of unknown origin. All text for people goes through
`printable`. Tables escape control characters as in `CONTROLS`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = [
    "CONTROLS",
    "counted",
    "listed",
    "named_record",
    "os_error_line",
    "printable",
    "printable_json",
    "quoted",
    "shortened",
]

_PLURAL = (
    r"\b(alignment|byte|candidate|cell|check|class(?=es)|cluster|column|epoch|failure|feature|fold|group|hit|input|label|motif|name|network"
    r"|number|one|pair|parameter|position|read|record|replicate|row|sequence|sheet|symbol|thread|tree|trial|warning|window"
    r"|word)e?s\b"
)
_VERB = r"\b(have|are|were|seem)\b"
_VERBS = {"have": "has", "are": "is", "were": "was", "seem": "seems"}
_SHORT = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}

CONTROLS: Mapping[int, bytes] = {byte: _SHORT.get(chr(byte), f"\\x{byte:02x}").encode() for byte in (*range(32), 127)}
"""ASCII control character → its escape in a table."""


def printable(text: str) -> str:
    r"""Returns text as one line in which characters that are not printable are escaped: `\n`, `\x1b`, `\u202e`.

    A byte of a path that is not UTF-8 becomes `\xe9`. A backslash is not changed.
    """
    return text if text.isprintable() else "".join(map(_escaped, text))


def quoted(text: str) -> str:
    """Returns text in single quotation marks, with characters that are not printable escaped; see `printable`."""
    return f"'{printable(text)}'"


def counted(count: int, what: str) -> str:
    """Returns a count with its noun, such as "2 empty rows" or "1 empty row", and a verb if the text has one.

    Args:
        count: the number.
        what: plural noun; for a count of 1, "records have" becomes "record has".
    """
    if count != 1:
        return f"{count:,} {what}"
    singular = re.sub(_PLURAL, lambda found: found[1], what, count=1)
    return f"1 {re.sub(_VERB, lambda found: _VERBS[found[1]], singular, count=1)}"


def listed(names: Sequence[str], most: int) -> str:
    """Returns the first `most` names with commas between them, and how many there are beyond: "a, b and 98 more"."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")


def named_record(name: str) -> str:
    """Returns a record name for a message."""
    return f"record {name}" if name else "a record without a name"


def shortened(value: object, most: int = 80) -> str:
    """Returns a value for a message, on one line with at most `most` characters; text is quoted."""
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        shown = f"[{', '.join(map(quoted, value))}]"
    else:
        # What is cut off need not be escaped: it may have millions of characters.
        shown = quoted(value[:most]) if isinstance(value, str) else " ".join(repr(value).split())
        shown = shown.lower() if value is None or isinstance(value, bool) else shown
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def printable_json(value: Any) -> str:
    r"""Returns indented JSON text that a terminal can show and that is read back as the same value.

    Characters that are not printable are written as `\u…`. This also keeps lone surrogates, which Python uses for paths
    that are not UTF-8.

    Raises:
        ValueError: a number is NaN or infinite, which JSON does not allow.
    """
    import json  # which the start of a command does not need

    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    return "\n".join(line if line.isprintable() else "".join(map(_unicode, line)) for line in text.split("\n"))


def _escaped(symbol: str) -> str:
    if symbol.isprintable():
        return symbol
    code = ord(symbol)
    if 0xDC80 <= code <= 0xDCFF:  # Python's surrogate for a byte that is not UTF-8
        code -= 0xDC00
    if symbol in _SHORT:
        return _SHORT[symbol]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _unicode(symbol: str) -> str:
    if symbol.isprintable():
        return symbol
    import json

    return "\\u007f" if symbol == "\x7f" else json.dumps(symbol)[1:-1]


def os_error_line(error: OSError) -> str:
    """Returns an error of the system as one line: the file, if it has one, and what is wrong."""
    if not error.strerror:
        return str(error)
    place = "" if error.filename is None else f"{error.filename or repr('')}: "
    return f"{place}{error.strerror.lower()}"
