"""`make bench`: encoding, whole process."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.predict import as_bam
from benchmarks.racing import Race, options, report, seqnet, write_reads
from seqnet.core.processors import usable_processors

__all__ = ["main"]


def _encoding(one: Path, other: Path, target: Path) -> Callable[[], float | None]:
    """Returns what encodes two classes into a new file: to replace one is to wait for the disk."""
    run = seqnet("encode", "--class", f"a={one}", "--class", f"b={other}", "--alphabet", "dna", "-o", target)

    def fresh() -> float | None:
        target.unlink(missing_ok=True)
        started = time.perf_counter()
        run()
        return time.perf_counter() - started

    return fresh


def main(smoke: bool, repeats: int, records: int) -> None:
    """Prints the tables, and writes them unless this is a smoke test."""
    count, workers = (2_000 if smoke else records), usable_processors()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fasta = [write_reads(folder / f"{seed}.fa", count // 2, seed=seed) for seed in (1, 2)]
        packed = [write_reads(folder / f"{seed}.fa.gz", count // 2, seed=seed) for seed in (1, 2)]
        bam = [as_bam(path, path.with_suffix(".bam")) for path in fasta]
        entrants = {
            title: _encoding(one, other, folder / f"{title}.safetensors")
            for title, (one, other) in (("FASTA", fasta), ("FASTA.gz", packed), ("BAM", bam))
        }
        races = [Race(f"encode, {count:,} reads of 36 bases in two classes", "reads", count, entrants, "FASTA")]
        report("encode", "Speed of encode", races, repeats, workers, write=not smoke)


if __name__ == "__main__":
    found = options(__doc__, records=10_000_000)
    main(found.smoke, found.repeats, found.records)
