"""`train --resume` and `tune --resume` replace nothing if the run is complete."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from seqnet.evaluation.baselines import BASELINES
from seqnet.models.bundles import open_bundle
from seqnet.training import finalization
from tests.cli.running import Runner

TINY = ("--network", "dense", "--set", "dense=[2]", "--threads", "1", "--no-audit")


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {path.name: (path.read_bytes(), path.stat().st_ino) for path in folder.iterdir()}


def test_epochs_that_were_added_are_written_whichever_is_kept(trained: Path, tmp_path: Path, cli: Runner) -> None:
    model = tmp_path / "m.safetensors"
    # Steps this small change no weight, so the first epoch stays the best.
    still = ("--set", "learning_rate=1e-30", "--set", "schedule=constant")
    words = ("train", trained / "proteins.safetensors", *TINY, *still, "-o", model)
    assert cli(*words, "--set", "epochs=1").code == 0
    more = cli(*words, "--set", "epochs=2", "--resume")
    assert more.code == 0
    assert "nothing to do" not in more.err
    assert len((tmp_path / "m.history.tsv").read_text().splitlines()) == 3


@pytest.mark.parametrize("more", [(), ("--members", "2"), ("--folds", "3")], ids=["one", "members", "folds"])
def test_a_complete_run_is_not_written_again(more: tuple[str, ...], trained: Path, tmp_path: Path, cli: Runner) -> None:
    model = tmp_path / "m.safetensors"
    words = ("train", trained / "proteins.safetensors", *TINY, *more, "-o", model)
    assert cli(*words, "--set", "epochs=2").code == 0
    before = contents(tmp_path)
    fewer = cli(*words, "--set", "epochs=1", "--resume")
    assert fewer.code == 1
    problem = "the checkpoint has 2 epochs, more than the 1 of this run"
    assert fewer.err.endswith(f"{problem}; ask for more epochs, or leave out --resume\n")
    assert contents(tmp_path) == before
    same = cli(*words, "--set", "epochs=2", "--resume")
    assert same.code == 0
    assert same.err.endswith(f"nothing to do: {model} is complete; to train longer, use --set epochs=N\n")
    assert contents(tmp_path) == before
    # The model is missing or old, so it is written again from the checkpoints.
    model.unlink()
    assert cli(*words, "--set", "epochs=2", "--resume").code == 0
    assert {name: content for name, (content, _) in contents(tmp_path).items() if name != model.name} == {
        name: content for name, (content, _) in before.items() if name != model.name
    }
    longer = cli(*words, "--set", "epochs=3", "--resume")
    assert longer.code == 0
    assert "continuing after epoch 2 of 3" in longer.err
    assert contents(tmp_path)[model.name] != before[model.name]


def test_a_resumed_run_replaces_only_its_own_model(trained: Path, tmp_path: Path, cli: Runner) -> None:
    model = tmp_path / "m.safetensors"
    words = ("train", trained / "proteins.safetensors", *TINY, "--set", "epochs=1", "-o", model)
    assert cli(*words, "--members", "2").code == 0
    before = contents(tmp_path)
    single = cli(*words, "--resume")
    assert single.code == 1
    assert "already exists, and there is no checkpoint m.checkpoint.safetensors to continue from" in single.err
    assert contents(tmp_path) == before
    assert cli(*words, "--members", "3", "--resume").code == 0
    before = contents(tmp_path)
    fewer = cli(*words, "--members", "2", "--resume")
    assert fewer.code == 1
    assert "it has 3 networks, and this run has 2; use the same --members, or choose another name" in fewer.err
    assert contents(tmp_path) == before
    model.write_text(">a\nACGT\n")
    other = cli(*words, "--members", "3", "--resume")
    assert other.code == 1
    assert "already exists, and is not a model that training can continue" in other.err
    assert model.read_text() == ">a\nACGT\n"


def test_a_complete_search_is_not_written_again(trained: Path, tmp_path: Path, cli: Runner) -> None:
    pytest.importorskip("optuna")
    space, best = tmp_path / "space.toml", tmp_path / "best.toml"
    space.write_text("[training]\nlearning_rate = { low = 0.001, high = 0.01 }\n")
    shutil.copy(trained / "proteins.safetensors", tmp_path / "d.safetensors")
    tiny = ("--network", "dense", "--set", "epochs=1", "--set", "dense=[2]", "--threads", "1")
    words = ("tune", tmp_path / "d.safetensors", "--space", space, *tiny, "-o", best)
    assert cli(*words, "--trials", "2").code == 0
    best.write_text("# mine\n" + best.read_text())
    before = best.read_bytes()
    for trials in ("2", "1"):
        outcome = cli(*words, "--trials", trials, "--resume")
        assert outcome.code == 0, outcome.err
        assert outcome.err.endswith(f"nothing to do: {best} is complete; to search longer, use more than 2 --trials\n")
        assert best.read_bytes() == before


SMALL_FILES = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (16_000, 16_000))
from seqnet.__main__ import main
main()
"""
"""The program where the 20 kB pictures of learning curves can't be written, and other files can."""


def test_a_run_that_fails_at_its_end_leaves_its_checkpoint_alone(
    program: Path, trained: Path, tmp_path: Path, cli: Runner
) -> None:
    model = tmp_path / "m.safetensors"
    words = ("train", trained / "reads.safetensors", *TINY, "--set", "epochs=1", "-o", model)
    assert subprocess.run([program, "-c", SMALL_FILES, *words], check=False, capture_output=True).returncode == 1
    assert [path.name for path in tmp_path.iterdir()] == ["m.checkpoint.safetensors"]
    assert cli(*words, "--resume").code == 0
    assert model.exists()


def test_of_a_set_of_files_that_was_half_there_the_checkpoint_stays(trained: Path, tmp_path: Path, cli: Runner) -> None:
    model = tmp_path / "m.safetensors"
    words = ("train", trained / "proteins.safetensors", *TINY, "--set", "epochs=1", "-o", model)
    assert cli(*words).code == 0
    before = contents(tmp_path)
    # The state of a run that was killed after history and picture were renamed and before the model was.
    ready = tmp_path / ".m.safetensors.0123456789abcdef.ready"
    model.rename(ready)
    again = cli(*words, "--resume")
    assert again.code == 0
    assert f"removed {ready}" in again.err
    assert f"removed {tmp_path / 'm.history.tsv'}" in again.err
    assert "checkpoint" not in "".join(line for line in again.err.splitlines() if line.startswith("removed"))
    assert "the run is complete: 1 of 1" in again.err
    assert {name: content for name, (content, _) in contents(tmp_path).items() if name != model.name} == {
        name: content for name, (content, _) in before.items() if name != model.name
    }


STOPPED = """
import os, signal, sys
import seqnet.training.finalization as keeping
keeping.fit_baselines = lambda *words: os.kill(os.getpid(), signal.SIGKILL)
from seqnet.cli.main import run
run(sys.argv[1:])
"""


def test_a_run_killed_while_it_fits_baselines_is_reported_and_continues(
    program: Path, trained: Path, tmp_path: Path, cli: Runner
) -> None:
    model = tmp_path / "m.safetensors"
    words = ("train", trained / "proteins.safetensors", *TINY, "--set", "epochs=1", "-o", model)
    done = subprocess.run([program, "-c", STOPPED, *words], capture_output=True, check=False)
    assert done.returncode == -9
    assert [path.name for path in tmp_path.iterdir()] == ["m.checkpoint.safetensors"]
    again = cli(*words)
    assert again.code == 1
    problem = "a stopped run has left this checkpoint without a model"
    remedy = "continue it with --resume, or start over with --force"
    assert again.err == f"seqnet: error: {tmp_path / 'm.checkpoint.safetensors'}: {problem}; {remedy}\n"
    assert cli(*words, "--resume").code == 0
    assert list(open_bundle(model).baselines) == list(BASELINES)


@pytest.mark.parametrize("more", [(), ("--folds", "3")], ids=["one", "folds"])
def test_a_run_stopped_while_it_fits_baselines_is_not_complete(
    more: tuple[str, ...], trained: Path, tmp_path: Path, cli: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*words: object) -> None:
        raise KeyboardInterrupt

    model = tmp_path / "m.safetensors"
    words = ("train", trained / "proteins.safetensors", *TINY, *more, "--set", "epochs=1", "-o", model)
    with monkeypatch.context() as patched:
        patched.setattr(finalization, "fit_baselines", stop)
        stopped = cli(*words)
        assert stopped.code == 130
        assert (
            "stopped while baselines were fitted: the model has none; run train again with --resume to add"
            in stopped.err
        )
        assert not open_bundle(model).baselines
    added = cli(*words, "--resume")
    assert added.code == 0
    assert "nothing to do" not in added.err
    assert list(open_bundle(model).baselines) == list(BASELINES)
    assert "nothing to do" in cli(*words, "--resume").err
