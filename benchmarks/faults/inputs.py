"""Small files of every format that is read, and the datasets, models and checkpoints of a small network."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

__all__ = [
    "CONTAINERS",
    "MODEL",
    "ROOT",
    "SEQNET",
    "WITHOUT_CHECKSUM",
    "WITH_CHECKSUM",
    "call",
    "make_inputs",
    "make_model",
]

ROOT = Path(__file__).parent.parent.parent
SEQNET = [sys.executable, "-m", "seqnet"]
MODEL = ("--network", "dense", "--set", "dense=[4]", "--set", "epochs=3", "--threads", "1", "--no-audit")
_ANNOTATED = (
    "genome.gb", "genome.embl", "proteins.dat", "proteins.xml", "family.sto", "alignment.aln", "interleaved.phy",
    "sequential.phy", "matrix.nex", "little.2bit", "big.2bit", "sanger.ab1",
)  # fmt: skip
"""Files of `tests/data`."""
WITHOUT_CHECKSUM = ("reads.fa", "reads.fq", "reads.sam", "proteins.tsv", "proteins.csv", *_ANNOTATED)
WITH_CHECKSUM = (
    "reads.fa.gz", "reads.fa.bgz", "reads.fa.bz2", "reads.fa.xz", "reads.fa.zst", "reads.bam", "reads.cram",
    "proteins.xlsx", "proteins.parquet", "proteins.npz",
)  # fmt: skip
"""Files of records that `make_inputs` writes, by whether their format has a checksum."""
CONTAINERS = ("d.safetensors", "m.safetensors", "m.checkpoint.safetensors")
"""Files that `make_model` writes; each has a checksum."""
_RECORDS, _LENGTH = 60, 40


def call(*words: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs a command of seqnet that must succeed."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run(
        [*SEQNET, *map(str, words)], cwd=folder, capture_output=True, text=True, check=False, env=environment
    )
    if done.returncode:
        raise RuntimeError(f"seqnet {' '.join(map(str, words))}\n{done.stderr[-2000:]}")
    return done


def make_inputs(folder: Path) -> None:
    """Writes `WITHOUT_CHECKSUM` and `WITH_CHECKSUM`, one file of each format, unless they are there."""
    if (folder / "proteins.npz").exists():
        return
    rng = random.Random(1)
    reads = [(f"r{index}", "".join(rng.choices("ACGT", k=_LENGTH))) for index in range(_RECORDS)]
    proteins = [
        (f"p{index}", "M" + "".join(rng.choices("ACDEFGHIKLMNPQRSTVWY", k=_LENGTH)), ("yes", "no")[index % 2])
        for index in range(_RECORDS)
    ]
    for name in _ANNOTATED:
        shutil.copy(ROOT / "tests" / "data" / name, folder / name)
    fasta = "".join(f">{name}\n{sequence}\n" for name, sequence in reads).encode()
    (folder / "reads.fa").write_bytes(fasta)
    fastq = "".join(f"@{name}\n{sequence}\n+\n{'I' * len(sequence)}\n" for name, sequence in reads)
    (folder / "reads.fq").write_text(fastq)
    _compress(folder, fasta)
    _align(folder, reads)
    _tabulate(folder, proteins)


def _compress(folder: Path, fasta: bytes) -> None:
    import pysam
    import zstandard

    (folder / "reads.fa.gz").write_bytes(gzip.compress(fasta, mtime=0))
    (folder / "reads.fa.bz2").write_bytes(bz2.compress(fasta))
    (folder / "reads.fa.xz").write_bytes(lzma.compress(fasta))
    (folder / "reads.fa.zst").write_bytes(zstandard.ZstdCompressor(write_checksum=True).compress(fasta))
    pysam.tabix_compress(str(folder / "reads.fa"), str(folder / "reads.fa.bgz"), force=True)


def _align(folder: Path, reads: list[tuple[str, str]]) -> None:
    import pysam

    reference = "".join(sequence for _, sequence in reads)
    (folder / "reference.fa").write_text(f">chr\n{reference}\n")
    pysam.faidx(str(folder / "reference.fa"))
    header = pysam.AlignmentHeader.from_dict({"HD": {"VN": "1.6"}, "SQ": [{"SN": "chr", "LN": len(reference)}]})
    for ending, mode in ((".sam", "wh"), (".bam", "wb"), (".cram", "wc")):
        with pysam.AlignmentFile(
            str(folder / f"reads{ending}"), mode, header=header, reference_filename=str(folder / "reference.fa")
        ) as file:
            for index, (name, sequence) in enumerate(reads):
                read = pysam.AlignedSegment(header)
                read.query_name, read.flag, read.mapping_quality = name, 0, 60
                read.reference_id, read.reference_start = 0, index * _LENGTH
                read.cigarstring, read.query_sequence = f"{_LENGTH}M", sequence
                read.query_qualities = pysam.qualitystring_to_array("I" * _LENGTH)
                file.write(read)


def _tabulate(folder: Path, proteins: list[tuple[str, str, str]]) -> None:
    import openpyxl
    import pyarrow as pa
    import pyarrow.parquet as pq

    heading = ("name", "sequence", "label")
    for ending, separator in (("tsv", "\t"), ("csv", ",")):
        text = "".join(separator.join(row) + "\n" for row in (heading, *proteins))
        (folder / f"proteins.{ending}").write_text(text)
    columns = {name: list(column) for name, column in zip(heading, zip(*proteins, strict=True), strict=True)}
    pq.write_table(pa.table(columns), folder / "proteins.parquet", write_page_checksum=True)
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("proteins")
    for row in (heading, *proteins):
        sheet.append(row)
    book.save(folder / "proteins.xlsx")
    tokens = np.random.default_rng(1).integers(1, 21, (_RECORDS, _LENGTH))
    np.savez(folder / "proteins.npz", positives=tokens[: _RECORDS // 2], negatives=tokens[_RECORDS // 2 :])


def make_model(folder: Path) -> None:
    """Writes `CONTAINERS`, unless they are there."""
    if (folder / "m.safetensors").exists():
        return
    reads = ROOT / "data" / "simulated_reads.bam"
    words = ("--class", f"human={reads}", "--class", "random=@uniform", "--limit", "150")
    call("encode", *words, "-o", "d.safetensors", folder=folder)
    call("train", "d.safetensors", *MODEL, "-o", "m.safetensors", folder=folder)
