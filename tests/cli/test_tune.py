from __future__ import annotations

import csv
import os
import re
import signal
import subprocess
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest

from seqnet.cli.paths import claim
from seqnet.cli.tuning_files import TuningFiles
from tests.cli.running import Runner

SPACE = """[network]
filters = { choices = [[4], [8]] }
[training]
learning_rate = { low = 1e-4, high = 1e-2, log = true }
"""
BASE = ("--preset", "dna-cnn", "--threads", "1", "--set", "dense=[8]", "--set", "epochs=2", "--set", "monitor=auroc")


@pytest.fixture
def space(tmp_path: Path) -> Path:
    path = tmp_path / "space.toml"
    path.write_text(SPACE)
    return path


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def timeless(path: Path) -> list[dict[str, str]]:
    return [row | {"seconds": ""} for row in table(path)]


def test_the_best_settings_go_to_train(trained: Path, tmp_path: Path, space: Path, cli: Runner) -> None:
    best = tmp_path / "best.toml"
    words = ("tune", trained / "reads.safetensors", "--space", space, *BASE, "--seed", "5")
    outcome = cli(*words, "--trials", "4", "-o", best)
    assert outcome.code == 0, outcome.err
    assert outcome.out == ""
    lines = outcome.err.splitlines()
    assert [line[:12] for line in lines[:4]] == [f"trial {number} of 4" for number in range(1, 5)]
    assert all("network.filters=[" in line and "training.learning_rate=0.0" in line for line in lines[:4])
    assert lines[-1] == f"wrote {best}, best.trials.tsv, best.study.journal"

    rows = table(tmp_path / "best.trials.tsv")
    assert list(rows[0]) == [
        *("number", "value", "state", "best_epoch", "epochs", "seconds"),
        *("network.filters", "training.learning_rate", "reason"),
    ]
    assert [row["number"] for row in rows] == ["1", "2", "3", "4"]
    kept = max((row for row in rows if row["state"] == "complete"), key=lambda row: float(row["value"]))
    found = tomllib.loads(best.read_text())
    assert str(found["network"]["filters"]) == kept["network.filters"]
    assert repr(found["training"]["learning_rate"]) == kept["training.learning_rate"]
    assert found["training"]["seed"] == 5
    assert f"the best of 4 trials, number {kept['number']}: validation auroc {kept['value']}" in found["description"]
    assert "dataset sha256" in found["source"]

    model = tmp_path / "model.safetensors"
    assert cli("train", trained / "reads.safetensors", "--config", best, "--threads", "1", "-o", model).code == 0
    history = table(tmp_path / "model.history.tsv")
    assert history[int(kept["best_epoch"]) - 1]["validation_auroc"] == kept["value"]
    assert max(float(row["validation_auroc"]) for row in history) == float(kept["value"])


def test_resume_comes_to_the_same_as_one_search(trained: Path, tmp_path: Path, space: Path, cli: Runner) -> None:
    words = ("tune", trained / "reads.safetensors", "--space", space, *BASE)
    whole, parts = tmp_path / "whole.toml", tmp_path / "parts.toml"
    assert cli(*words, "--trials", "3", "-o", whole).code == 0
    storage = ("--storage", tmp_path / "kept")
    assert cli(*words, "--trials", "2", *storage, "-o", parts).code == 0
    refused = cli(*words, "--trials", "3", *storage, "-o", parts)
    assert refused.code == 1
    assert refused.err == f"seqnet: error: {tmp_path}/kept: already exists; continue it with --resume, or use --force\n"
    outcome = cli(*words, "--trials", "3", *storage, "--resume", "-o", parts)
    assert outcome.err.startswith("continuing after trial 2\ntrial 3 of 3")
    assert timeless(tmp_path / "whole.trials.tsv") == timeless(tmp_path / "parts.trials.tsv")
    one, two = (tomllib.loads(path.read_text()) for path in (whole, parts))
    assert one | {"source": ""} == two | {"source": ""}
    assert not (tmp_path / "parts.study.journal").exists()

    other = cli(*words, "--trials", "4", "--set", "batch_size=9", *storage, "--resume", "-o", parts)
    assert other.code == 1
    assert "the study has training.batch_size = 256, this search has 9; use the same dataset and settings" in other.err
    forced = cli(*words, "--trials", "1", "--set", "batch_size=99", *storage, "--force", "-o", parts)
    assert forced.code == 0
    assert len(table(tmp_path / "parts.trials.tsv")) == 1


def test_ctrl_c_keeps_the_finished_trials(program: Path, trained: Path, tmp_path: Path, space: Path) -> None:
    best = tmp_path / "best.toml"
    words = [str(program), "tune", str(trained / "reads.safetensors"), "--space", str(space), *BASE]
    words += ["--set", "epochs=6", "--trials", "1000", "-o", str(best)]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        while not (line := process.stderr.readline()).startswith("trial    2 of 1000"):
            assert line, "it ended"
        time.sleep(0.3)
        os.kill(process.pid, signal.SIGINT)
        said = process.stderr.read()
    assert process.returncode == 130, said
    number = int(re.findall(r"seqnet: stopped after (\d+) trials; continue with --resume\n", said)[0])
    assert number >= 2
    assert len(table(tmp_path / "best.trials.tsv")) == number
    assert tomllib.loads(best.read_text())["training"]["epochs"] == 6
    assert (tmp_path / "best.study.journal").exists()
    assert said.endswith("seqnet: interrupted\n")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ("[training]\nrate = { low = 1, high = 2 }\n", "space.toml: training.rate: there is no such setting"),
        ("[training]\nbatch_size = { low = 9, high = 3 }\n", "training.batch_size: low = 9 is not less than high = 3"),
    ],
)
def test_a_wrong_space_is_one_line_before_any_work(
    trained: Path, tmp_path: Path, space: Path, cli: Runner, changed: str, words: str
) -> None:
    space.write_text(changed)
    outcome = cli("tune", trained / "reads.safetensors", "--space", space, *BASE, "-o", tmp_path / "best.toml")
    assert outcome.code == 1
    assert outcome.err.count("\n") == 1
    assert words in outcome.err
    assert list(tmp_path.iterdir()) == [space]


def test_outputs_are_looked_at_before_any_work(trained: Path, tmp_path: Path, space: Path, cli: Runner) -> None:
    words = ("tune", trained / "reads.safetensors", "--space", space, *BASE)
    outcome = cli(*words, "--force", "-o", space)
    assert outcome.code == 1
    assert "space.toml: this is also an input" in outcome.err
    best = tmp_path / "best.toml"
    outcome = cli(*words, "--storage", best, "-o", best)
    assert outcome.code == 1
    assert "two outputs have this name; choose another name" in outcome.err
    best.write_text("mine")
    outcome = cli(*words, "-o", best)
    assert outcome.code == 1
    assert "best.toml: already exists" in outcome.err
    assert best.read_text() == "mine"


def test_where_no_trial_is_complete_there_are_no_best_settings(
    trained: Path, tmp_path: Path, space: Path, cli: Runner
) -> None:
    space.write_text("[training]\nlearning_rate = { low = 1e20, high = 1e30, log = true }\n")
    words = ("tune", trained / "reads.safetensors", "--space", space, *BASE, "--trials", "2")
    unbound = ("--set", "optimizer=sgd", "--set", "clip_norm=0.0")
    outcome = cli(*words, *unbound, "-o", tmp_path / "best.toml")
    assert outcome.code == 1
    assert "2 trials: 0 complete, 0 pruned, 2 refused, 0 failed" in outcome.err
    assert "seqnet: error: no trial is complete; last reason: training.learning_rate" in outcome.err
    assert [row["state"] for row in table(tmp_path / "best.trials.tsv")] == ["refused", "refused"]
    assert not (tmp_path / "best.toml").exists()


def test_trials_without_enough_memory_are_one_line_each(
    trained: Path, tmp_path: Path, space: Path, cli: Runner
) -> None:
    # A hundred terabytes of weights, which no machine has.
    space.write_text("[network]\nkernels = { choices = [[131_072], [131_071]] }\n")
    wide = ("--set", "network.filters=[65536]")
    words = ("tune", trained / "reads.safetensors", "--space", space, *BASE, *wide, "--trials", "2")
    outcome = cli(*words, "-o", tmp_path / "best.toml")
    assert outcome.code == 1
    lines = outcome.err.splitlines()
    assert [line for line in lines if line.startswith("trial")] == lines[:2]
    assert all(" of 2  failed  " in line and "(cpu: there is too little memory for" in line for line in lines[:2])
    assert "2 trials: 0 complete, 0 pruned, 0 refused, 2 failed" in lines
    assert lines[-1].startswith("seqnet: error: no trial is complete; last reason: cpu: there is too li")


def test_without_optuna_one_line_names_the_package_to_install(
    program: Path, trained: Path, tmp_path: Path, space: Path
) -> None:
    code = "import sys; sys.modules['optuna'] = None; from seqnet.cli.main import main; main()"
    words = ["tune", trained / "reads.safetensors", "--space", space, "-o", tmp_path / "best.toml"]
    done = subprocess.run([str(program), "-c", code, *map(str, words)], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    (pip,) = re.findall(
        r"^seqnet: error: tune needs the package optuna, which is not installed; "
        r"install it: python -m pip install '(.*)'$",
        done.stderr.strip(),
    )
    root = Path(__file__).parent.parent.parent
    extras = tomllib.loads((root / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert extras["tune"] == [pip]


def test_processes_share_a_study(program: Path, trained: Path, tmp_path: Path, space: Path, cli: Runner) -> None:
    study = tmp_path / "study.journal"
    base = ["tune", str(trained / "reads.safetensors"), "--space", str(space), *BASE, "--storage", str(study)]
    words = [*base, "--shared", "--trials", "8"]
    start = [str(program), *words, "-o"]
    killed, one, two = (
        subprocess.Popen([*start, str(tmp_path / f"{name}.toml")], stderr=subprocess.PIPE, text=True)
        for name in ("killed", "one", "two")
    )
    assert killed.stderr is not None
    while (line := killed.stderr.readline()) and not line.startswith("trial "):
        pass
    killed.kill()
    killed.communicate()
    for process in (one, two):
        _, errors = process.communicate(timeout=100)
        assert process.returncode == 0, errors
    joined = cli(*words, "-o", tmp_path / "late.toml")
    assert joined.code == 0, joined.err
    # A process that joins late has all finished trials. The killed process may have finished its own before the others
    # or after them.
    rows = timeless(tmp_path / "late.trials.tsv")
    assert joined.err.startswith(f"continuing after trial {len(rows)}\n")
    assert [int(row["number"]) for row in rows] == list(range(1, len(rows) + 1))
    assert 8 <= len(rows) <= 10
    drawn = [row["training.learning_rate"] for row in rows if not row["reason"].startswith("as trial")]
    assert len(set(drawn)) == len(drawn)
    for name in ("one", "two"):
        own = timeless(tmp_path / f"{name}.trials.tsv")
        assert len(own) >= 8
        assert own == rows[: len(own)]
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
    other = cli(*words, "--set", "batch_size=9", "-o", tmp_path / "other.toml")
    assert (other.code, "this search has 9" in other.err) == (1, True)
    for more, problem in (
        ((*base[:-2], "--shared"), "--shared needs --storage, a file that all processes can write to"),
        ((*words, "--force"), "--shared and --force can't be combined"),
    ):
        refused = cli(*more, "-o", tmp_path / "other.toml")
        assert (refused.code, problem in refused.err) == (2, True)


def test_a_study_that_another_process_begins_meanwhile_is_shared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = TuningFiles.beside(tmp_path / "best.toml", tmp_path / "study.journal")

    def begun(*words: Any, **options: Any) -> None:
        files.study.touch()
        claim(*words, **options)

    monkeypatch.setattr("seqnet.cli.tuning_files.claim", begun)
    assert not files.claim(resume=True, force=False, inputs=())
