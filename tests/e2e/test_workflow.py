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
from collections.abc import Sequence
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


def make_project(folder: Path) -> Path:
    """Makes a directory with 400 sequences of 30 bases, half of them with a motif, and a configuration."""
    folder.mkdir()
    draw = random.Random(1)
    with open(folder / "motif.fasta", "w") as file:
        for number in range(400):
            bases = "".join(draw.choices("ACGT", k=30))
            label = "yes" if number % 2 else "no"
            file.write(f">s{number} label={label}\n{'TATAAA' + bases[6:] if number % 2 else bases}\n")
    (folder / "config").mkdir()
    (folder / "config" / "config.yaml").write_text(CONFIGURATION)
    (folder / "samples.tsv").write_text(SAMPLES)
    return folder


def start(program: Path, folder: Path, *words: str | Path) -> subprocess.Popen[str]:
    environment = os.environ | {
        "PATH": f"{program.parent}{os.pathsep}{BIN}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "XDG_CACHE_HOME": str(folder / "cache"),
    }
    return subprocess.Popen(
        [BIN / "snakemake", "--snakefile", WORKFLOW / "Snakefile", *words],
        cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    )  # fmt: skip


def snakemake(program: Path, folder: Path, *words: str | Path) -> tuple[int, str]:
    process = start(program, folder, *words)
    out, _ = process.communicate(timeout=250)
    return process.returncode, out


LOCAL = ("--profile", WORKFLOW / "profiles" / "local", "--cores", "2")


@pytest.mark.timeout(300)
def test_the_whole_path_continues_after_a_kill_in_training(program: Path, tmp_path: Path) -> None:
    project = make_project(tmp_path / "project")
    killed = start(program, project, *LOCAL)
    models = project / "results" / "models" / "motif"
    waited = time.monotonic() + 200
    while not (models / "model.checkpoint.safetensors").exists():
        assert killed.poll() is None, killed.communicate()[0]
        assert time.monotonic() < waited
        time.sleep(0.01)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert not (models / "model.safetensors").exists()

    assert snakemake(program, project, *LOCAL, "--unlock")[0] == 0
    code, out = snakemake(program, project, *LOCAL)
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
    assert "Nothing to be done" in snakemake(program, project, *LOCAL)[1]


SEVERAL = """
import json, os, sys
from snakemake.cli import main
for folder, words in json.loads(sys.argv[1]):
    if not os.fork():
        os.chdir(folder)
        file = os.open("out", os.O_WRONLY | os.O_CREAT)
        os.dup2(file, 1)
        os.dup2(file, 2)
        sys.argv = ["snakemake", *words]
        sys.exit(main())
    print(os.waitstatus_to_exitcode(os.wait()[1]), flush=True)
"""
"""Snakemake in several folders, each in a process of its own, for one start of Python."""


def snakemakes(*turns: tuple[Path, Sequence[str]]) -> list[tuple[int, str]]:
    """Returns exit code and output of Snakemake in each of the folders, with these words."""
    common = ["--snakefile", str(WORKFLOW / "Snakefile")]
    values = json.dumps([(str(folder), [*common, *words]) for folder, words in turns])
    environment = os.environ | {"PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(turns[0][0] / "cache")}
    words = [sys.executable, "-c", SEVERAL, values]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=250, check=True)
    return [
        (int(code), (folder / "out").read_text()) for code, (folder, _) in zip(done.stdout.split(), turns, strict=True)
    ]


WRONG_VALUES: dict[str, tuple[object, str]] = {
    "thread": (2, "configuration: Additional properties are not allowed ('thread' was unexpected)"),
    "threads": ("two", "configuration: threads: 'two' is not of type 'integer'"),
    "models": ({"motif": {"train": ""}}, "configuration: models.motif: 'encode' is a required property"),
    "samples": ("none.tsv", "none.tsv: No such file or directory"),
}
WRONG_ROWS = {
    "whole\tmotif\tmotif.fasta": "row 3: sample 'whole' is listed twice",
    "more\tother\tmotif.fasta": "row 3: model 'other' is not in the configuration",
    "more\tmotif\tmotif.fasta\tmaybe": "row 3: scatter: 'maybe' is not one of ['yes', 'no']",
}


@pytest.mark.timeout(300)
def test_a_wrong_configuration_or_sample_sheet_is_one_line(tmp_path: Path) -> None:
    right = yaml.safe_load(CONFIGURATION)
    cases = [(right | {key: value}, SAMPLES, line) for key, (value, line) in WRONG_VALUES.items()]
    cases += [(right, f"{SAMPLES}{row}\n", f"samples.tsv: {line}") for row, line in WRONG_ROWS.items()]
    turns = []
    for number, (configuration, samples, _) in enumerate(cases):
        folder = make_project(tmp_path / str(number))
        (folder / "config" / "config.yaml").write_text(yaml.safe_dump(configuration))
        (folder / "samples.tsv").write_text(samples)
        turns.append((folder, ["--cores", "1"]))
    assert snakemakes(*turns) == [(1, f"{line}; see config/README.md\n") for _, _, line in cases]
    assert not any((folder / "results").exists() for folder, _ in turns)


@pytest.mark.timeout(300)
def test_the_configuration_of_the_project_is_valid_and_lint_finds_nothing(tmp_path: Path) -> None:
    turns = []
    for words in (["--dry-run", "--quiet"], ["--lint"]):
        folder = tmp_path / words[0]
        folder.mkdir()
        for name in ("data", "config"):
            (folder / name).symlink_to(ROOT / name)
        turns.append((folder, words))
    (code, out), lint = snakemakes(*turns)
    assert code == 0, out
    assert lint == (0, "Congratulations, your workflow is in a good condition!\n")
