"""The Snakemake workflow on the embedded data, with real Snakemake."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
BIN = Path(sys.executable).parent

# The workflow's own configuration, with only one epoch.
FEW = (
    "threads=1",
    "tasks={reads: {train: --preset dna-cnn --set epochs=1}, "
    "proteins: {train: --preset solubility-cnn --set epochs=1 --set batch_size=64}}",
)


def snakemake(folder: Path, *words: str) -> str:
    environment = os.environ | {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "XDG_CACHE_HOME": str(folder / "cache"),
    }
    done = subprocess.run(
        [BIN / "snakemake", "--snakefile", ROOT / "workflow" / "Snakefile", "--cores", "2", *words, "--config", *FEW],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.mark.timeout(300)
def test_the_whole_path_and_nothing_left_to_do(tmp_path: Path) -> None:
    (tmp_path / "data").symlink_to(ROOT / "data")
    snakemake(tmp_path)
    for task in ("reads", "proteins"):
        metrics = json.loads((tmp_path / "results" / task / "metrics.json").read_text())
        assert metrics["n"] == {"reads": 800, "proteins": 150}[task]
        rows = next((tmp_path / "results" / task / "predictions").glob("*.tsv")).read_text().splitlines()
        assert rows[0].startswith("name\tlabel\tprobability\tp_")
        assert len(rows) == {"reads": 4001, "proteins": 1501}[task]
    assert "Nothing to be done" in snakemake(tmp_path)
