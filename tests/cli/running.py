"""Shared code of the tests of the command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from seqnet.cli.main import run

ROOT = Path(__file__).parent.parent.parent
READS = str(ROOT / "data" / "simulated_reads.bam")
PROTEINS = str(ROOT / "data" / "simulated_proteins.fasta.gz")


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


Runner = Callable[..., Outcome]


def run_all(*commands: tuple[str | Path, ...]) -> None:
    """Runs commands that must succeed."""
    for words in commands:
        assert run([str(word) for word in words]) == 0
