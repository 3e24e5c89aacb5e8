from __future__ import annotations

import struct
from pathlib import Path

import pytest

from seqnet.core.errors import FormatError, TruncatedError
from tests.data.make_annotated import packed

from .examples import DATA, biopython, read

EXPECTED = [("chr1", "ACGTNNNNacgtA", "chr1"), ("second", "TTGCA", "second")]


@pytest.mark.parametrize("name", ["little.2bit", "big.2bit"])
def test_blocks_and_byte_orders(name: str) -> None:
    assert read(DATA / name) == EXPECTED
    records = [(record.id, str(record.seq)) for record in biopython(DATA / name, "twobit")]
    assert records == [(name, symbols) for name, symbols, _ in EXPECTED]


def test_offsets_of_64_bits(tmp_path: Path) -> None:
    path = tmp_path / "in.2bit"
    record = struct.pack("<4I", 5, 0, 0, 0) + bytes([0b00011011, 0b11000000])
    header = struct.pack("<4I", 0x1A412743, 1, 1, 0) + b"\x01a" + struct.pack("<Q", 26)
    path.write_bytes(header + record)
    assert read(path) == [("a", "TCAGG", "a")]


def test_an_unknown_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "in.2bit"
    path.write_bytes(packed("<")[:4] + struct.pack("<I", 2) + packed("<")[8:])
    with pytest.raises(FormatError, match="this is 2bit of version 2; 0 and 1 are known"):
        read(path)


def test_numbers_that_can_not_be_are_reported(tmp_path: Path) -> None:
    path, content = tmp_path / "in.2bit", bytearray(packed("<"))
    first = 16 + 9 + 11
    struct.pack_into("<I", content, first + 8, 12)  # the start of the block of N
    path.write_bytes(content)
    with pytest.raises(FormatError, match="record chr1: a block of the sequence lies beyond its end"):
        read(path)
    struct.pack_into("<I", content, first, 0xFFFFFFFF)
    path.write_bytes(content)
    with pytest.raises(TruncatedError, match="the 2bit file ends too early"):
        read(path)
    struct.pack_into("<I", content, 8, 0xFFFFFFFF)
    path.write_bytes(content)
    with pytest.raises(TruncatedError, match="the 2bit file ends too early"):
        read(path)
