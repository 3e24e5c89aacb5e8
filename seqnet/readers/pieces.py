"""The text of a file in pieces whose positions depend on the file alone.

A reader makes its batches of pieces. A part of a file starts and ends at pieces of the whole file, so it has the same
batches as the whole file has there.

An uncompressed file is cut every `size` bytes. A file compressed by bgzip is cut every `size` bytes of text, and at the
first block of each segment of `SEGMENT · size` stored bytes. So the pieces of a segment are known without those before.

Source of the block header: SAM/BAM format specification, section 4.1, https://samtools.github.io/hts-specs/SAMv1.pdf
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import dropwhile
from typing import BinaryIO, NamedTuple

from seqnet.readers.compression import decompress_members
from seqnet.readers.inputs import Input
from seqnet.readers.read_ahead import read_ahead
from seqnet.readers.replay import ReplayedBytes

__all__ = [
    "SEGMENT",
    "Pieces",
    "TextPiece",
    "can_seek",
    "first_key",
    "pieces_from",
    "plain_pieces",
    "unit_bytes",
    "whole_pieces",
]

SEGMENT = 1
"""Stored bytes of a segment of a bgzip file, in sizes of a piece: about four pieces of text."""

_BLOCK = re.compile(rb"\x1f\x8b\x08\x04.{6}\x06\x00BC\x02\x00(..)", re.DOTALL)
_LARGEST_BLOCK = 1 << 16
_BLOCKS_IN_ROW = 4
"""Blocks that must follow each other where the first one is looked for."""

Key = tuple[int, int]
"""Number of the segment (or of the piece, in an uncompressed file), and of the piece within it."""


class TextPiece(NamedTuple):
    """Some text.

    Attributes:
        key: its place in the order of all pieces.
        data: the text, not empty.
    """

    key: Key
    data: bytes


class Pieces(Iterator[bytes]):
    """The text of a file, or of a part of it, piece by piece.

    Args:
        found: the pieces.

    Attributes:
        overhang: bytes at the end of the last piece that belong to the next part; None if the text ends with the file.
            Known at the end.
    """

    def __init__(self, found: Iterable[bytes]) -> None:
        self._found = iter(found)
        self.overhang: int | None = None

    def __next__(self) -> bytes:
        return next(self._found)


def can_seek(source: Input) -> bool:
    """Returns whether the pieces of an input can be read from any place on."""
    return source.file() is not None and source.compression in (None, "bgzip") and not source.converted


def plain_pieces(stream: BinaryIO, size: int) -> Iterator[bytes]:
    """Yields the bytes of a stream, `size` at a time; the last piece may be shorter."""
    while piece := stream.read(size):
        yield piece


def whole_pieces(source: Input, size: int) -> tuple[Pieces, int]:
    """Returns the text from its first line that is not blank, and the 1-based number of this line."""
    if source.compression == "bgzip" and not source.converted:
        members = decompress_members(source.stored(), "bgzip")
        found: Iterator[bytes] = (piece.data for piece in _bgzip_pieces(members, size))
    else:
        found = plain_pieces(source.text(), size)
    if source.compression and source.ahead:
        found = read_ahead(found)
    return Pieces(_without_start(found, len(source.blank))), 1 + source.blank.count(b"\n")


def unit_bytes(source: Input, size: int) -> int:
    """Returns the stored bytes of a segment, or of a piece in an uncompressed file."""
    return size if source.compression is None else SEGMENT * size


def first_key(source: Input, size: int, stored: int) -> Key:
    """Returns the least key of the pieces from a position of the stored bytes on."""
    return stored // unit_bytes(source, size), 0


def pieces_from(source: Input, size: int, stored: int) -> Iterator[TextPiece]:
    """Yields the pieces of an input that can seek, from the one on that belongs to a position.

    Args:
        source: the input.
        size: bytes of a piece.
        stored: position in the stored bytes.
    """
    path = source.file()
    assert path is not None
    file = source.own(open(path, "rb"))  # noqa: SIM115 - closed with the input
    (first, _), blank = first_key(source, size, stored), len(source.blank)
    found: Iterator[TextPiece]
    if source.compression is None:
        file.seek(first * size)
        found = (TextPiece((number, 0), data) for number, data in enumerate(plain_pieces(file, size), first))
        yield from found if first else _texts_without_start(found, blank)
        return
    start = _find_block(file, first * SEGMENT * size)
    file.seek(start)
    stream = ReplayedBytes(file)
    stream.restart(last=True)
    found = _bgzip_pieces(decompress_members(stream, "bgzip", start), size)
    found = read_ahead(found) if source.ahead else found
    found = found if start else _texts_without_start(found, blank)
    yield from dropwhile(lambda piece: piece.key < (first, 0), found)


def _bgzip_pieces(members: Iterable[tuple[int, bytes]], size: int) -> Iterator[TextPiece]:
    """Yields the pieces of the text of members, each text with the position of its member in the stored bytes."""
    segment = number = held = 0
    texts: list[bytes] = []
    for place, text in members:
        if place // (SEGMENT * size) != segment:
            if held:
                yield TextPiece((segment, number), b"".join(texts))
            segment, number, held, texts = place // (SEGMENT * size), 0, 0, []
        texts.append(text)
        held += len(text)
        if held < size:
            continue
        data = b"".join(texts)
        for start in range(0, held - size + 1, size):
            yield TextPiece((segment, number), data[start : start + size])
            number += 1
        texts, held = [data[held - held % size :]], held % size
    if held:
        yield TextPiece((segment, number), b"".join(texts))


def _find_block(file: BinaryIO, start: int) -> int:
    """Returns the position of the first block at or after `start`; 0 where none can be recognised."""
    if not start:
        return 0
    file.seek(start)
    data = file.read(_LARGEST_BLOCK * (_BLOCKS_IN_ROW + 1))
    for match in _BLOCK.finditer(data):
        if match.start() > _LARGEST_BLOCK:
            break
        at, blocks = match.start(), 0
        while blocks < _BLOCKS_IN_ROW and (block := _BLOCK.match(data, at)):
            at += int.from_bytes(block[1], "little") + 1
            blocks += 1
        if blocks == _BLOCKS_IN_ROW or at == len(data):
            return start + match.start()
    return 0


def _without_start(pieces: Iterator[bytes], count: int) -> Iterator[bytes]:
    """Yields pieces without their first `count` bytes."""
    for piece in pieces:
        if len(piece) > count:
            yield piece[count:]
        count = max(count - len(piece), 0)


def _texts_without_start(pieces: Iterator[TextPiece], count: int) -> Iterator[TextPiece]:
    """Yields pieces without the first `count` bytes of their text."""
    for piece in pieces:
        if len(piece.data) > count:
            yield TextPiece(piece.key, piece.data[count:])
        count = max(count - len(piece.data), 0)
