"""Simulated example files, which are part of the project; each run writes identical bytes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from seqnet.datasets.simulation.proteins import simulate_proteins, write_proteins
from seqnet.datasets.simulation.reads import draw_reads, simulate_contig, write_reads

__all__ = ["write_examples"]

_CONTIG_LENGTH = 400_000
_READ_COUNT = 4_000
_READ_LENGTH = 36
_PROTEIN_COUNT = 1_500


def write_examples(directory: Path, seed: int) -> list[Path]:
    """Writes `simulated_reads.bam` and `simulated_proteins.fasta.gz`, replacing existing ones.

    Args:
        directory: existing directory.
        seed: the same seed gives the same sequences.

    Returns:
        The paths of the files.
    """
    reads_rng, proteins_rng = np.random.default_rng(seed).spawn(2)
    reads_path, proteins_path = directory / "simulated_reads.bam", directory / "simulated_proteins.fasta.gz"
    contig = simulate_contig(_CONTIG_LENGTH, reads_rng)
    write_reads(reads_path, draw_reads(contig, _READ_COUNT, _READ_LENGTH, reads_rng), seed)
    write_proteins(proteins_path, simulate_proteins(_PROTEIN_COUNT, proteins_rng))
    return [reads_path, proteins_path]
