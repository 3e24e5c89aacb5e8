"""FASTQ to record batches: four lines per record, parsed block by block with a few numpy calls.

A record of many megabytes is assembled piece by piece, so that it takes little more than one byte per symbol.

Source: Cock et al. 2010, doi:10.1093/nar/gkp1137. Sequences over several lines are an error. The format allows them,
but no program writes them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable

import numpy as np
from numpy.typing import NDArray

from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import FormatError, TruncatedError
from seqnet.core.ragged import Ragged
from seqnet.core.records import RecordBatch
from seqnet.readers.formats import RecordFormat
from seqnet.readers.inputs import Input
from seqnet.readers.originals import with_text
from seqnet.readers.parts import is_read_directly, part_pieces
from seqnet.readers.record_starts import FastqStarts
from seqnet.readers.slicing import LONGEST_HEADER, cut, first_words, newline_positions

__all__ = ["FORMAT"]

_RETURN = ord("\r")
_MARKS = np.frombuffer(b"@+", dtype=np.uint8)
_LINES = 4
_LONG = LONGEST_HEADER
"""Minimum size in bytes of a record that is assembled piece by piece."""
_BLANK_LINES = 8
"""This number of consecutive empty lines can't be part of a record, which has two at most."""
_PIECE = 1 << 12
_MULTI_LINE = "write each sequence on one line; multi-line FASTQ is not supported"


def _recognises(head: bytes) -> bool:
    return head.lstrip().startswith(b"@")


def _read(source: Input, options: ReadOptions, skipped: Counter[str]) -> Generator[RecordBatch, None, None]:
    pieces, line = part_pieces(source, options, options.batch_bytes, FastqStarts)
    pending: list[bytes] = []
    waiting = 0  # newlines in `pending`, or four and more; with fewer, no record is complete, so nothing is parsed
    long: _LongRead | None = None
    for chunk in _filled_chunks(pieces):
        if long is not None:
            chunk = long.add(chunk)
            if not long.complete:
                continue
            found, long, line = long.record(line), None, line + _LINES
            yield found
            del found  # frees memory
        pending.append(chunk)
        waiting += _some_newlines(chunk)
        if waiting >= _LINES:
            block = b"".join(pending)
            pending.clear()  # frees memory
            data = np.frombuffer(block, dtype=np.uint8)
            ends = _complete_records(data, _filled(block))
            if len(ends):
                found = _parse(data, ends, line, options.originals)
                line += ends.size
                block = block[int(ends[-1, -1]) + 1 :]
                del data
                yield found
                del found
            pending.append(block)
            waiting = block.count(b"\n")
        elif not waiting and len(pending) * options.batch_bytes > LONGEST_HEADER:
            problem = f"a header line is longer than {LONGEST_HEADER:,} bytes"
            raise FormatError(problem, "get the file again, or shorten the header", line=line)
        elif waiting and len(pending) * options.batch_bytes > _LONG and any(map(bytes.strip, pending)):
            long = _LongRead(pending, options.originals)
            pending, waiting = [], 0
    if pieces.overhang is None:
        yield from [long.last(line)] if long is not None else _finish(b"".join(pending), line, options.originals)
    elif (sum(map(len, pending)) if long is None else long.size) != pieces.overhang:
        raise FormatError("the lines of records are not in groups of four here", _MULTI_LINE, line=line)


def _filled_chunks(pieces: Iterable[bytes]) -> Generator[bytes, None, None]:
    """Yields chunks, but of neighbouring ones that have only line breaks the first; the others can be ignored."""
    blank = False
    for chunk in pieces:
        was_blank = blank
        blank = not chunk[:_PIECE].strip() and not chunk.strip() and chunk.count(b"\n") >= _BLANK_LINES
        if not (was_blank and blank):
            yield chunk


def _some_newlines(chunk: bytes) -> int:
    """Returns the number of newlines in a chunk, or four and more; to count all takes a tenth of reading."""
    found = chunk.count(b"\n", 0, _PIECE)
    return found if found >= _LINES else chunk.count(b"\n")


class _LongRead:
    """A record that is assembled piece by piece, and of whose qualities only the number is kept.

    Args:
        start: its first bytes, in pieces; they are removed from the list.
        originals: whether to return its text, too.

    Attributes:
        size: number of bytes so far.
    """

    def __init__(self, start: list[bytes], originals: bool) -> None:
        self._header, self._symbols, self._plus = self._kept = bytearray(), bytearray(), bytearray()
        self._text = bytearray() if originals else None
        self._qualities = 0
        self._lines = 0  # that are complete
        self._end = b""  # the last byte
        self.size = 0
        while start:
            self.add(start.pop(0))

    @property
    def complete(self) -> bool:
        """Whether it has four lines."""
        return self._lines == _LINES

    def add(self, text: bytes) -> bytes:
        """Adds the next bytes, and returns those that follow the record."""
        while text and not self.complete:
            line, newline, rest = text.partition(b"\n")
            if self._lines < len(self._kept):
                self._kept[self._lines].extend(line)
            else:
                self._qualities += len(line)
            if self._text is not None:
                self._text += line + newline
            self.size += len(line) + len(newline)
            self._returned = (line or self._end).endswith(b"\r")
            self._end, text = newline or line[-1:], rest
            self._lines += len(newline)
        return text

    def record(self, line: int) -> RecordBatch:
        """Returns the complete record.

        Args:
            line: 1-based number of its first line.

        Raises:
            FormatError: a line is not valid.
        """
        header, symbols = (text[:-1] if text.endswith(b"\r") else text for text in (self._header, self._symbols))
        headers = Ragged.from_strings([bytes(header[1:])])
        lengths = np.array([[len(header), len(symbols), len(self._plus), self._qualities - self._returned]])
        wrong_mark = np.array([[header[:1] != b"@", self._plus[:1] != b"+"]])
        if wrong_mark.any() or lengths[0, 1] != lengths[0, 3]:
            raise _fault(0, wrong_mark, lengths, headers, line)
        sequence = Ragged.from_lengths(np.frombuffer(symbols, dtype=np.uint8), lengths[:, 1])
        batch = RecordBatch(first_words(headers), sequence, headers)
        if self._text is None:
            return batch
        text = np.frombuffer(self._text, dtype=np.uint8)
        return with_text(batch, "fastq", Ragged.from_lengths(text, np.array([len(text)])))

    def last(self, line: int) -> RecordBatch:
        """Returns the record at the end of the file, which may have no final newline; see `record`.

        Raises:
            TruncatedError: the file ends within the record.
        """
        if self._lines < _LINES - 1 or self._end == b"\n" or self._qualities < len(self._symbols):
            line += self._lines - (self._end == b"\n")
            raise TruncatedError("the file ends within a record", "get the file again", line=line)
        self.add(b"\n")
        return self.record(line)


def _filled(block: bytes) -> int:
    """Returns the length of a block without trailing blanks."""
    length = len(block)
    while length and not (kept := len(block[max(length - _PIECE, 0) : length].rstrip())):
        length = max(length - _PIECE, 0)
    return max(length - _PIECE, 0) + kept if length else 0


def _complete_records(data: NDArray[np.uint8], length: int) -> NDArray[np.int64]:
    """Returns the newlines (N, 4) int64 that end the lines of the complete records of a block.

    Trailing newlines are left for the next block: they may be empty lines of a record, or blank lines after the last
    one.

    Args:
        data: (L,) uint8, from the start of a record.
        length: length without trailing newlines.
    """
    newlines = newline_positions(data)
    count = int(np.searchsorted(newlines, length)) // 4
    return newlines[: 4 * count].reshape(count, 4)  # (N, 4)


def _finish(block: bytes, line: int, originals: bool) -> Generator[RecordBatch, None, None]:
    """Yields the remaining records at the end of the file.

    Raises:
        TruncatedError: the file ends within a record.
    """
    length = _filled(block)
    if not length:
        return
    data = np.frombuffer(block if block.endswith(b"\n") else block + b"\n", dtype=np.uint8)
    newlines = newline_positions(data)
    count = int(np.searchsorted(newlines, length)) // 4 + 1
    ends = newlines[: 4 * min(count, len(newlines) // 4)].reshape(-1, 4)  # (N, 4)
    truncated = TruncatedError("the file ends within a record", "get the file again", line=line + len(newlines) - 1)
    cut_short = len(data) > len(block) and len(ends) == count and _missing_qualities(ends[-1])
    whole = ends[:-1] if cut_short else ends
    if len(whole):
        yield _parse(data, whole, line, originals)
    if cut_short or len(ends) < count:
        raise truncated


def _missing_qualities(ends: NDArray[np.int64]) -> bool:
    """Returns whether the last of four lines is shorter than the second, given their newlines (4,) int64."""
    return bool(ends[3] - ends[2] < ends[1] - ends[0])


def _parse(data: NDArray[np.uint8], ends: NDArray[np.int64], line: int, originals: bool) -> RecordBatch:
    """Returns N records.

    Args:
        data: (L,) uint8, from the start of the first record.
        ends: (N, 4) int64, the newlines that end their lines.
        line: 1-based number of the first line.
        originals: whether to return the text of the records, too.

    Raises:
        FormatError: a line is not valid.
    """
    stops = ends[:, 3] + 1  # (N,)
    starts = np.append(0, ends.ravel()[:-1] + 1).reshape(-1, 4)  # (N, 4)
    ends = ends - (data[ends - 1] == _RETURN)
    lengths = ends - starts
    headers = cut(data, starts[:, 0] + 1, np.maximum(ends[:, 0], starts[:, 0] + 1))
    wrong_mark = data[starts[:, ::2]] != _MARKS  # (N, 2)
    wrong = wrong_mark.any(axis=1) | (lengths[:, 1] != lengths[:, 3])
    if wrong.any():
        raise _fault(int(np.argmax(wrong)), wrong_mark, lengths, headers, line)
    batch = RecordBatch(first_words(headers), cut(data, starts[:, 1], ends[:, 1]), headers)
    return with_text(batch, "fastq", Ragged(data[: stops[-1]], np.append(0, stops))) if originals else batch


def _fault(
    index: int, wrong_mark: NDArray[np.bool_], lengths: NDArray[np.int64], headers: Ragged, line: int
) -> FormatError:
    """Returns the error for record `index` (from 0)."""
    line += 4 * index
    if wrong_mark[index, 0]:
        return FormatError("expected a header that starts with '@'", _MULTI_LINE, line=line)
    name = headers[index].split(maxsplit=1)[0].decode(errors="replace") if headers[index].split() else None
    if wrong_mark[index, 1]:
        return FormatError("expected a line that starts with '+'", _MULTI_LINE, line=line + 2, record=name)
    symbols, qualities = lengths[index, 1::2].tolist()
    return FormatError(f"{symbols} symbols, but {qualities} qualities", line=line + 3, record=name)


FORMAT = RecordFormat(_recognises, _read, streams=True, reads_parts=is_read_directly)
