"""Writes the simulated example files: `python -m seqnet.datasets.simulation OUTDIR --seed 1`."""

from __future__ import annotations

import argparse
from pathlib import Path

from seqnet.datasets.simulation.example_files import write_examples


def main() -> None:
    """Reads the command line, writes the files and prints their paths."""
    parser = argparse.ArgumentParser(
        prog="python -m seqnet.datasets.simulation",
        description="Write simulated_reads.bam and simulated_proteins.fasta.gz.",
    )
    parser.add_argument("outdir", metavar="OUTDIR", type=Path, help="directory to write to; made if it is not there")
    parser.add_argument("--seed", type=int, default=1, help="seed of all that is random [default: 1]")
    options = parser.parse_args()
    options.outdir.mkdir(parents=True, exist_ok=True)
    for path in write_examples(options.outdir, options.seed):
        print(path)


if __name__ == "__main__":
    main()
