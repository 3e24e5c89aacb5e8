"""UCSC's 2bit to record batches, one sequence at a time.

A table unpacks four bases at a time. Blocks of N, and masked blocks, which are in lower case, are then written over the
bases.

Source: https://genome.ucsc.edu/FAQ/FAQformat.html#format7
"""

from __future__ import annotations

import io
import struct
from collections import Counter
from collections.abc import Generator, Iterator
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import FormatError, TruncatedError
from seqnet.core.printable import quoted
from seqnet.core.records import RecordBatch
from seqnet.readers.formats import RecordFormat
from seqnet.readers.inputs import Input
from seqnet.readers.single_records import SingleRecord, batched

__all__ = ["FORMAT"]

_MARK = 0x1A412743
_MARKS = {_MARK.to_bytes(4, "little"): "<", _MARK.to_bytes(4, "big"): ">"}
_OFFSETS = {0: "I", 1: "Q"}
"""Version → type of the offsets in the index."""
_BASES = np.frombuffer(b"TCAG", dtype=np.uint8)
_LOWER = 32
"""Difference between an upper case and a lower case ASCII letter."""
_SHIFTS = np.array([6, 4, 2, 0], dtype=np.uint8)
_UNPACKED = _BASES[(np.arange(256, dtype=np.uint8)[:, None] >> _SHIFTS) & 3]  # (256, 4)


def _recognises(head: bytes) -> bool:
    return head[:4] in _MARKS


def _read(source: Input, options: ReadOptions, skipped: Counter[str]) -> Generator[RecordBatch, None, None]:
    return batched(_records(source), options)


def _records(source: Input) -> Iterator[SingleRecord]:
    reading = _Reading(source.seekable(), _MARKS[source.head[:4]])
    for name, offset in reading.index():
        yield SingleRecord(name, reading.sequence(name, offset).tobytes())


class _Reading:
    """Reader of the numbers and sequences of one file.

    Args:
        file: the file.
        order: byte order of its numbers, `<` or `>`.
    """

    def __init__(self, file: BinaryIO, order: str) -> None:
        self._file = file
        self._order = order
        self._size = file.seek(0, io.SEEK_END)

    def index(self) -> list[tuple[str, int]]:
        """Returns name and offset of all sequences, in file order."""
        self._file.seek(4)
        version, count, _ = self._numbers(3).tolist()
        if version not in _OFFSETS:
            raise FormatError(f"this is 2bit of version {version}; 0 and 1 are known", "write it with faToTwoBit")
        offset = struct.Struct(self._order + _OFFSETS[version])
        found = []
        for _ in range(count):
            (length,) = self._bytes(1)
            name = self._bytes(length)
            found.append((name.decode("utf-8", "replace"), int(offset.unpack(self._bytes(offset.size))[0])))
        return found

    def sequence(self, name: str, offset: int) -> NDArray[np.uint8]:
        """Returns the letters (L,) uint8 of the sequence at an offset."""
        if offset > self._size:
            raise TruncatedError(f"the file ends before the sequence {quoted(name)}", "get the file again")
        self._file.seek(offset)
        length = int(self._numbers(1)[0])
        unknown, masked = self._blocks(name, length), self._blocks(name, length)
        self._numbers(1)  # reserved
        packed = np.frombuffer(self._bytes((length + 3) // 4), dtype=np.uint8)
        letters: NDArray[np.uint8] = _UNPACKED[packed].reshape(-1)[:length]  # (ceil(L / 4), 4) -> (L,)
        for start, stop in unknown:
            letters[start:stop] = ord("N")
        for start, stop in masked:
            letters[start:stop] |= _LOWER
        return letters

    def _blocks(self, name: str, length: int) -> list[tuple[int, int]]:
        """Returns start and stop (0-based, half-open) of the blocks at the current position."""
        count = int(self._numbers(1)[0])
        starts, sizes = self._numbers(count).astype(np.int64), self._numbers(count).astype(np.int64)
        stops = starts + sizes
        if (stops > length).any():
            raise FormatError("a block of the sequence lies beyond its end", "get the file again", record=name)
        return list(zip(starts.tolist(), stops.tolist(), strict=True))

    def _numbers(self, count: int) -> NDArray[np.uint32]:
        return np.frombuffer(self._bytes(4 * count), dtype=self._order + "u4")

    def _bytes(self, size: int) -> bytes:
        """Returns the next bytes, after checking that the file has them, because a damaged number may ask for more."""
        if size > self._size - self._file.tell():
            raise TruncatedError("the 2bit file ends too early", "get the file again")
        return self._file.read(size)


FORMAT = RecordFormat(_recognises, _read)
