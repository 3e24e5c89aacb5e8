"""`make bench`: how long it takes until something happens, and what the checksum of a model costs in a prediction."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.racing import Race, options, python, report, seqnet, write_reads
from seqnet.core.processors import usable_processors

__all__ = ["main"]


def _import_torch() -> None:
    subprocess.run([sys.executable, "-c", "import torch"], check=True)


def main(smoke: bool, repeats: int) -> None:
    """Prints the table, and writes it unless this is a smoke test."""
    with tempfile.TemporaryDirectory() as name:
        ten = write_reads(Path(name) / "ten.fa", 10)
        entrants = {
            "--help": seqnet("--help"),
            "train --help": seqnet("train", "--help"),
            "import torch, nothing else": _import_torch,
            "predict human-dna, ten reads": seqnet("predict", "human-dna", ten),
        }
        count = 1_000 if smoke else 100_000
        reads, out = write_reads(Path(name) / "reads.fa", count), Path(name) / "out.tsv"
        words = ("predict", "human-dna", reads, "-o", out, "--force")
        checks = {how: python("benchmarks.rivals.checksums", how, *words) for how in ("unchecked", "checked")}
        races = [
            Race("From the command to its end", "commands", 1, entrants, "--help"),
            Race(f"The checksum of a model, {count:,} reads of 36 bases", "reads", count, checks, "unchecked"),
        ]
        report("startup", "Start-up", races, repeats, usable_processors(), write=not smoke)


if __name__ == "__main__":
    found = options(__doc__)
    main(found.smoke, found.repeats)
