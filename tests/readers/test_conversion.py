from __future__ import annotations

import gzip
from pathlib import Path

import pysam
import pytest

from seqnet.configs.readers import ReadOptions
from seqnet.core.bgzf import BGZF_END, bgzf
from seqnet.core.errors import FormatError, SeqnetError
from seqnet.readers import conversion, open_records

HEADER = {"HD": {"VN": "1.6"}, "SQ": [{"SN": "chr1", "LN": 1000}]}
LINES = (
    "a\t99\tchr1\t10\t60\t4M\t=\t20\t14\tACGT\tIIII\tNM:i:0\n"
    "a\t147\tchr1\t20\t60\t2S2M\t=\t10\t-14\tACGT\tIIII\tRG:Z:x\n"
    "a\t355\tchr1\t30\t0\t4M\t=\t20\t14\tACGT\t*\n"
    "b\t4\t*\t0\t0\t*\t*\t0\t0\tNNAC\tIIII\n"
)


def stored(path: Path, **options: str | None) -> bytes:
    """Returns the header and the records of a file, as in an uncompressed BAM."""
    found = b""
    with open_records(str(path), ReadOptions(originals=True, **options)) as reader:  # type: ignore[arg-type]
        for batch in reader:
            assert batch.originals is not None
            if batch.originals.beginning is not None:
                found += batch.originals.beginning.header
            found += batch.originals.entries.data.tobytes()
    return found


@pytest.fixture
def sam(tmp_path: Path) -> Path:
    path = tmp_path / "reads.sam"
    path.write_text("@HD\tVN:1.6\n@SQ\tSN:chr1\tLN:1000\n" + LINES)
    return path


def test_sam_bam_and_cram_are_one(sam: Path, tmp_path: Path) -> None:
    reference = tmp_path / "ref.fa"
    reference.write_text(">chr1\n" + "A" * 1000 + "\n")
    bam, cram = tmp_path / "reads.bam", tmp_path / "reads.cram"
    pysam.samtools.view("--no-PG", "-b", "-o", str(bam), str(sam), catch_stdout=False)
    pysam.samtools.view("--no-PG", "-C", "-T", str(reference), "-o", str(cram), str(sam), catch_stdout=False)
    expected = gzip.decompress(bam.read_bytes())
    assert stored(bam) == stored(sam) == expected
    back = tmp_path / "back.bam"
    back.write_bytes(bgzf(stored(cram, reference=str(reference))) + BGZF_END)
    with (
        pysam.AlignmentFile(str(back)) as one,
        pysam.AlignmentFile(str(cram), reference_filename=str(reference)) as two,
    ):
        assert [read.to_string() for read in one] == [read.to_string() for read in two.fetch(until_eof=True)]


def test_a_region_has_its_alignments(sam: Path) -> None:
    pysam.samtools.sort("-o", str(sam.with_suffix(".bam")), str(sam), catch_stdout=False)
    found = sam.with_name("found.bam")
    found.write_bytes(bgzf(stored(sam.with_suffix(".bam"), region="chr1:1-15")) + BGZF_END)
    with pysam.AlignmentFile(str(found)) as reads:
        assert [read.flag for read in reads] == [99]


def test_a_sam_without_references_is_refused_where_it_needs_them(tmp_path: Path) -> None:
    path = tmp_path / "reads.sam"
    path.write_text(LINES)
    with pytest.raises(FormatError, match="the header does not list the reference 'chr1'"):
        stored(path)
    path.write_text(LINES.splitlines(keepends=True)[-1])
    assert b"b\0" in stored(path)
    path.write_text("@RG\tID:x\n" + LINES.splitlines(keepends=True)[-1])
    assert b"@RG\tID:x\n" in stored(path)
    assert b"b\0" in stored(path)


def test_an_error_of_htslib_is_that_of_the_reader(sam: Path) -> None:
    sam.write_text(sam.read_text() + "c\t0\tchr1\tten\t60\t4M\t*\t0\t0\tACGT\tIIII\n")
    with pytest.raises(SeqnetError, match="a line is not valid SAM"):
        stored(sam)


def test_a_reader_that_is_closed_early_ends_the_conversion(sam: Path) -> None:
    sam.write_text(sam.read_text() + LINES * 20_000)
    with open_records(str(sam), ReadOptions(originals=True, batch_bytes=1000)) as reader:
        next(iter(reader))


def test_the_temporary_file_does_not_grow_with_the_input(sam: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversion, "_CHUNK", 1 << 12)
    sam.write_text(sam.read_text() + LINES * 20_000)
    sizes: list[int] = []
    taken = conversion._GrowingFile.taken

    def watched(spool: conversion._GrowingFile) -> bytes:
        sizes.append(spool.waiting())
        return taken(spool)

    monkeypatch.setattr(conversion._GrowingFile, "taken", watched)
    bam = sam.with_suffix(".bam")
    pysam.samtools.view("--no-PG", "-b", "-o", str(bam), str(sam), catch_stdout=False)
    assert stored(sam) == gzip.decompress(bam.read_bytes())
    assert len(sizes) > 30
    assert max(sizes) < 1 << 18
