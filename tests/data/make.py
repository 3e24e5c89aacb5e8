"""Makes the binary files of this folder from invented sequences: `python tests/data/make.py`.

| file | special content |
|---|---|
| reverse.bam, reverse.bam.bai | both strands, IUPAC codes, secondary, supplementary, unmapped, `*` |
| reference.fa | the reference of these reads |
| unaligned.sam | no references in its header |
| header_only.bam | no reads |
| no_end_marker.bam | truncated before its end marker |
| truncated.bam | truncated within a read |
| damaged.bam | a bit error in its middle |
| wrapped.fa.bgz, wrapped.fa.zst | compressed in several members |
| truncated.fa.gz | truncated in its middle |
| proteins.npz | two classes of protein tokens |
| gap.npz | padding within a sequence |
| pickled.npz | Python objects |
| proteins.parquet | a null sequence, a whole-number label |
| proteins.xlsx | numbers, a date, an empty row, a second sheet |
"""

from __future__ import annotations

import gzip
from datetime import date
from pathlib import Path
from random import Random

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pysam
import zstandard

DATA = Path(__file__).parent
REFERENCE_LENGTH = 600


def reads(header: pysam.AlignmentHeader, reference: str) -> list[pysam.AlignedSegment]:
    """Returns aligned reads, sorted by position, and an unaligned pair at the end."""
    rows = [
        # name, flag, start (0-based), mapping quality, CIGAR, sequence; None: as the reference
        ("forward", 0, 10, 60, "20M", None),
        ("reverse", 16, 30, 60, "20M", None),
        ("ambiguous", 16, 50, 30, "15M", "ACGTRYKMBDHVNSW"),
        ("pair", 99, 100, 20, "20M", None),
        ("pair", 147, 150, 20, "20M", None),
        ("placed", 73, 200, 5, "20M", None),
        ("placed", 133, 200, 0, None, "GATTACAGATTACA"),
        ("repeat", 0, 300, 0, "20M", None),
        ("repeat", 272, 400, 0, "20M", None),
        ("split", 0, 450, 60, "20M", None),
        ("split", 2064, 500, 60, "20M", None),
        ("hidden", 0, 550, 60, "20M", ""),
        ("lost", 77, -1, 0, None, "TTGACCA"),
        ("lost", 141, -1, 0, None, "CCATGNN"),
    ]
    made = []
    for name, flag, start, quality, cigar, sequence in rows:
        read = pysam.AlignedSegment(header)
        read.query_name, read.flag, read.mapping_quality = name, flag, quality
        read.reference_id, read.reference_start = (0, start) if start >= 0 else (-1, -1)
        read.cigarstring = cigar
        read.query_sequence = reference[start : start + 20] if sequence is None else sequence or None
        if read.query_sequence:
            read.query_qualities = pysam.qualitystring_to_array("I" * len(read.query_sequence))
        made.append(read)
    return made


def make_alignments(random: Random) -> None:
    """Writes the BAM, CRAM and SAM files."""
    reference = "".join(random.choices("ACGT", k=REFERENCE_LENGTH))
    (DATA / "reference.fa").write_text(f">chrT\n{reference}\n")
    header = pysam.AlignmentHeader.from_dict(
        {"HD": {"VN": "1.6", "SO": "coordinate"}, "SQ": [{"SN": "chrT", "LN": REFERENCE_LENGTH}]}
    )
    with pysam.AlignmentFile(str(DATA / "reverse.bam"), "wb", header=header) as file:
        for read in reads(header, reference):
            file.write(read)
    pysam.index(str(DATA / "reverse.bam"))
    with pysam.AlignmentFile(str(DATA / "header_only.bam"), "wb", header=header):
        pass
    unaligned = "".join(f"u{number}\t4\t*\t0\t0\t*\t*\t0\t0\tACGTN\t*\n" for number in range(3))
    (DATA / "unaligned.sam").write_text("@HD\tVN:1.6\tSO:unsorted\n" + unaligned)
    whole = DATA / "whole.bam"
    with pysam.AlignmentFile(str(whole), "wb", header=header) as file:
        for read in reads(header, reference) * 500:
            file.write(read)
    content = whole.read_bytes()
    whole.unlink()
    middle = len(content) // 2
    (DATA / "no_end_marker.bam").write_bytes(content[:-28])
    (DATA / "truncated.bam").write_bytes(content[:middle])
    (DATA / "damaged.bam").write_bytes(content[:middle] + b"damage" + content[middle + 6 :])


def make_compressed() -> None:
    """Writes the compressed FASTA files."""
    wrapped = DATA / "wrapped.fa"
    text = wrapped.read_bytes()
    pysam.tabix_compress(str(wrapped), str(DATA / "wrapped.fa.bgz"), force=True)
    (DATA / "wrapped.fa.zst").write_bytes(zstandard.compress(text[:20]) + zstandard.compress(text[20:]))
    whole = gzip.compress(text * 50, mtime=0)
    (DATA / "truncated.fa.gz").write_bytes(whole[: len(whole) // 2])


def make_arrays() -> None:
    """Writes the token archives and the Parquet table."""
    positives = np.array([[1, 2, 3, 0, 0], [20, 19, 18, 17, 16], [0, 0, 0, 0, 0]])
    np.savez(DATA / "proteins.npz", positives=positives, negatives=np.asfortranarray(positives[:2, :4]))
    np.savez(DATA / "gap.npz", positives=np.array([[1, 2, 3], [1, 0, 3]]))
    np.savez(DATA / "pickled.npz", positives=np.array([[{"a": 1}]], dtype=object))
    columns = {"name": ["p1", "p2", "p3"], "sequence": ["MKV", None, "NA"], "label": [1, 0, None]}
    pq.write_table(pa.table(columns), DATA / "proteins.parquet")


def make_workbook() -> None:
    """Writes the Excel workbook."""
    book = openpyxl.Workbook()
    first = book.active
    assert first is not None
    for row in (
        ("name", "sequence", "label", "taken"),
        ("p1", "MKV ", 1, date(2024, 2, 29)),
        (),
        (2, "NA", 0.5, None),
        ("p3", "GGG", True, "#N/A"),
    ):
        first.append(row)
    book.create_sheet("notes").append(("not", "read"))
    book.save(DATA / "proteins.xlsx")


if __name__ == "__main__":
    make_alignments(Random(20240229))
    make_compressed()
    make_arrays()
    make_workbook()
