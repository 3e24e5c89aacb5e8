"""Text of a SAM before htslib reads it: stretches without long reads, whose records are those of htslib."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pysam
import pytest

from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import FormatError
from seqnet.core.ragged import Ragged
from seqnet.readers import open_records
from seqnet.readers.sam_text import SamText, has_long_lines, is_sam, lists_no_references

LONGEST = 64
HEADER = b"@HD\tVN:1.6\n@SQ\tSN:c\tLN:1000\n"
LONG = 9 << 20
"""Bases of a read whose line, with its qualities, is taken out of the text."""


def line(name: str, symbols: bytes, qualities: bytes = b"*", tags: bytes = b"", end: bytes = b"\n") -> bytes:
    return b"\t".join([name.encode(), b"4\t*\t0\t0\t*\t*\t0\t0", symbols, qualities]) + tags + end


def split(text: bytes, longest: int = LONGEST) -> tuple[list[bytes], list[tuple[bytes, bytes]]]:
    sam = SamText(io.BufferedReader(io.BytesIO(text)), longest)
    stretches, reads = [b"".join(sam.stretch())], []
    while sam.before_long_read:
        read = sam.long_read()
        reads.append((read.line, read.symbols.tobytes()))
        stretches.append(b"".join(sam.stretch()))
    return stretches, reads


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_long_reads_are_taken_out_and_the_other_lines_stay(end: bytes) -> None:
    symbols = b"ACGT" * 20
    first, last = line("a", b"ACG", end=end), line("b", b"T", end=end)
    text = (
        HEADER + first + line("long", symbols, b"I" * 80, end=end) + line("x", symbols, b"*", b"\tNM:i:1", end) + last
    )
    stretches, reads = split(text)
    assert stretches == [HEADER + first, HEADER, HEADER + last]
    start = b"\t4\t*\t0\t0\t*\t*\t0\t0\t*\t*"
    assert reads == [(b"long" + start, symbols), (b"x" + start + b"\tNM:i:1", symbols)]


@pytest.mark.parametrize("tail", [b"\n", b""])
def test_a_long_read_may_be_the_last_line(tail: bytes) -> None:
    stretches, reads = split(HEADER + line("long", b"ACGT" * 20, end=tail))
    assert stretches == [HEADER, HEADER]
    assert [symbols for _, symbols in reads] == [b"ACGT" * 20]


@pytest.mark.parametrize(("qualities", "tags"), [(b"*", b""), (b"I" * 80, b"\tNM:i:1"), (b"*", b"\tXX:Z:" + b"y" * 99)])
def test_it_does_not_matter_where_the_text_is_divided(qualities: bytes, tags: bytes) -> None:
    symbols, last = b"ACGT" * 20, line("b", b"T")
    for length in range(1, LONGEST // 2 + 1):  # the text comes in pieces of half of `LONGEST`
        name = "n" * length
        stretches, reads = split(line(name, symbols, qualities, tags) + last)
        assert reads == [(line(name, b"*", b"*", tags, b""), symbols)]
        assert stretches == [b"", last]


@pytest.mark.parametrize("qualities", [b"I" * 79, b"I" * 81, b"**", b""])
def test_other_numbers_of_qualities_and_symbols_are_refused(qualities: bytes) -> None:
    with pytest.raises(ValueError, match="more or fewer base qualities"):
        split(HEADER + line("long", b"ACGT" * 20, qualities))


def test_lines_that_are_long_for_another_reason_stay() -> None:
    text = b"@CO\t" + b"x" * 200 + b"\n" + line("a", b"ACG", tags=b"\tXX:Z:" + b"y" * 200)
    assert split(text) == ([text], [])


def test_symbols_are_those_of_htslib() -> None:
    symbols = bytes(code for code in range(33, 127)) * 2
    _, [(_, found)] = split(line("a", symbols))
    header = pysam.AlignmentHeader.from_dict({"HD": {"VN": "1.6"}})
    read = pysam.AlignedSegment.fromstring(line("a", symbols, end=b"").decode(), header)
    assert found.decode() == read.query_sequence


@pytest.mark.parametrize(("length", "found"), [(LONGEST // 2 - 1, False), (2 * LONGEST, True)])
def test_long_lines_are_found_without_reading_all(tmp_path: Path, length: int, found: bool) -> None:
    for before in range(0, 3 * LONGEST, 7):
        text = b"\n" * before + b"x" * length + b"\n" * LONGEST
        (tmp_path / "x.sam").write_bytes(text)
        assert has_long_lines(str(tmp_path / "x.sam"), LONGEST) is found


def test_heads_are_distinguished() -> None:
    assert is_sam(HEADER)
    assert not is_sam(b"BAM\1")
    assert not lists_no_references(HEADER + line("a", b"A"))
    assert lists_no_references(line("a", b"A"))


def read(path: Path, **options: object) -> tuple[list[str], Ragged]:
    with open_records(str(path), ReadOptions(**options)) as reader:  # type: ignore[arg-type]
        batches = list(reader)
    symbols = Ragged.concatenate([batch.symbols for batch in batches])
    return [name for batch in batches for name in batch.names.text()], symbols


@pytest.fixture(scope="module")
def long_reads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SAM of short reads and two long ones, the second on the reverse strand and at position 500."""
    path = tmp_path_factory.mktemp("long") / "x.sam"
    bases = np.frombuffer(b"ACGT", np.uint8)[np.random.default_rng(0).integers(0, 4, LONG)].tobytes()
    mapped = b"turned\t16\tc\t500\t60\t%dM\t*\t0\t0\t%s\t%s\n" % (LONG, bases, b"I" * LONG)
    path.write_bytes(HEADER + line("a", b"ACG") + line("b", bases, b"I" * LONG) + mapped + line("d", b"TTT"))
    return path


def test_long_reads_are_the_same_records_as_in_a_bam(long_reads: Path, tmp_path: Path) -> None:
    with (
        pysam.AlignmentFile(str(long_reads)) as sam,
        pysam.AlignmentFile(str(tmp_path / "x.bam"), "wb0", template=sam) as bam,
    ):
        for segment in sam:
            bam.write(segment)
    names, symbols = read(long_reads)
    expected_names, expected = read(tmp_path / "x.bam")
    assert names == expected_names == ["a", "b", "turned", "d"]
    assert np.array_equal(symbols.offsets, expected.offsets)
    assert np.array_equal(symbols.data, expected.data)


def test_a_long_read_without_a_listed_reference_is_the_same(long_reads: Path, tmp_path: Path) -> None:
    (tmp_path / "y.sam").write_bytes(long_reads.read_bytes().removeprefix(HEADER))
    names, symbols = read(tmp_path / "y.sam")
    assert names == ["a", "b", "turned", "d"]
    assert np.array_equal(symbols.data, read(long_reads)[1].data)


def test_a_region_has_the_long_read_in_it(long_reads: Path) -> None:
    names, symbols = read(long_reads, region="c:600-700")
    assert (names, symbols.lengths.tolist()) == (["turned"], [LONG])
    assert read(long_reads, region="c:1-499")[0] == []


def test_a_cigar_of_another_length_is_refused(long_reads: Path, tmp_path: Path) -> None:
    (tmp_path / "z.sam").write_bytes(long_reads.read_bytes().replace(b"\t%dM" % LONG, b"\t%dM" % (LONG - 1)))
    with pytest.raises(FormatError, match="a line is not valid SAM"):
        read(tmp_path / "z.sam")
