"""`make bench`: what it takes to write records by class, and alignments with tags, beside predicting them alone."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.predict import as_bam, model_of
from benchmarks.racing import Race, options, report, seqnet, write_reads
from seqnet.core.processors import usable_processors

__all__ = ["main"]

_BASES = np.frombuffer(b"ACGT", dtype=np.uint8)
_LENGTH = 36


def _write_fastq(path: Path, count: int) -> Path:
    """Writes random reads with random qualities as FASTQ.gz; returns the path."""
    rng = np.random.default_rng(3)
    with gzip.open(path, "wb", compresslevel=1) as file:
        for start in range(0, count, 100_000):
            shape = (min(100_000, count - start), _LENGTH)
            bases, qualities = _BASES[rng.integers(0, 4, shape)], rng.choice(np.frombuffer(b"#,:F", np.uint8), shape)
            rows = enumerate(zip(bases, qualities, strict=True))
            file.write(
                b"".join(
                    b"@read%d\n%s\n+\n%s\n" % (start + row, one.tobytes(), two.tobytes()) for row, (one, two) in rows
                )
            )
    return path


def main(smoke: bool, repeats: int, records: int) -> None:
    """Prints the tables, and writes them unless this is a smoke test."""
    count = 2_000 if smoke else records
    workers = usable_processors()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        reads, model = _write_fastq(folder / "reads.fq.gz", count), model_of(folder, "dna-cnn")
        bam = as_bam(write_reads(folder / "reads.fa.gz", count), folder / "reads.bam")
        ours = ("--precision", "float32", "--force", "--threads", str(workers))
        table, split = ("-o", folder / "out.tsv"), ("--split-by-class", folder / "split")
        text = {
            "table": seqnet("predict", model, reads, *table, *ours),
            "split by class": seqnet("predict", model, reads, *split, *ours),
            "split by class, and table": seqnet("predict", model, reads, *split, *table, *ours),
            "one class, uncompressed": seqnet(
                "predict", model, reads, "--keep", "real", "--kept", folder / "kept.fq", *ours
            ),
            "embeddings, Parquet": seqnet("predict", model, reads, "--embeddings", folder / "e.parquet", *ours),
        }
        alignments = {
            "table": seqnet("predict", model, bam, *table, *ours),
            "split by class": seqnet("predict", model, bam, *split, *ours),
            "annotate": seqnet("predict", model, bam, "--annotate", folder / "tagged.bam", *ours),
        }
        races = [
            Race(f"dna-cnn, {count:,} reads of 36 bases, FASTQ.gz", "reads", count, text, "table"),
            Race(f"dna-cnn, {count:,} reads of 36 bases, BAM", "reads", count, alignments, "table"),
        ]
        report("splitting", "Speed of writing records back", races, repeats, workers, write=not smoke)


if __name__ == "__main__":
    found = options(__doc__, records=5_000_000)
    main(found.smoke, found.repeats, found.records)
