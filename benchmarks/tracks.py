"""`make bench`: the scores of windows along a genome, whole process, FASTA to bedGraph."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.predict import model_of
from benchmarks.racing import Race, options, report, seqnet
from seqnet.core.processors import usable_processors

__all__ = ["main", "write_genome", "write_windows"]

_BASES = np.frombuffer(b"ACGT", dtype=np.uint8)
_LINE = 60
_WINDOW = 36


def write_genome(path: Path, count: int, seed: int = 1) -> Path:
    """Writes a FASTA file of one chromosome of `count` random bases, a multiple of 60; returns its path."""
    rng = np.random.default_rng(seed)
    with path.open("wb") as file:
        file.write(b">chromosome\n")
        for _ in range(count // _LINE):
            file.write(_BASES[rng.integers(0, 4, _LINE)].tobytes() + b"\n")
    return path


def write_windows(genome: Path, target: Path, stride: int) -> Path:
    """Writes the windows of the genome as records, as for a program without tracks; returns the path."""
    symbols = genome.read_bytes().partition(b"\n")[2].replace(b"\n", b"")
    with target.open("wb") as file:
        for start in range(0, len(symbols) - _WINDOW + 1, stride):
            file.write(b">chromosome:%d\n%s\n" % (start, symbols[start : start + _WINDOW]))
    return target


def main(smoke: bool, repeats: int, bases: int) -> None:
    """Prints the tables, and writes them unless this is a smoke test."""
    large, small = (12_000, 1_200) if smoke else (bases, bases // 25)
    workers = usable_processors()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        genome, part = write_genome(folder / "g.fa", large), write_genome(folder / "p.fa", small)
        model = model_of(folder, "dna-cnn")
        apart, dense = (
            write_windows(genome, folder / "apart.fa", _WINDOW),
            write_windows(part, folder / "dense.fa", 1),
        )
        ours = ("-o", folder / "rows.tsv", "--force", "--threads", str(workers))

        def track(of: Path, ending: str, stride: int, model: Path | str = model) -> Callable[[], float | None]:
            words = ("--window", str(_WINDOW), "--stride", str(stride), "--track", folder / f"t.{ending}")
            return seqnet("predict", model, of, *words, *ours)

        races = [
            Race(
                f"dna-cnn, {large:,} bases, windows of {_WINDOW} every {_WINDOW}",
                "bases",
                large,
                {
                    "bedGraph": track(genome, "bedgraph", _WINDOW),
                    "bigWig": track(genome, "bw", _WINDOW),
                    "BED": track(genome, "bed", _WINDOW),
                    "the windows as records": seqnet("predict", model, apart, *ours),
                },
                "bedGraph",
            ),
            Race(
                f"dna-cnn, {small:,} bases, windows of {_WINDOW} every 1",
                "bases",
                small,
                {
                    "bedGraph": track(part, "bedgraph", 1),
                    "the windows as records": seqnet("predict", model, dense, *ours),
                },
                "bedGraph",
            ),
            Race(
                f"human-dna, {small:,} bases, windows of {_WINDOW} every {_WINDOW}",
                "bases",
                small,
                {"bedGraph": track(part, "bedgraph", _WINDOW, "human-dna")},
                "bedGraph",
            ),
        ]
        report("tracks", "Speed of tracks", races, repeats, workers, write=not smoke)


if __name__ == "__main__":
    found = options(__doc__, records=50_000_000)
    main(found.smoke, found.repeats, found.records // _LINE * _LINE)
