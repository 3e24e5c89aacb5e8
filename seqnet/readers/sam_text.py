"""The text of a SAM on its way to htslib: references that its header does not list, and very long reads.

htslib has a read in memory several times: as a line, as a record, and as Python text. So a read of many megabases is
taken out of the text, and its sequence is read piece by piece. htslib gets what remains of the line.

Source: SAM/BAM format specification, sections 1.4 and 4.2.3, https://samtools.github.io/hts-specs/SAMv1.pdf
"""

from __future__ import annotations

import io
import os
from collections import deque
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain, takewhile
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.core.errors import FormatError
from seqnet.core.printable import quoted
from seqnet.readers.bam_header import BAM

__all__ = [
    "CRAM",
    "LongRead",
    "SamText",
    "has_long_lines",
    "is_sam",
    "lists_no_references",
    "with_any_reference",
    "with_one_reference",
    "without_references",
]

CRAM = b"CRAM"

_ANY = b"any"
_HEADER = b"@HD\tVN:1.6\n"
_ANY_HEADER = _HEADER + b"@SQ\tSN:" + _ANY + b"\tLN:2147483647\n"
_REFERENCE, _MATE, _MATE_END, _SEQUENCE = 2, 6, 8, 9  # 0-based fields of a SAM line
_LONGEST = 1 << 24
"""Maximum bytes of a line that htslib reads as it is."""
_CHUNK = 1 << 18
"""Maximum bytes that are read at once."""
_LETTERS = b"=ACMGRSVTWYHKDBN"
_DIGITS = b"0123", b"ACGT"
"""htslib takes these digits for bases, as its `seq_nt16_table` has it."""


def is_sam(head: bytes) -> bool:
    """Returns whether an alignment file with these first bytes is a SAM."""
    return not head.startswith((BAM, CRAM))


def lists_no_references(head: bytes) -> bool:
    """Returns whether the first bytes of a file are a SAM without a header, or whose header lists no reference."""
    if not is_sam(head):
        return False
    lines = head.lstrip().split(b"\n")
    header = list(takewhile(lambda line: line.startswith(b"@"), lines))
    return len(header) < len(lines) and not any(line.startswith(b"@SQ\t") for line in header)


def with_any_reference(line: bytes) -> bytes:
    """Returns the line of a read with its reference replaced by the one name, and without the place of its mate."""
    fields = line.split(b"\t", _MATE_END)
    if len(fields) > _MATE_END:
        fields[_REFERENCE] = fields[_REFERENCE] if fields[_REFERENCE] == b"*" else _ANY
        fields[_MATE:_MATE_END] = [b"*", b"0"]
    return b"\t".join(fields)


def with_one_reference(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yields the lines of a SAM, given in blocks of whole lines, with all references replaced by one name."""
    yield _ANY_HEADER
    for line in chain.from_iterable(map(io.BytesIO, blocks)):
        if not line.startswith(b"@") and line.strip():
            yield with_any_reference(line)


def without_references(text: io.BufferedReader) -> Iterator[bytes]:
    """Yields the lines of a SAM whose header lists no reference, and whose reads must have none.

    Raises:
        FormatError: a read has one; htslib would take the read for unmapped.
    """
    if not text.peek(1).startswith(b"@"):
        yield _HEADER
    for line in text:
        fields = line.split(b"\t", _MATE_END)
        if not line.startswith(b"@") and len(fields) > _MATE_END and fields[_REFERENCE] != b"*":
            problem = f"the header does not list the reference {quoted(fields[_REFERENCE].decode(errors='replace'))}"
            raise FormatError(problem, "add it, or use a BAM; without it, the alignments can't be written as BAM")
        yield line


def has_long_lines(path: str, longest: int = _LONGEST) -> bool:
    """Returns whether a file has lines of more than `longest` bytes; also true for some of more than half of that.

    It reads little, because a long line has a part without a line break, which begins at a multiple of half the length.
    """
    half = longest // 2
    with open(path, "rb", buffering=0) as file:
        for start in range(0, os.fstat(file.fileno()).st_size - half, half):
            file.seek(start)
            left = half
            while left and (piece := file.read(min(left, _CHUNK if left < half else 1 << 12))) and b"\n" not in piece:
                left -= len(piece)
            if not left:
                return True
    return False


class LongRead(NamedTuple):
    """A read whose sequence htslib does not get.

    Attributes:
        line: its line with `*` for sequence and base qualities, without a line break.
        symbols: (L,) uint8, its sequence, as htslib returns it.
    """

    line: bytes
    symbols: NDArray[np.uint8]


class SamText:
    """The text of a SAM, in stretches that end before a long read or at the end of the file.

    Args:
        stream: the text, at its start.
        longest: maximum bytes of a line in a stretch, if the sequence is what makes it long.

    Attributes:
        before_long_read: whether the last stretch ended before a long read; `long_read` returns it.
    """

    def __init__(self, stream: io.BufferedReader, longest: int = _LONGEST) -> None:
        self._stream, self._longest, self._size = stream, longest, min(_CHUNK, longest // 2)
        self._header = b""
        self._in_header = True
        self._rest: deque[bytes] = deque()
        self.before_long_read = False

    def stretch(self) -> Iterator[bytes]:
        """Yields the header, and whole lines up to the next long read."""
        self.before_long_read = False
        if self._header:
            yield self._header
        pending: list[bytes] = []
        held = 0
        while chunk := self._next():
            end = chunk.rfind(b"\n") + 1
            if end:
                block = b"".join([*pending, chunk[:end]])
                pending, held, chunk = [], 0, chunk[end:]
                self._keep_header(block)
                yield block
            if chunk:
                pending.append(chunk)
            is_checked, held = held > self._longest, held + len(chunk)
            if held > self._longest and not is_checked and self._is_long_read(pending):
                self._rest.extend(pending)
                self.before_long_read = True
                return
        if pending:
            yield b"".join(pending)

    def long_read(self) -> LongRead:
        """Returns the read before which the last stretch ended.

        Raises:
            ValueError: there are more or fewer base qualities than symbols, or no field for them.
        """
        start = self._next()
        while start.count(b"\t") < _SEQUENCE:
            start += self._next()
        *fields, text = start.split(b"\t", _SEQUENCE)
        if text:
            self._rest.appendleft(text)
        del start, text  # frees memory
        symbols = bytearray()
        for piece in self._field():
            symbols += piece.translate(_symbol_table())
        first = last = tags = b""
        count = 0
        if self._after() == b"\t":
            for last in self._field():
                first, count = first or last, count + len(last)
            tags = b"".join(self._field(b"\n"))
            if not tags and last.endswith(b"\r"):
                count -= 1
            self._after()  # the line break
        if not (first.startswith(b"*") and count == 1) and count != len(symbols):
            raise ValueError("a read has more or fewer base qualities than symbols")
        line = b"\t".join([*fields, b"*", b"*"]) + tags.removesuffix(b"\r")
        return LongRead(line, np.frombuffer(symbols, dtype=np.uint8))

    def _next(self) -> bytes:
        return self._rest.popleft() if self._rest else self._stream.read1(self._size)

    def _field(self, ends: bytes = b"\t\n") -> Iterator[bytes]:
        """Yields the next bytes before the first of `ends`, which is next then."""
        while chunk := self._next():
            found = [place for place in (chunk.find(end) for end in (ends[:1], ends[1:]) if end) if place >= 0]
            if found:
                self._rest.appendleft(chunk[min(found) :])
                yield chunk[: min(found)]
                return
            yield chunk

    def _after(self) -> bytes:
        """Returns the byte after a field; nothing at the end of the text."""
        chunk = self._next()
        if chunk[1:]:
            self._rest.appendleft(chunk[1:])
        return chunk[:1]

    def _is_long_read(self, pieces: Sequence[bytes]) -> bool:
        """Returns whether a line of which these are the first bytes is that of a read whose sequence is long."""
        if pieces[0].startswith(b"@"):
            return False
        tabs = length = 0
        for piece in pieces:
            parts = piece.split(b"\t", _SEQUENCE + 1 - tabs)
            if tabs + len(parts) > _SEQUENCE:
                length += len(parts[_SEQUENCE - tabs])
            tabs += len(parts) - 1
            if tabs > _SEQUENCE:
                break
        return 2 * length > self._longest

    def _keep_header(self, block: bytes) -> None:
        if self._in_header:
            lines = list(io.BytesIO(block))
            header = list(takewhile(lambda line: line.startswith(b"@"), lines))
            self._header += b"".join(header)
            self._in_header = len(header) == len(lines)


@cache
def _symbol_table() -> bytes:
    """Returns the symbol that htslib makes of each byte."""
    table = bytearray(b"N" * 256)
    for letters, symbols in ((_LETTERS, _LETTERS), (_LETTERS.lower(), _LETTERS), (b"Uu", b"TT"), _DIGITS):
        for letter, symbol in zip(letters, symbols, strict=True):
            table[letter] = symbol
    return bytes(table)
