"""FASTA to record batches.

A block of bytes from one header to before another is cut into records by a handful of numpy calls, however many
records it holds. Sequences may be wrapped, with any line ends, blanks and blank lines within; their letters stay as
they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from seqnet.configs.reading import ReadOptions
from seqnet.errors import FormatError
from seqnet.readers.formats import RecordFormat
from seqnet.readers.inputs import Input
from seqnet.readers.spans import blank_positions, cut, first_words
from seqnet.records import RecordBatch

__all__ = ["FORMAT"]

_NEWLINE, _RETURN, _HEADER = b"\n\r>"


def _recognises(head: bytes) -> bool:
    return head.lstrip().startswith(b">")


def _read(source: Input, options: ReadOptions, skipped: Counter[str]) -> Generator[RecordBatch, None, None]:
    stream, line = source.first_line()
    for block in _blocks(stream, options.batch_bytes):
        yield _parse(np.frombuffer(block, dtype=np.uint8), line)
        line += block.count(b"\n")


def _blocks(stream: BinaryIO, size: int) -> Generator[bytes, None, None]:
    """Yields the text in blocks of whole records.

    Each chunk is searched once and joined once, so that the time is linear in the length of a record.
    """
    pending: list[bytes] = []
    after_newline = False
    while chunk := stream.read(size):
        found = chunk.rfind(b"\n>") + 1
        if found or (after_newline and chunk.startswith(b">")):
            pending.append(chunk[:found])
            yield b"".join(pending)
            pending = [chunk[found:]]
        else:
            pending.append(chunk)
        after_newline = chunk.endswith(b"\n")
    yield b"".join(pending)


def _parse(data: NDArray[np.uint8], line: int) -> RecordBatch:
    """Returns the records of a block.

    Args:
        data: (L,) uint8, from the `>` of a record to the end of a record.
        line: 1-based line of its start.

    Raises:
        FormatError: a header has a carriage return in its middle.
    """
    blanks = blank_positions(data)  # (W,)
    newlines = blanks[data[blanks] == _NEWLINE]
    lines = np.append(0, newlines[newlines + 1 < len(data)] + 1)
    header_lines = np.flatnonzero(data[lines] == _HEADER)  # (N,)
    starts = lines[header_lines] + 1
    line_ends = np.append(newlines, len(data))[header_lines]
    ends = line_ends - (data[line_ends - 1] == _RETURN)
    returns = blanks[data[blanks] == _RETURN]
    stray = np.searchsorted(returns, ends) > np.searchsorted(returns, starts)
    if stray.any():
        header_line = line + int(header_lines[np.argmax(stray)])
        raise FormatError("a carriage return within a header", "end the lines with newlines", line=header_line)
    headers = cut(data, starts, ends)
    body_ends = np.append(starts[1:] - 1, len(data))
    symbols = cut(data, np.minimum(line_ends + 1, len(data)), body_ends, without=blanks)
    return RecordBatch(first_words(headers), symbols, headers)


FORMAT = RecordFormat(_recognises, _read)
