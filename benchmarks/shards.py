"""`make bench`: N shards side by side, one thread each, against one run with one thread."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.predict import model_of
from benchmarks.racing import Race, options, report, seqnet, write_reads
from seqnet.core.processors import usable_processors

__all__ = ["main", "shards"]


def shards(model: Path | str, reads: Path, folder: Path, count: int) -> Callable[[], float | None]:
    """Returns what runs all shards of a prediction at the same time, one thread each, until the last one ends."""

    def run() -> float:
        started = time.perf_counter()
        processes = [
            subprocess.Popen(
                [
                    Path(sys.executable).parent / "seqnet", "predict", model, reads, "--threads", "1", "--force",
                    "--shard", f"{number}/{count}", "-o", folder / f"part{number}.tsv",
                ],
                stderr=subprocess.PIPE,
            )
            for number in range(1, count + 1)
        ]  # fmt: skip
        for process in processes:
            _, said = process.communicate()
            if process.returncode:
                raise RuntimeError(said.decode())
        return time.perf_counter() - started

    return run


def main(smoke: bool, repeats: int, records: int) -> None:
    """Prints the tables, and writes them unless this is a smoke test."""
    count, few = (4_000, 2_000) if smoke else (records, 300_000)
    workers = max(usable_processors(), 2)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model, out = model_of(folder, "dna-cnn"), folder / "out.tsv"
        parts = [folder / f"part{number}.tsv" for number in range(1, workers + 1)]
        races = []
        for which, reads in (
            (model, write_reads(folder / "reads.fa", count)),
            ("human-dna", write_reads(folder / "few.fa", few)),
        ):
            one = ("predict", which, reads, "--threads", "1", "--force", "-o", out)
            number = count if which == model else few
            entrants = {
                "one run": seqnet(*one),
                f"{workers} shards": shards(which, reads, folder, workers),
                "gather": seqnet("gather", *parts, "-o", folder / "joined.tsv", "--force"),
            }
            title = f"{'human-dna' if which != model else 'dna-cnn'}, {number:,} reads of 36 bases, FASTA to TSV"
            races.append(Race(title, "reads", number, entrants, "one run"))
        report("shards", "Speed of shards", races, repeats, workers, write=not smoke)
        if out.read_bytes() != (folder / "joined.tsv").read_bytes():
            raise RuntimeError("the joined shards differ from one run")


if __name__ == "__main__":
    found = options(__doc__, records=10_000_000)
    main(found.smoke, found.repeats, found.records)
