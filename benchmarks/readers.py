"""`make bench`: reading alone, one process, each format."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path

from benchmarks.predict import as_bam
from benchmarks.racing import Race, options, python, report, write_reads

__all__ = ["main"]

_ENTRANTS = {
    "records": "records",
    "records and tokens, as in predict": "tokens",
    "records of a reader process": "process",
    "pysam": "pysam",
}


def _as_fastq(fasta: Path, target: Path) -> Path:
    """Writes the reads of a FASTA file with qualities, compressed where the name ends in .gz; returns the path."""
    with (
        fasta.open("rb") as source,
        gzip.open(target, "wb", compresslevel=1) if target.suffix == ".gz" else target.open("wb") as out,
    ):
        for name, bases in zip(source, source, strict=True):
            out.write(b"@" + name[1:] + bases + b"+\n" + b"I" * (len(bases) - 1) + b"\n")
    return target


def main(smoke: bool, repeats: int, records: int) -> None:
    """Prints the tables, and writes them unless this is a smoke test."""
    count = 2_000 if smoke else records
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fasta = write_reads(folder / "reads.fa", count)
        packed = write_reads(folder / "packed.fa.gz", count)
        fastq = [_as_fastq(fasta, folder / f"reads.fq{ending}") for ending in ("", ".gz")]
        races = []
        for path in (fasta, packed, *fastq, as_bam(fasta, folder / "reads.bam")):
            format_ = path.name.partition(".")[2].replace("fa", "FASTA").replace("fq", "FASTQ").replace("bam", "BAM")
            entrants = {title: python("benchmarks.rivals.reading", kind, path) for title, kind in _ENTRANTS.items()}
            races.append(Race(f"{format_}, {count:,} reads of 36 bases", "reads", count, entrants, "records"))
        report("readers", "Speed of reading", races, repeats, 1, write=not smoke)


if __name__ == "__main__":
    found = options(__doc__, records=5_000_000)
    main(found.smoke, found.repeats, found.records)
