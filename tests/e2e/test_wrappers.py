"""The Snakemake wrappers, each by the Snakefile of its test, with real Snakemake."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml

from seqnet.cli.main import command_group
from seqnet.models.bundles import open_bundle

ROOT = Path(__file__).parent.parent.parent
WRAPPERS = ROOT / "wrappers"
BIN = Path(sys.executable).parent
NAMES = sorted(path.name for path in WRAPPERS.iterdir())


def test_each_command_that_writes_files_has_a_wrapper() -> None:
    assert set(command_group().list_commands(click.Context(command_group()))) - set(NAMES) == {
        "completion",
        "doctor",
        "inspect",
    }


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
    (tmp_path / "space.toml").write_text("[training]\nlearning_rate = { low = 1e-4, high = 1e-2, log = true }\n")
    targets = [
        "out/reads", "out/reads.safetensors", "out/audit.json", "out/evaluation/metrics.json", "out/predictions.tsv",
        "out/gathered.tsv", "out/attributions.tsv", "out/model.pt2", "out/fast.safetensors", "out/best.trials.tsv",
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
    assert (out / "gathered.tsv").read_bytes() == (out / "predictions.tsv").read_bytes()
    assert (out / "attributions.tsv").read_text().startswith("name\tposition\t")
    assert open_bundle(out / "fast.safetensors").classes == open_bundle(out / "model.safetensors").classes
    assert (out / "best.trials.tsv").read_text().count("\n") == 3
    assert (out / "reads.safetensors").stat().st_size > 100 * 36
    assert not (out / "model.checkpoint.safetensors").exists()
