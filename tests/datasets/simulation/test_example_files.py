from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pysam
import pytest

from seqnet.datasets.simulation.example_files import write_examples

SHIPPED = Path(__file__).parents[3] / "data"
NAMES = ["simulated_reads.bam", "simulated_proteins.fasta.gz"]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("examples") / "made"
    command = [sys.executable, "-m", "seqnet.datasets.simulation", str(directory), "--seed", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [str(directory / name) for name in NAMES]
    assert done.stderr == ""
    return directory


def decoded(path: Path) -> tuple[dict[str, Any], list[str]]:
    with pysam.AlignmentFile(str(path), check_sq=False) as bam:
        return bam.header.to_dict(), [record.to_string() for record in bam.fetch(until_eof=True)]


def test_the_reads_that_come_with_the_project_are_made_again(written: Path) -> None:
    header, records = decoded(written / NAMES[0])
    assert (header, records) == decoded(SHIPPED / NAMES[0])
    assert len(records) == 4000


def test_the_proteins_that_come_with_the_project_are_made_again(written: Path) -> None:
    made, shipped = (gzip.decompress((directory / NAMES[1]).read_bytes()) for directory in (written, SHIPPED))
    assert made == shipped
    assert made.count(b">") == 1500


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(written: Path, tmp_path: Path) -> None:
    for path in write_examples(tmp_path, seed=1):
        assert path.read_bytes() == (written / path.name).read_bytes()
    for path in write_examples(tmp_path, seed=2):
        assert path.read_bytes() != (written / path.name).read_bytes()


def test_the_files_are_small() -> None:
    assert sum((SHIPPED / name).stat().st_size for name in NAMES) < 300_000


def test_the_gzip_header_has_neither_time_nor_name(written: Path) -> None:
    content = np.frombuffer((written / NAMES[1]).read_bytes(), dtype=np.uint8)
    assert content[3:8].tolist() == [0] * 5
