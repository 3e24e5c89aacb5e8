"""The Snakemake workflow on small files, with real Snakemake."""

from __future__ import annotations

import gzip
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent.parent
WORKFLOW = ROOT / "workflow"
BIN = Path(sys.executable).parent

CONFIGURATION = """\
samples: samples.tsv
threads: 1
models:
  motif:
    inputs: [motif.fasta]
    encode: motif.fasta --label-regex 'label=(\\S+)' --seed 1
    train: --network dense --set epochs=60 --set baseline_records=0 --seed 1
"""
SAMPLES = "sample\tmodel\tpath\tscatter\nwhole\tmotif\tmotif.fasta\t\nparts\tmotif\tmotif.fasta\tyes\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A directory with 400 sequences of 30 bases, half of them with a motif, and a configuration."""
    draw = random.Random(1)
    with open(tmp_path / "motif.fasta", "w") as file:
        for number in range(400):
            bases = "".join(draw.choices("ACGT", k=30))
            label = "yes" if number % 2 else "no"
            file.write(f">s{number} label={label}\n{'TATAAA' + bases[6:] if number % 2 else bases}\n")
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.yaml").write_text(CONFIGURATION)
    (tmp_path / "samples.tsv").write_text(SAMPLES)
    return tmp_path


def start(folder: Path, *words: str | Path) -> subprocess.Popen[str]:
    environment = os.environ | {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "XDG_CACHE_HOME": str(folder / "cache"),
    }
    return subprocess.Popen(
        [BIN / "snakemake", "--snakefile", WORKFLOW / "Snakefile", *words],
        cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    )  # fmt: skip


def snakemake(folder: Path, *words: str | Path) -> tuple[int, str]:
    process = start(folder, *words)
    out, _ = process.communicate(timeout=250)
    return process.returncode, out


LOCAL = ("--profile", WORKFLOW / "profiles" / "local", "--cores", "2")


@pytest.mark.timeout(300)
def test_the_whole_path_continues_after_a_kill_in_training(project: Path) -> None:
    killed = start(project, *LOCAL)
    models = project / "results" / "models" / "motif"
    waited = time.monotonic() + 200
    while not (models / "model.checkpoint.safetensors").exists():
        assert killed.poll() is None, killed.communicate()[0]
        assert time.monotonic() < waited
        time.sleep(0.01)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert not (models / "model.safetensors").exists()

    assert snakemake(project, *LOCAL, "--unlock")[0] == 0
    code, out = snakemake(project, *LOCAL)
    assert code == 0, out
    rules = re.findall(r"^localrule (\w+):", out, re.MULTILINE)
    assert sorted(rules) == ["all", "evaluate", "gather", "predict", "predict_shard", "predict_shard", "train"]
    assert "continuing after epoch" in (project / "results" / "logs" / "train" / "motif.log").read_text()
    assert {path.suffix for path in models.iterdir()} == {".safetensors", ".tsv", ".svg", ".json", ".html", ""}
    assert not (models / "model.checkpoint.safetensors").exists()

    assert json.loads((models / "evaluation" / "metrics.json").read_text())["n"] == 40
    assert "<html" in (models / "audit.html").read_text()
    predictions = project / "results" / "predictions"
    rows = {name: gzip.decompress((predictions / f"{name}.tsv.gz").read_bytes()) for name in ("whole", "parts")}
    assert rows["whole"].startswith(b"name\tlabel\tprobability\tp_no\tp_yes\tstatus\ns0\t")
    assert rows["whole"].count(b"\n") == 401
    assert rows["parts"] == rows["whole"]
    assert not list((project / "results" / "shards").rglob("*.tsv.gz"))
    assert "Nothing to be done" in snakemake(project, *LOCAL)[1]


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("thread", 2, "configuration: Additional properties are not allowed ('thread' was unexpected)"),
        ("threads", "two", "configuration: threads: 'two' is not of type 'integer'"),
        ("models", {"motif": {"train": ""}}, "configuration: models.motif: 'encode' is a required property"),
        ("samples", "none.tsv", "none.tsv: No such file or directory"),
    ],
)
def test_a_wrong_configuration_is_one_line(project: Path, key: str, value: object, line: str) -> None:
    wrong = yaml.safe_load(CONFIGURATION) | {key: value}
    (project / "config" / "config.yaml").write_text(yaml.safe_dump(wrong))
    assert snakemake(project, "--cores", "1") == (1, f"{line}; see config/README.md\n")
    assert not (project / "results").exists()


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("whole\tmotif\tmotif.fasta", "row 3: sample 'whole' is listed twice"),
        ("more\tother\tmotif.fasta", "row 3: model 'other' is not in the configuration"),
        ("more\tmotif\tmotif.fasta\tmaybe", "row 3: scatter: 'maybe' is not one of ['yes', 'no']"),
    ],
)
def test_a_wrong_sample_sheet_is_one_line(project: Path, row: str, problem: str) -> None:
    (project / "samples.tsv").write_text(SAMPLES + row + "\n")
    assert snakemake(project, "--cores", "1") == (1, f"samples.tsv: {problem}; see config/README.md\n")


def test_the_configuration_of_the_project_is_valid_and_lint_finds_nothing(tmp_path: Path) -> None:
    (tmp_path / "data").symlink_to(ROOT / "data")
    (tmp_path / "config").symlink_to(ROOT / "config")
    code, out = snakemake(tmp_path, "--dry-run", "--quiet")
    assert code == 0, out
    assert snakemake(tmp_path, "--lint") == (0, "Congratulations, your workflow is in a good condition!\n")
