"""FASTA to record batches.

Blocks of complete records are parsed with a few numpy calls each. A record of many megabytes is assembled piece by
piece, so that it takes little more than one byte per symbol. Sequences may be wrapped, with any line ends, blanks and
blank lines. Letters are not changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import FormatError
from seqnet.core.ragged import Ragged
from seqnet.core.records import RecordBatch
from seqnet.readers.formats import RecordFormat
from seqnet.readers.inputs import Input
from seqnet.readers.originals import with_text
from seqnet.readers.parts import is_read_directly, part_pieces
from seqnet.readers.pieces import Pieces
from seqnet.readers.record_starts import FastaStarts
from seqnet.readers.slicing import LONGEST_HEADER, blank_positions, cut, first_words

__all__ = ["FORMAT", "semicolon_comment"]

_NEWLINE, _RETURN, _HEADER, _COMMENT = b"\n\r>;"
_BLANKS = b" \t\n\v\f\r"
_LINES = 2
"""Number of lines of a record with its sequence on one line."""
_LONG = LONGEST_HEADER
"""Minimum size in bytes of a record that is assembled piece by piece."""


def _recognises(head: bytes) -> bool:
    return head.lstrip().startswith(b">")


def _read(source: Input, options: ReadOptions, skipped: Counter[str]) -> Generator[RecordBatch, None, None]:
    pieces, line = part_pieces(source, options, options.batch_bytes, FastaStarts)
    for block in _blocks(pieces, options.originals):
        if isinstance(block, _LongRecord):
            found, lines = block.record(line), block.lines
        else:
            found, lines = _parse(np.frombuffer(block, dtype=np.uint8), line, options.originals)
        del block  # frees memory
        yield found
        del found  # frees memory
        line += lines


class _LongRecord:
    """A record that is assembled piece by piece.

    Args:
        start: its first bytes.
        originals: whether to return its text, too.

    Attributes:
        lines: number of newlines so far.
        ended: whether the header is complete.
    """

    def __init__(self, start: bytes, originals: bool) -> None:
        self._header, _, body = start.partition(b"\n")
        self.ended = len(self._header) < len(start)
        self._text = bytearray(start[: len(start) - len(body)]) if originals else None
        self._symbols = bytearray()
        self._comment: int | None = None
        self._at_line_start = self.ended
        self.lines = int(self.ended)
        self.add(body)

    def add(self, text: bytes) -> None:
        """Adds the next bytes."""
        if self._text is not None:
            self._text += text
        if self._comment is None:
            found = 0 if self._at_line_start and text.startswith(b";") else text.find(b"\n;") + 1 or None
            self._comment = None if found is None else self.lines + text.count(b"\n", 0, found)
        self._at_line_start = text.endswith(b"\n") or (self._at_line_start and not text)
        self._symbols += text.translate(None, _BLANKS)
        self.lines += text.count(b"\n")

    def record(self, line: int) -> RecordBatch:
        """Returns the record; `line` is the number of its header line.

        Raises:
            FormatError: there is a carriage return within the header, the header is too long, or a line starts with
                ';'.
        """
        header = self._header.removesuffix(b"\r")[1:]
        if not self.ended:
            problem = f"a header line is longer than {LONGEST_HEADER:,} bytes"
            raise FormatError(problem, "get the file again, or shorten the header", line=line)
        if b"\r" in header:
            raise _stray_return(line)
        if self._comment is not None:
            raise semicolon_comment(line + self._comment)
        headers = Ragged.from_strings([header])
        symbols = np.frombuffer(self._symbols, dtype=np.uint8)
        batch = RecordBatch(first_words(headers), Ragged.from_lengths(symbols, np.array([len(symbols)])), headers)
        return (
            batch if self._text is None else with_text(batch, "fasta", _ended(Ragged.from_strings([bytes(self._text)])))
        )


def _blocks(pieces: Pieces, originals: bool) -> Generator[bytes | _LongRecord, None, None]:
    """Yields the text in blocks of complete records.

    Each chunk is searched and joined only once, so that the time is linear in the length of a record.
    """
    pending: list[bytes] = []
    held = 0
    long: _LongRecord | None = None
    after_newline = False
    for chunk in pieces:
        begins = after_newline and chunk.startswith(b">")
        after_newline = chunk.endswith(b"\n")
        if long is not None:
            end = 0 if begins else chunk.find(b"\n>") + 1
            long.add(chunk[:end] if begins or end else chunk)
            if not (begins or end):
                continue
            yield long
            long, pending, held, chunk, begins = None, [], 0, chunk[end:], False
        found = chunk.rfind(b"\n>") + 1
        if found or begins:
            pending.append(chunk[:found])
            yield b"".join(pending)
            pending, held, chunk = [], 0, chunk[found:]
        pending.append(chunk)
        held += len(chunk)
        if held > _LONG:
            long = _LongRecord(b"".join(pending), originals)
            if not long.ended:
                break
    if pieces.overhang is None:  # else the last record is of the next part
        yield from [long] if long is not None else filter(None, [b"".join(pending)])


def _parse(data: NDArray[np.uint8], line: int, originals: bool) -> tuple[RecordBatch, int]:
    """Returns the records of a block, and its number of newlines.

    Args:
        data: (L,) uint8, from the `>` of a record to the end of a record.
        line: 1-based number of its first line.
        originals: whether to return the text of the records, too.

    Raises:
        FormatError: there is a carriage return within a header, or a line starts with ';'.
    """
    blanks = blank_positions(data)  # (W,)
    newlines = blanks[data[blanks] == _NEWLINE]
    lines = np.append(0, newlines[newlines + 1 < len(data)] + 1)
    begins = data[lines]
    if (comments := begins == _COMMENT).any():
        raise semicolon_comment(line + int(np.argmax(comments)))
    header_lines = np.flatnonzero(begins == _HEADER)  # (N,)
    starts = lines[header_lines] + 1
    line_ends = np.append(newlines, len(data))[header_lines]
    ends = line_ends - (data[line_ends - 1] == _RETURN)
    returns = blanks[data[blanks] == _RETURN]
    stray = np.searchsorted(returns, ends) > np.searchsorted(returns, starts)
    if stray.any():
        header_line = line + int(header_lines[np.argmax(stray)])
        raise _stray_return(header_line)
    headers = cut(data, starts, ends)
    if len(blanks) == len(newlines) and (np.diff(header_lines, append=len(lines)) == _LINES).all():
        # The usual file of reads: one line per sequence, without blanks.
        symbols = cut(data, line_ends + 1, np.append(newlines, len(data))[header_lines + 1])
    else:
        body_ends = np.append(starts[1:] - 1, len(data))
        symbols = cut(data, np.minimum(line_ends + 1, len(data)), body_ends, without=blanks)
    batch = RecordBatch(first_words(headers), symbols, headers)
    if originals and len(batch):
        bounds = np.append(starts - 1, len(data))
        batch = with_text(batch, "fasta", _ended(Ragged(data, bounds)))
    return batch, len(newlines)


def _ended(entries: Ragged) -> Ragged:
    """Returns the text of N records, the last one with a line end, which may be missing at the end of a file."""
    if entries.data[-1] == _NEWLINE:
        return entries
    offsets = entries.offsets.copy()
    offsets[-1] += 1
    return Ragged(np.append(entries.data, np.uint8(_NEWLINE)), offsets)


def _stray_return(line: int) -> FormatError:
    return FormatError("a carriage return within a header", "end the lines with newlines", line=line)


def semicolon_comment(line: int) -> FormatError:
    """Returns the error for a line that starts with ';', which some old programs treated as a comment."""
    problem = "';' comment lines are not supported in FASTA"
    return FormatError(problem, "remove them: grep -v '^;' FILE", line=line)


FORMAT = RecordFormat(_recognises, _read, streams=True, reads_parts=is_read_directly)
