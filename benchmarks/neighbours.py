"""`make bench`: a job alone, and beside others that work on the same processors."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from benchmarks.racing import ROOT, Race, options, report, seqnet, write_reads
from seqnet.core.processors import usable_processors

__all__ = ["main"]

Job = Callable[[Path], list[str | Path]]
"""From the file that a command writes to the words of the command."""

_SPINNING = {"GOMP_SPINCOUNT": "300000"}
"""What GNU's OpenMP does where nobody says otherwise."""
_SETTLED = 5.0
"""Seconds after which a neighbour surely computes."""


def _start(words: list[str | Path], variables: Mapping[str, str]) -> subprocess.Popen[bytes]:
    command = [str(Path(sys.executable).parent / "seqnet"), *map(str, words)]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, cwd=ROOT, env=os.environ | variables, stdout=quiet, stderr=quiet)


def _timed(
    job: Job, folder: Path, *, copies: int = 1, neighbour: Job | None = None, neighbours: int = 0, **variables: str
) -> float:
    """Returns the seconds until all copies of a job have ended, beside neighbours that go on."""
    others = [_start(neighbour(folder / f"other{index}"), variables) for index in range(neighbours) if neighbour]
    try:
        time.sleep(_SETTLED if others else 0)
        started = time.perf_counter()
        ours = [_start(job(folder / f"own{index}"), variables) for index in range(copies)]
        if any(process.wait() for process in ours) or any(process.poll() is not None for process in others):
            raise RuntimeError("a command has failed, or a neighbour has ended")
        return time.perf_counter() - started
    finally:
        for process in others:
            process.kill()
            process.wait()


def _trained(dataset: Path, target: Path, *words: str, epochs: int = 1) -> list[str | Path]:
    return ["train", dataset, "--no-audit", "--force", "--set", f"training.epochs={epochs}", "-o", target, *words]


def _predicted(reads: Path, target: Path) -> list[str | Path]:
    return ["predict", "human-dna", reads, "--force", "-o", target.with_suffix(".tsv")]


def main(smoke: bool, repeats: int, records: int) -> None:
    """Prints the tables, and writes them unless this is a smoke test."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        reads, proteins = folder / "reads.safetensors", folder / "proteins.safetensors"
        bam, fasta = ROOT / "data/simulated_reads.bam", ROOT / "data/simulated_proteins.fasta.gz"
        seqnet("encode", "--class", f"human={bam}", "--class", "random=@uniform", "-o", reads)()
        seqnet("encode", fasta, "--label-regex", r"label=(\S+)", "-o", proteins)()
        fresh = write_reads(folder / "fresh.fa", 500 if smoke else records)
        jobs: dict[str, Job] = {
            "train, the recipe for proteins, one epoch": partial(_trained, proteins),
            "train, the recipe for reads, one epoch": partial(_trained, reads),
            "train, dna-cnn, five epochs": lambda target: _trained(reads, target, "--preset", "dna-cnn", epochs=5),
            f"predict human-dna, {records:,} reads": partial(_predicted, fresh),
        }
        neighbour = partial(_trained, proteins, epochs=10_000)
        races = []
        for title, job in jobs.items():
            timed = partial(_timed, job, folder, neighbour=neighbour)
            entrants: dict[str, Callable[[], float | None]] = {
                "alone": timed,
                "alone, with threads that spin": partial(timed, **_SPINNING),
                "two at once": partial(timed, copies=2),
                "beside a long training": partial(timed, neighbours=1),
                "beside two long trainings": partial(timed, neighbours=2),
            }
            tried = dict([next(iter(entrants.items()))]) if smoke else entrants
            races.append(Race(title, "jobs", 1, tried, "alone"))
        report("neighbours", "Jobs that share processors", races, repeats, usable_processors(), write=not smoke)


if __name__ == "__main__":
    found = options(__doc__, records=200_000)
    main(found.smoke, found.repeats, found.records)
