"""`make bench`: how long it takes until something happens."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks.racing import Race, report, seqnet, threads, write_reads

__all__ = ["main"]


def main(smoke: bool, repeats: int) -> None:
    """Prints the table, and writes it unless this is a smoke test."""
    with tempfile.TemporaryDirectory() as name:
        one = write_reads(Path(name) / "one.fa", 1)
        entrants = {
            "--help": seqnet("--help"),
            "train --help": seqnet("train", "--help"),
            "predict human-dna, one read": seqnet("predict", "human-dna", one),
        }
        races = [Race("From the command to its end", "commands", 1, entrants, "--help")]
        report("startup", "Start-up", races, repeats, threads(), write=not smoke)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="once, to see that it runs")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    main(options.smoke, 1 if options.smoke else options.repeats)
