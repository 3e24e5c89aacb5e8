"""The Snakemake wrappers, each by the Snakefile of its test, with real Snakemake."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent.parent
WRAPPERS = ROOT / "wrappers"
BIN = Path(sys.executable).parent
NAMES = sorted(path.name for path in WRAPPERS.iterdir())


@pytest.mark.parametrize("name", NAMES)
def test_a_wrapper_has_all_files(name: str) -> None:
    described = yaml.safe_load((WRAPPERS / name / "meta.yaml").read_text(encoding="utf-8"))
    assert described["name"] == f"seqnet {name}"
    assert {"description", "authors", "output", "params"} <= described.keys()
    environment = yaml.safe_load((WRAPPERS / name / "environment.yaml").read_text(encoding="utf-8"))
    assert environment == yaml.safe_load((ROOT / "workflow" / "envs" / "seqnet.yaml").read_text(encoding="utf-8"))


@pytest.mark.timeout(300)
def test_the_wrappers_make_a_model_and_predictions(program: Path, tmp_path: Path) -> None:
    folder = tmp_path / "master" / "bio"
    folder.mkdir(parents=True)
    (folder / "seqnet").symlink_to(WRAPPERS)
    includes = [f'include: "{WRAPPERS / name / "test" / "Snakefile"}"\n' for name in NAMES]
    (tmp_path / "Snakefile").write_text("".join(includes))
    (tmp_path / "reads.bam").symlink_to(ROOT / "data" / "simulated_reads.bam")
    bases = ("ACDEFGHIKLMNPQRSTVWY" * 3)[:40]
    records = [f">p{i} label={'ab'[i % 2]}\n{bases[i % 20 :]}{'ACGW'[i % 4] * (i % 7)}\n" for i in range(200)]
    (tmp_path / "proteins.fasta").write_text("".join(records))
    targets = [
        "out/reads", "out/reads.safetensors", "out/audit.json", "out/evaluation/metrics.json", "out/predictions.tsv",
    ]  # fmt: skip
    done = subprocess.run(
        [BIN / "snakemake", "--cores", "2", "--wrapper-prefix", f"file://{tmp_path}/", *targets],
        cwd=tmp_path, capture_output=True, text=True, timeout=280, check=False,
        env=os.environ | {"PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    out = tmp_path / "out"
    assert len(list((out / "reads").glob("*.bam"))) == 1
    assert json.loads((out / "audit.json").read_text())
    assert "accuracy" in (out / "evaluation" / "metrics.json").read_text()
    assert (out / "predictions.tsv").read_text().count("\n") == 201
    assert (out / "reads.safetensors").stat().st_size > 100 * 36
    assert not (out / "model.checkpoint.safetensors").exists()
