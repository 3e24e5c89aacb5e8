from __future__ import annotations

import gzip
import io
import random
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pysam
import pytest

from seqnet.core.errors import FormatError, TruncatedError
from seqnet.readers.bam import read_bam
from seqnet.readers.pieces import Pieces, plain_pieces

from .examples import REAL, needs_real_data

Row = tuple[int, int, str, str]
SYMBOLS = "=ACMGRSVTWYHKDBN"


def expected(path: Path) -> list[Row]:
    """Returns flag, mapping quality, name and sequence of all reads, by htslib."""
    with pysam.AlignmentFile(str(path), check_sq=False) as file:
        return [
            (one.flag, one.mapping_quality, one.query_name or "", one.query_sequence or "")
            for one in file.fetch(until_eof=True)
        ]


def decoded(content: bytes, size: int) -> list[Row]:
    rows: list[Row] = []
    for reads in read_bam(Pieces(plain_pieces(io.BytesIO(content), size))):
        columns = (reads.flags.tolist(), reads.qualities.tolist(), reads.names.text(), reads.symbols.text())
        rows += list(zip(*columns, strict=True))
    return rows


@pytest.fixture
def any_reads(tmp_path: Path) -> Path:
    """Reads of any length, also zero, with and without qualities, alignments and tags."""
    rng = random.Random(1)
    path = tmp_path / "any.bam"
    with pysam.AlignmentFile(str(path), "wb", header={"SQ": [{"SN": "chrT", "LN": 10_000}]}) as file:
        for number in range(300):
            length = rng.choice([0, 1, 2, 3, 36, 151, rng.randrange(3000)])
            one = pysam.AlignedSegment(file.header)
            one.query_name = rng.choice(["*", "r", "x" * 254, f"read/{number}"])
            one.query_sequence = "".join(rng.choices(SYMBOLS, k=length)) or None
            one.flag, one.mapping_quality = rng.randrange(1 << 12), rng.randrange(256)
            if length and rng.random() < 0.5:
                one.query_qualities = pysam.qualitystring_to_array("I" * length)
            if length and rng.random() < 0.5:
                one.reference_id, one.reference_start, one.cigartuples = 0, number, [(0, length - 1), (1, 1)]
            if rng.random() < 0.5:
                one.set_tag("XZ", "y" * rng.randrange(500))
            file.write(one)
    return path


@pytest.mark.parametrize("size", [1, 50, 1000, 1 << 20])
def test_it_agrees_with_htslib(any_reads: Path, size: int) -> None:
    assert decoded(gzip.decompress(any_reads.read_bytes()), size) == expected(any_reads)


@pytest.mark.real_data
@needs_real_data
@pytest.mark.parametrize("name", ["na12878_chr22.bam", "human_reads_36bp.bam"])
def test_it_agrees_with_htslib_on_real_reads(name: str) -> None:
    path = REAL / name
    assert decoded(gzip.decompress(path.read_bytes()), 1 << 16) == expected(path)


def record(
    *,
    size: int | None = None,
    name: bytes = b"r\0",
    operations: int = 0,
    length: int = 4,
    rest: bytes = b"\x12\x48IIII",
) -> bytes:
    """Returns a record with the sequence ACGT by default."""
    fixed = struct.pack("<iiBBHHHiiii", -1, -1, len(name), 0, 0, operations, 4, length, -1, -1, 0)
    body = fixed + name + rest
    return struct.pack("<i", len(body) if size is None else size) + body


HEADER = b"BAM\1" + struct.pack("<ii", 0, 0)


def test_a_record_made_by_hand() -> None:
    assert decoded(HEADER + record(), 100) == [(4, 0, "r", "ACGT")]


@pytest.mark.parametrize("name", [b"read", b"read\0", b"read\0\0\0", b"read\0x\0"])
def test_a_name_ends_at_its_first_zero(name: bytes, tmp_path: Path) -> None:
    path = tmp_path / "in.bam"
    path.write_bytes(HEADER + record() + record(name=name) + record())
    assert decoded(path.read_bytes(), 1000) == expected(path)
    assert [row[2] for row in expected(path)] == ["r", "read", "r"]


def test_a_size_beyond_the_file_takes_no_memory() -> None:
    tracemalloc.start()
    with pytest.raises(TruncatedError, match="ends within a read"):
        decoded(HEADER + record() + record(size=(1 << 31) - 1), 1000)
    with pytest.raises(TruncatedError, match="ends within the BAM header"):
        decoded(b"BAM\1" + struct.pack("<i", (1 << 31) - 1), 1000)
    assert tracemalloc.get_traced_memory()[1] < 1 << 28
    tracemalloc.stop()


@pytest.mark.parametrize(
    "damaged",
    [
        record(size=0),
        record(size=31),
        record(size=-1),
        record(length=-1),
        record(length=5),
        record(length=1 << 30),
        record(operations=60_000),
        record(name=b""),
    ],
    ids=["no size", "too short", "negative size", "negative", "long", "very long", "alignment", "no name"],
)
def test_a_damaged_record_is_refused_wherever_it_stands(damaged: bytes) -> None:
    for content in (HEADER + damaged, HEADER + record() + damaged, HEADER + damaged + record()):
        with pytest.raises(FormatError, match="the BAM data are damaged"):
            decoded(content, 1000)


def test_a_bam_that_ends_anywhere_but_between_records_is_refused() -> None:
    whole = HEADER + record() + record()
    ends = {len(HEADER), len(HEADER + record()), len(whole)}
    for length in range(4, len(whole)):
        if length not in ends:
            for size in (1, 10, 1000):
                with pytest.raises(TruncatedError, match="ends within"):
                    decoded(whole[:length], size)


def test_columns_have_the_types_that_they_promise() -> None:
    (reads,) = read_bam(Pieces([HEADER + record()]))
    assert [reads.flags.dtype, reads.qualities.dtype] == [np.dtype("uint16"), np.dtype("uint8")]
    assert len(reads) == len(reads.names) == len(reads.symbols) == 1
