"""`make bench`: how long it takes until something happens."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.racing import Race, options, report, seqnet, write_reads
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
        races = [Race("From the command to its end", "commands", 1, entrants, "--help")]
        report("startup", "Start-up", races, repeats, usable_processors(), write=not smoke)


if __name__ == "__main__":
    found = options(__doc__)
    main(found.smoke, found.repeats)
