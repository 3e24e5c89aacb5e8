"""PHYLIP alignments to record batches: interleaved or sequential, with names of ten characters or up to a blank.

The file does not say which of these layouts it has. Its first line has the number and length of the sequences, so all
layouts that fit these numbers are tried. If several fit and disagree, the file is refused.

Source: https://phylipweb.github.io/phylip/doc/sequence.html. A `.` meant the symbol of the first sequence in old files,
and is a gap for other programs, so it is refused.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from itertools import product

from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import FormatError, TruncatedError
from seqnet.core.printable import counted
from seqnet.core.records import RecordBatch
from seqnet.readers.formats import RecordFormat
from seqnet.readers.inputs import HEAD_BYTES, Input
from seqnet.readers.single_records import SingleRecord, batched
from seqnet.readers.text_lines import TextLines

__all__ = ["FORMAT"]

_HEADER = re.compile(r"\s*(\d{1,9})\s+(\d{1,12})\s*")
_SYMBOLS = re.compile(r"[A-Za-z*?.~-]+")
_NAME_WIDTH = 10
_LOOKED_AT = 1 << 10
"""Number of lines that detection uses."""

_Rows = list[tuple[str, str]]


class _Unfit(Exception):  # noqa: N818 - not an error, but the result of trying a layout
    pass


def _recognises(head: bytes) -> bool:
    """Returns whether a head begins with two numbers, followed by rows that fit them."""
    text = head.lstrip(b"\r\n").decode("latin-1")
    first, *rest = text.split("\n", _LOOKED_AT + 1)
    match = _HEADER.fullmatch(first)
    if not match:
        return False
    count, length = int(match[1]), int(match[2])
    if not count:
        return not text[len(first) :].strip()
    lines = [line for line in rest[:_LOOKED_AT] if line.strip()]
    whole = len(rest) <= _LOOKED_AT and len(head) < HEAD_BYTES
    lines = lines if whole else lines[:-1] or lines  # the last line may be incomplete
    return any(_looks_alright(lines, count, length, split) for split in _NAMES.values())


def _looks_alright(lines: Sequence[str], count: int, length: int, split: Callable[[str], tuple[str, str]]) -> bool:
    """Returns whether the first lines may be rows of `count` sequences of `length` symbols."""
    try:
        symbols = split(lines[0])[1]
        if count > 1 and len(lines) > 1 and 0 < len(symbols) < length:
            following = split(lines[1])[1]
            if len(following) == len(symbols) and _SYMBOLS.fullmatch(symbols) and _SYMBOLS.fullmatch(following):
                return True
    except (_Unfit, IndexError):
        return False
    for line in lines[1:]:
        if len(symbols) >= length:
            break
        symbols += "".join(line.split())
    # A row that fills the whole head may be longer than the head.
    fits = len(symbols) == length or (len(lines) == 1 and len(symbols) < length and len(lines[0]) >= HEAD_BYTES // 2)
    return bool(fits and _SYMBOLS.fullmatch(symbols))


def _read(source: Input, options: ReadOptions, skipped: Counter[str]) -> Generator[RecordBatch, None, None]:
    return batched(_records(TextLines(*source.first_line())), options)


def _records(lines: TextLines) -> Iterator[SingleRecord]:
    while (line := lines.next_filled()) is not None:
        match = _HEADER.fullmatch(line)
        if not match:
            problem = "this is not the first line of an alignment: the numbers of sequences and of symbols"
            raise FormatError(problem, "correct it, or get the file again", line=lines.number)
        start, rows = lines.number, _lines_of_alignment(lines)
        for name, symbols in _parse(rows, int(match[1]), int(match[2]), start):
            if "." in symbols:
                problem = f"position {symbols.index('.') + 1:,} is '.', which means the symbol of the first sequence"
                remedy = "write the symbol, or '-' for a gap"
                raise FormatError(f"{problem} to some programs, and a gap to others", remedy, line=start, record=name)
            yield SingleRecord(name, symbols.encode())


def _lines_of_alignment(lines: TextLines) -> list[str]:
    """Returns the lines that are not blank, up to the first line of the next alignment."""
    found = []
    while (line := lines.next_filled()) is not None:
        if _HEADER.fullmatch(line):
            lines.back(line)
            break
        found.append(line)
    return found


def _parse(lines: Sequence[str], count: int, length: int, start: int) -> _Rows:
    """Returns the names and symbols of an alignment.

    Args:
        lines: its lines after the first one.
        count: number of sequences.
        length: number of symbols of each sequence.
        start: 1-based number of its first line.

    Raises:
        TruncatedError: there are fewer symbols than that.
        FormatError: no layout fits, or several do.
    """
    declared = f"{counted(count, 'sequences')} of {counted(length, 'symbols')}"
    if len(lines) < count:
        raise TruncatedError(f"the file ends before {declared}", "get the file again", line=start)
    found: dict[str, _Rows] = {}
    for (names, split), (layout, read) in product(_NAMES.items(), _LAYOUTS.items()):
        try:
            rows = read(lines, count, length, split)
        except _Unfit:
            continue
        if rows not in found.values():
            found[f"{layout} with {names}"] = rows
    if not found:
        problem = f"the lines that follow are not {declared}, in any layout of PHYLIP"
        remedy = "correct the numbers or the lines, or get the file again"
        raise FormatError(problem, remedy, line=start)
    if len(found) > 1:
        problem = f"the lines that follow can be read as {' and as '.join(found)}"
        raise FormatError(problem, "write the alignment as FASTA", line=start)
    return next(iter(found.values()))


def _strict(line: str) -> tuple[str, str]:
    """Returns a name of ten characters, and the symbols after it."""
    return line[:_NAME_WIDTH].strip(), "".join(line[_NAME_WIDTH:].split())


def _relaxed(line: str) -> tuple[str, str]:
    """Returns a name up to a blank, and the symbols after it."""
    name, *symbols = line.split()
    return name, "".join(symbols)


def _sequential(lines: Sequence[str], count: int, length: int, split: Callable[[str], tuple[str, str]]) -> _Rows:
    """Returns the rows of the sequential layout, sequence by sequence."""
    rows: _Rows = []
    rest = iter(lines)
    for _ in range(count):
        name, first = split(_following(rest))
        pieces, size = [first], len(first)
        while size < length:
            pieces.append("".join(_following(rest).split()))
            size += len(pieces[-1])
        rows.append(_row(name, "".join(pieces), length))
    if next(rest, None) is not None:
        raise _Unfit
    return rows


def _interleaved(lines: Sequence[str], count: int, length: int, split: Callable[[str], tuple[str, str]]) -> _Rows:
    """Returns the rows of the interleaved layout, in blocks of all sequences."""
    if not count or len(lines) % count:
        raise _Unfit
    names, first = zip(*(split(line) for line in lines[:count]), strict=True)
    pieces = [[symbols] for symbols in first]
    for index, line in enumerate(lines[count:]):
        words = line.split()
        # Some programs repeat the names in every block.
        named = (
            words[0] == names[index % count].split(maxsplit=1)[0] if names[index % count] and len(words) > 1 else False
        )
        pieces[index % count].append("".join(words[1:] if named else words))
    return [_row(name, "".join(parts), length) for name, parts in zip(names, pieces, strict=True)]


def _following(lines: Iterator[str]) -> str:
    line = next(lines, None)
    if line is None:
        raise _Unfit
    return line


def _row(name: str, symbols: str, length: int) -> tuple[str, str]:
    """Returns a row after checking its symbols and their number."""
    if not name or len(symbols) != length or not _SYMBOLS.fullmatch(symbols):
        raise _Unfit
    return name, symbols


_NAMES: dict[str, Callable[[str], tuple[str, str]]] = {
    "names of ten characters": _strict,
    "names up to a blank": _relaxed,
}
_LAYOUTS = {"sequential": _sequential, "interleaved": _interleaved}

FORMAT = RecordFormat(_recognises, _read, aligned=True)
