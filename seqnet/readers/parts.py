"""Parts of files: which bytes a shard reads, and the pieces of text that belong to them.

A part is a range of stored bytes. Every batch of a file is in one part: for files that can be read from any place on
(uncompressed or bgzip; FASTA, FASTQ and BAM), a part has the batches that are complete with a piece of its range. Of
other files, all batches are read and counted.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import NamedTuple, Self

from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import InputError, SettingError
from seqnet.readers.inputs import Input
from seqnet.readers.pieces import Pieces, TextPiece, can_seek, first_key, pieces_from, unit_bytes, whole_pieces
from seqnet.readers.record_starts import RecordStarts, UnknownStartError

__all__ = ["PartOfFile", "Shard", "is_read_directly", "part_pieces", "shard_parts"]

_SHARD = re.compile(r"([0-9]{1,9})/([0-9]{1,9})")
_WINDOW = 1 << 22
"""Bytes in which the start of a record is looked for."""


@dataclass(frozen=True)
class Shard:
    """One of several shards of some files.

    Attributes:
        number: 1-based.
        count: of all shards.
    """

    number: int
    count: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Returns the shard that a text like `3/10` names.

        Raises:
            SettingError: the text is not I/N with 1 ≤ I ≤ N.
        """
        if match := _SHARD.fullmatch(text):
            found = cls(int(match[1]), int(match[2]))
            if 1 <= found.number <= found.count:
                return found
        raise SettingError("shard", text, "I/N with I from 1 to N, such as 3/10")

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"


class PartOfFile(NamedTuple):
    """A range of the stored bytes of a file.

    Attributes:
        path: the file.
        start: first byte.
        end: byte after the last one; None for the end of the file.
    """

    path: str
    start: int
    end: int | None

    def options(self, options: ReadOptions) -> ReadOptions:
        """Returns options that read this part."""
        return replace(options, part_start=self.start, part_end=self.end)


def shard_parts(paths: Sequence[str], shard: Shard) -> list[PartOfFile]:
    """Returns the parts of files that a shard reads, in order; shards have equal numbers of stored bytes.

    Raises:
        InputError: an input is not a regular file, so its size is not known.
        OSError: a file is not there.
    """
    for path in paths:
        if path == "-" or (not os.path.isfile(path) and os.stat(path)):
            place = "stdin" if path == "-" else path
            raise InputError("shards need files, whose sizes are known", "write it to a file first", path=place)
    sizes = [os.path.getsize(path) for path in paths]
    total = sum(sizes)
    low, high = (total * number // shard.count for number in (shard.number - 1, shard.number))
    found, before = [], 0
    for path, size in zip(paths, sizes, strict=True):
        start, end = low - before, high - before
        before += size
        # An empty file is in the shard with the byte after it, or else in the last one.
        if (start < size and end > 0) if size else (start <= 0 and (end > 0 or shard.number == shard.count)):
            found.append(PartOfFile(path, max(start, 0), None if end >= size else end))
    return found


class _Bound(NamedTuple):
    """Where a part begins or ends.

    Attributes:
        key: of the piece in which it is.
        offset: its place in the piece.
        origin: position in the stored bytes from which the piece can be reached.
    """

    key: tuple[int, int]
    offset: int
    origin: int


def part_pieces(
    source: Input, options: ReadOptions, size: int, starts: type[RecordStarts], header: int = 0
) -> tuple[Pieces, int]:
    """Returns the text of the part of an input that the options name, and the 1-based number of its first line.

    The first line of a part has the number 1: those before it are counted only for an error, by `Input.lines_before`. A
    part that is not at the start of a file has no header.

    Args:
        source: the input.
        options: have the part.
        size: bytes of a piece.
        starts: follows the records of the format.
        header: bytes of text before the first record.
    """
    if not is_read_directly(source, options):
        return whole_pieces(source, size)
    find = partial(_bound, source, size, starts, header)
    first = find(options.part_start) if options.part_start else _Bound((0, 0), 0, 0)
    last = None if options.part_end is None else find(options.part_end)
    if options.part_start and first is not None:
        source.lines_before = partial(_lines_before, source, size, first)
    line = 1 if options.part_start else 1 + source.blank.count(b"\n")
    if first is None or (last is not None and last <= first):
        return Pieces(()), line  # the last record begins in a part before this one
    return _Between(source, size, first, last), line


def is_read_directly(source: Input, options: ReadOptions) -> bool:
    """Returns whether a part of this input is read without the rest of it."""
    return options.has_part and can_seek(source)


def _bound(source: Input, size: int, starts: type[RecordStarts], header: int, place: int) -> _Bound | None:
    """Returns where the part that begins at a position of the stored bytes begins; None after the last record."""
    if first_key(source, size, place) > (0, 0):
        with suppress(UnknownStartError):
            return _guessed_bound(source, size, starts, place)
    follow, first = starts.at_start(header), first_key(source, size, place)
    for piece in pieces_from(source, size, 0):
        offset = follow.last(piece.data)
        if offset is not None and piece.key >= first:
            return _Bound(piece.key, offset, place)
    return None


def _guessed_bound(source: Input, size: int, starts: type[RecordStarts], place: int) -> _Bound | None:
    """Returns what `_bound` does, without the text before.

    Raises:
        UnknownStartError: that is not possible.
    """
    found = pieces_from(source, size, place)
    window: list[TextPiece] = []
    for piece in found:
        window.append(piece)
        if sum(len(one.data) for one in window) >= _WINDOW:
            break
    following = next(found, None)
    follow = starts.guess(b"".join(one.data for one in window), following is None)
    for piece in chain(window, [] if following is None else [following], found):
        offset = follow.last(piece.data)
        if offset is not None:
            return _Bound(piece.key, offset, place)
    return None


def _lines_before(source: Input, size: int, first: _Bound) -> int:
    """Returns the number of line ends before a bound."""
    count = source.blank.count(b"\n")
    for piece in pieces_from(source, size, 0):
        if piece.key >= first.key:
            return count + piece.data.count(b"\n", 0, first.offset)
        count += piece.data.count(b"\n")
    return count


class _Between(Pieces):
    """The pieces between two bounds; the source has the stored bytes that they stand for as its place."""

    def __init__(self, source: Input, size: int, first: _Bound, last: _Bound | None) -> None:
        super().__init__(self._pieces(source, size, first, last))

    def _pieces(self, source: Input, size: int, first: _Bound, last: _Bound | None) -> Iterator[bytes]:
        for piece in pieces_from(source, size, first.origin):
            if piece.key < first.key:
                continue
            data = piece.data[first.offset :] if piece.key == first.key else piece.data
            source.place = (piece.key[0] - first.key[0]) * unit_bytes(source, size)
            if data:
                yield data
            if last is not None and piece.key == last.key:
                self.overhang = len(piece.data) - last.offset
                return
