"""The character matrix of a Nexus file to record batches.

A file has one matrix, in a block `data` or `characters`, and is held in memory. Symbols that match the first sequence
(`matchchar`) are replaced by its symbols, and the file's gap symbol becomes `-`.

Source: Maddison, Swofford and Maddison 1997, doi:10.1093/sysbio/46.4.590
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass

from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import FormatError, TruncatedError
from seqnet.core.printable import counted, quoted
from seqnet.core.records import RecordBatch
from seqnet.readers.aligned_rows import AlignedRows
from seqnet.readers.formats import RecordFormat
from seqnet.readers.inputs import Input
from seqnet.readers.single_records import SingleRecord, batched

__all__ = ["FORMAT"]

_MARK = b"#NEXUS"
_TOKEN = re.compile(r"'(?:[^'\n]|'')*'|[\[\];]|[^'\[\];]+|'")
_BRACKET = re.compile(r"[\[\]]")
_SETTING = re.compile(r"([A-Za-z]+)\s*(?:=\s*('[^']*'|\"[^\"]*\"|[^\s=]+))?")
_NAME = re.compile(r"\s*('(?:[^']|'')*'|\S+)")
_REFUSED = ("transpose", "tokens", "equate", "nolabels")
"""Settings that change the meaning of the matrix lines and are rarely used."""
_LARGEST = 1 << 30
"""Maximum bytes of a file."""


@dataclass(frozen=True, slots=True)
class _Command:
    """One command of a file.

    Attributes:
        line: 1-based number of its first line.
        word: its first word, in lower case.
        text: the rest, without comments.
    """

    line: int
    word: str
    text: str


@dataclass(slots=True)
class _Shape:
    """Properties of the matrix from earlier commands; None if not given."""

    count: int | None = None
    length: int | None = None
    settings: dict[str, str] | None = None


def _recognises(head: bytes) -> bool:
    return head.lstrip()[: len(_MARK)].upper() == _MARK


def _read(source: Input, options: ReadOptions, skipped: Counter[str]) -> Generator[RecordBatch, None, None]:
    return batched(_records(source), options)


def _records(source: Input) -> Iterator[SingleRecord]:
    stream, line = source.first_line()
    raw = stream.read(_LARGEST)
    if len(raw) == _LARGEST:
        raise FormatError(f"the Nexus file has more than {_LARGEST - 1:,} bytes", "write it as FASTA")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    block, shape, rows = "", _Shape(), AlignedRows()
    for command in _commands(text[len(_MARK) :].replace("\r\n", "\n").replace("\r", "\n"), line):
        if command.word == "begin":
            block = command.text.strip().lower()
        elif command.word in ("end", "endblock"):
            block = ""
        elif command.word == "dimensions" and block in ("taxa", "data", "characters"):
            shape.count = _number(command, "ntax", shape.count)
            shape.length = _number(command, "nchar", shape.length)
        elif command.word == "format" and block in ("data", "characters"):
            shape.settings = _settings(command)
        elif command.word == "matrix" and block in ("data", "characters"):
            if len(rows):
                raise FormatError("the file has a second matrix", "write each to a separate file", line=command.line)
            _add_matrix(rows, command, shape)
    if block:
        raise TruncatedError(f"the file ends within the block {quoted(block)}", "get the file again")
    for name, symbols in rows:
        yield SingleRecord(name, symbols)


def _commands(text: str, line: int) -> Iterator[_Command]:
    """Yields the commands of a text; a command begins on its first line that is not blank.

    Args:
        text: the text.
        line: 1-based number of its first line.
    """
    parts, begun = list[str](), line
    for token in _uncommented(text, line):
        if token == ";":
            found = re.match(r"\S*", "".join(parts))
            assert found is not None
            yield _Command(begun, found[0].lower(), found.string[found.end() :])
            parts.clear()
        elif parts or token.strip():
            filled = token if parts else token.lstrip()
            begun = begun if parts else line + token.count("\n") - filled.count("\n")
            parts.append(filled)
        line += token.count("\n")
    if "".join(parts).strip():
        raise TruncatedError("the file ends within a command", "get the file again", line=begun)


def _uncommented(text: str, line: int) -> Iterator[str]:
    """Yields semicolons and the text between them; comments are replaced by their line breaks.

    Comments are in brackets, which may be nested. Brackets and semicolons in quotation marks have no meaning.
    """
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        assert match is not None
        token, at = match[0], match.end()
        if token == "]":
            line += text.count("\n", 0, at)
            raise FormatError("']' without '[' before it", "correct it, or get the file again", line=line)
        if token != "[":
            yield token
            continue
        begin, depth = at, 1
        while depth:
            bracket = _BRACKET.search(text, at)
            if bracket is None:
                line += text.count("\n", 0, begin)
                raise TruncatedError("the file ends within a comment", "get the file again", line=line)
            depth += 1 if bracket[0] == "[" else -1
            at = bracket.end()
        yield "\n" * text.count("\n", begin, at)


def _settings(command: _Command) -> dict[str, str]:
    return {match[1].lower(): (match[2] or "").strip("'\"") for match in _SETTING.finditer(command.text)}


def _number(command: _Command, name: str, default: int | None) -> int | None:
    """Returns the number that a command sets, or the default."""
    value = _settings(command).get(name)
    if value is None:
        return default
    if not value.isdecimal():
        problem = f"{name} is {quoted(value)}, which is not a number"
        raise FormatError(problem, "correct it, or get the file again", line=command.line)
    return int(value)


def _add_matrix(rows: AlignedRows, command: _Command, shape: _Shape) -> None:
    """Adds the sequences of a matrix.

    Raises:
        FormatError: the matrix does not have the given dimensions, or its notation is not supported.
    """
    settings = shape.settings or {}
    for name in _REFUSED:
        if name in settings:
            raise FormatError(f"a matrix with {name} is not read", "write it as FASTA", line=command.line)
    if shape.length is None:
        raise FormatError("no dimensions before the matrix", "say: dimensions ntax=… nchar=…;", line=command.line)
    interleaved = settings.get("interleave", "no").lower() in ("", "yes")
    match, gap = settings.get("matchchar", "")[:1], settings.get("gap", "")[:1]
    places: dict[str, int] = {}
    index: int | None = None
    for number, line in enumerate(command.text.split("\n"), command.line):
        if not line.strip():
            continue
        if index is not None and rows.length(index) < shape.length and not interleaved:
            symbols = line
        else:
            name, symbols = _named(line)
            if name not in places:
                places[name] = rows.begin(name)
            elif not interleaved:
                raise FormatError("a second sequence of that name", "rename it", line=number, record=name)
            index = places[name]
        symbols = "".join(symbols.split())
        if "{" in symbols or "(" in symbols:
            problem = "several states in brackets are not read"
            raise FormatError(problem, "write an ambiguity code for them", line=number, record=rows.name(index))
        if match and match in symbols:
            first = rows.symbols(0)[rows.length(index) :] if index else ""
            symbols = _matched(symbols, match, first, number, rows.name(index))
        rows.add(index, symbols.replace(gap, "-") if gap else symbols)
    _check(rows, command, shape)


def _named(line: str) -> tuple[str, str]:
    """Returns the name at the start of a row, and the rest of the row."""
    found = _NAME.match(line)
    assert found is not None
    name = found[1][1:-1].replace("''", "'") if found[1].startswith("'") and len(found[1]) > 1 else found[1]
    return name, line[found.end() :]


def _matched(symbols: str, match: str, first: str, line: int, name: str) -> str:
    """Returns the symbols with each match symbol replaced by the symbol of the first sequence."""
    if len(first) < len(symbols):
        problem = f"{quoted(match)} stands for the symbol of the first sequence, which has none there"
        raise FormatError(problem, "correct it, or get the file again", line=line, record=name)
    return "".join(other if symbol == match else symbol for symbol, other in zip(symbols, first, strict=False))


def _check(rows: AlignedRows, command: _Command, shape: _Shape) -> None:
    """Checks that a matrix has the given dimensions."""
    if shape.count is not None and len(rows) != shape.count:
        problem = f"the matrix has {counted(len(rows), 'sequences')}, and its dimensions say {shape.count:,}"
        raise FormatError(problem, "correct it, or get the file again", line=command.line)
    for index in range(len(rows)):
        if rows.length(index) != shape.length:
            problem = f"{counted(rows.length(index), 'symbols')}, and the dimensions say {shape.length:,}"
            raise FormatError(problem, "correct it, or get the file again", line=command.line, record=rows.name(index))


FORMAT = RecordFormat(_recognises, _read, aligned=True)
