"""`make bench`: encoding, whole process."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks.predict import as_bam
from benchmarks.racing import Race, report, seqnet, threads, write_reads

__all__ = ["main"]


def main(smoke: bool, repeats: int, records: int) -> None:
    """Prints the tables, and writes them unless this is a smoke test."""
    count, workers = (2_000 if smoke else records), threads()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fasta, packed = write_reads(folder / "a.fa", count // 2), write_reads(folder / "a.fa.gz", count // 2)
        other, bam = write_reads(folder / "b.fa", count // 2, seed=2), as_bam(fasta, folder / "a.bam")
        end = ("--alphabet", "dna", "-o", folder / "out.safetensors", "--force")
        entrants = {
            title: seqnet("encode", "--class", f"a={source}", "--class", f"b={source if same else other}", *end)
            for title, source, same in (("FASTA", fasta, False), ("FASTA.gz", packed, True), ("BAM", bam, True))
        }
        races = [Race(f"encode, {count:,} reads of 36 bases in two classes", "reads", count, entrants, "FASTA")]
        report("encode", "Speed of encode", races, repeats, workers, write=not smoke)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="once, with little, to see that it runs")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--records", type=int, default=10_000_000)
    options = parser.parse_args()
    main(options.smoke, 1 if options.smoke else options.repeats, options.records)
