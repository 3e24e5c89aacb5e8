from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from seqnet.models.bundles import open_bundle, write_bundle
from tests.building import planted, saved
from tests.cli.running import ROOT, Runner
from tests.groups import start

SETTINGS = ("--preset", "dna-cnn", "--set", "batch_size=16", "--threads", "1", "--no-audit")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("processes") / "data.safetensors"
    saved(planted((122, 40, 0), length=36), path)
    return path


def torchrun(*words: str | Path) -> subprocess.Popen[str]:
    """Starts a program in two processes."""
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    return subprocess.Popen(
        [*launcher, *map(str, words)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def said(errors: str) -> list[str]:
    """Returns the lines of seqnet on standard error, without those of torchrun."""
    return [line for line in errors.splitlines() if line.startswith("seqnet: ")]


def ended(processes: list[subprocess.Popen[str]]) -> Iterator[tuple[int, str]]:
    """Yields exit code and standard error of each process."""
    try:
        for process in processes:
            _, errors = process.communicate(timeout=100)
            yield process.returncode, errors
    finally:
        for process in processes:
            process.kill()


@pytest.fixture(scope="module")
def group(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model of two processes, which torchrun has started for one epoch, and a cluster for another."""
    folder = tmp_path_factory.mktemp("group")
    words = ("train", data, *SETTINGS, "-o", folder / "m.safetensors")
    [(code, errors)] = ended([torchrun("-m", "seqnet", *words, "--set", "epochs=1")])
    assert code == 0, errors
    assert errors.count("epoch   1 of 1") == 1
    assert errors.count("using the CPU, 1 thread, as each of 2 processes") == 1
    assert errors.count("wrote ") == 1
    # The checkpoint of a group is that of one process, too.
    shutil.copy(folder / "m.checkpoint.safetensors", folder / "one.checkpoint.safetensors")
    resumed = start(2, ["-m", "seqnet", *words, "--set", "epochs=2", "--resume"])
    (code, first), (other_code, other) = ended(resumed)
    assert (code, other_code, other) == (0, 0, "")
    assert "continuing after epoch 1 of 2" in first
    return folder


def test_two_processes_give_the_result_of_one_and_go_on(data: Path, group: Path, tmp_path: Path, cli: Runner) -> None:
    words = ("train", data, *SETTINGS, "--device", "cpu", "-o", tmp_path / "m.safetensors")
    # The learning rate of one process that goes on is the same.
    for epochs in ("1", "2"):
        assert cli(*words, "--set", f"epochs={epochs}", "--resume").code == 0
    one = tmp_path / "one.safetensors"
    shutil.copy(group / "one.checkpoint.safetensors", tmp_path / "one.checkpoint.safetensors")
    continued = cli(*words[:-1], one, "--set", "epochs=2", "--resume")
    assert continued.code == 0
    assert "continuing after epoch 1 of 2" in continued.err
    expected, *found = (
        open_bundle(path).metrics for path in (tmp_path / "m.safetensors", group / "m.safetensors", one)
    )
    for metrics in found:
        assert metrics == pytest.approx(expected, rel=1e-3)


SCRIPT = r"""
import sys
import seqnet

data, output = sys.argv[1:]
lines = []
for epochs in (1, 2):
    settings = {"batch_size": 16, "epochs": epochs}
    model = seqnet.train(data, "dna-cnn", settings=settings, threads=1, device="cpu", progress=lines.append,
                         output=output, resume=epochs == 2)
    # The file is complete in every process, and has the weights that each has.
    there = seqnet.load(output).bundle.classifier.state_dict()
    assert all(tensor.equal(there[name]) for name, tensor in model.bundle.classifier.state_dict().items())
counts = [sum(line.startswith(word) for line in lines) for word in ("epoch", "wrote ")]
# One write, because both processes share a pipe: print writes number by number if standard output has no buffer.
sys.stdout.write("{} {}\n".format(*counts))
"""


def test_a_script_trains_with_all_processes_as_the_command_does(data: Path, group: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    process = torchrun(script, data, tmp_path / "m.safetensors")
    out, errors = process.communicate(timeout=100)
    assert process.returncode == 0, errors
    assert sorted(out.splitlines()) == ["0 0", "2 2"]
    script.unlink()
    expected = open_bundle(group / "m.safetensors")
    write_bundle(group / "bare", replace(expected, provenance={**expected.provenance, "command": ""}))
    assert (tmp_path / "m.safetensors").read_bytes() == (group / "bare").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in group.glob("m.*"))
    for ending in ("history.tsv", "curves.svg", "checkpoint.safetensors"):
        assert (tmp_path / f"m.{ending}").read_bytes() == (group / f"m.{ending}").read_bytes()


def test_two_processes_give_the_folds_of_one(data: Path, tmp_path: Path, cli: Runner) -> None:
    words = ("train", data, *SETTINGS, "--device", "cpu", "--folds", "3", "--set", "epochs=1")
    assert cli(*words, "-o", tmp_path / "one.safetensors").code == 0
    (code, errors), (other_code, other) = ended(start(2, ["-m", "seqnet", *words, "-o", tmp_path / "two.safetensors"]))
    assert (code, other_code, other) == (0, 0, ""), errors
    expected, found = ((tmp_path / f"{name}.folds.tsv").read_text().splitlines() for name in ("one", "two"))
    assert len(found) == len(expected) == 163
    for row, other_row in zip(expected[1:], found[1:], strict=True):
        *about, first, second = row.split("\t")
        *other_about, other_first, other_second = other_row.split("\t")
        assert about == other_about
        assert [float(other_first), float(other_second)] == pytest.approx([float(first), float(second)], abs=2e-4)


def two_in_training(data: Path, folder: Path) -> list[subprocess.Popen[str]]:
    """Returns two processes of a long training, of which there is a checkpoint."""
    words = ("train", data, *SETTINGS, "--set", "epochs=2000", "-o", folder / "m.safetensors")
    processes = start(2, ["-m", "seqnet", *words])
    end = time.monotonic() + 90
    while not (folder / "m.checkpoint.safetensors").exists() and time.monotonic() < end:
        time.sleep(0.05)
    assert (folder / "m.checkpoint.safetensors").exists()
    return processes


def test_an_interruption_leaves_the_checkpoint_and_no_model(data: Path, tmp_path: Path) -> None:
    processes = two_in_training(data, tmp_path)
    for process in processes:  # as torchrun and the terminal do
        process.send_signal(signal.SIGINT)
    (code, errors), (other_code, other) = ended(processes)
    assert (code, other_code) == (130, 130)
    assert said(errors + other) == ["seqnet: interrupted"]
    assert [path.name for path in tmp_path.iterdir()] == ["m.checkpoint.safetensors"]


def test_a_killed_process_ends_the_other_with_one_line(data: Path, tmp_path: Path) -> None:
    first, second = two_in_training(data, tmp_path)
    second.send_signal(signal.SIGKILL)
    (code, errors), (killed, _) = ended([first, second])
    assert (code, killed) == (1, -signal.SIGKILL)
    line = "another process of this training ended, or did not answer for 10 min; see its messages; "
    assert said(errors) == [f"seqnet: error: {line}continue with --resume"]
    assert [path.name for path in tmp_path.iterdir()] == ["m.checkpoint.safetensors"]


def test_an_error_of_one_process_is_the_only_line(data: Path, tmp_path: Path) -> None:
    words: list[str | Path] = ["-m", "seqnet", "train", data, *SETTINGS, "-o", tmp_path / "m.safetensors"]
    (code, errors), (other_code, other) = ended(start(2, words, more=((), ("--set", "network.dense=[7]"))))
    assert (code, other_code) == (1, 1)
    problem = "dataset, settings, versions or checkpoints differ between the processes"
    assert said(errors + other) == [f"seqnet: error: {problem}"]
    missing = [*words[:3], *words[4:]]
    (code, errors), (other_code, other) = ended(start(2, missing, more=((str(data),), (f"{data}.not",))))
    assert (code, other_code) == (1, 1)
    assert said(errors + other) == [f"seqnet: error: {data}.not: no such file or directory"]
    assert not list(tmp_path.iterdir())


def test_a_missing_process_is_one_line(data: Path, tmp_path: Path) -> None:
    words = ("train", data, *SETTINGS, "--wait", "1s", "-o", tmp_path / "m.safetensors")
    [(code, errors)] = ended(start(2, ["-m", "seqnet", *words], ranks=[0]))
    assert code == 1
    problem = (
        "process 2 of 2 did not start within 1 s; check that all machines run the same command, or increase --wait"
    )
    assert errors.splitlines() == [f"seqnet: error: {problem}"]
    assert not list(tmp_path.iterdir())


def test_other_commands_refuse_torchrun(cli: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    group = {"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "localhost", "MASTER_PORT": "1"}
    for name, value in group.items():
        monkeypatch.setenv(name, value)
    assert cli("inspect", "human-dna").code == 0
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "1")
    done = cli("inspect", "human-dna")
    line = "inspect runs in one process; start it without torchrun; see seqnet inspect --help"
    assert (done.code, done.err) == (2, f"seqnet: error: {line}\n")


def test_what_several_processes_can_not_do(
    data: Path, tmp_path: Path, cli: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["-m", "seqnet", "train", str(data), *SETTINGS, "--device", "mps", "-o", str(tmp_path / "m.safetensors")]
    [(code, errors)] = ended(start(2, words, ranks=[0]))
    problem = "--device can't be mps with several processes; use auto, cuda or cpu"
    assert (code, said(errors)) == (1, [f"seqnet: error: {problem}"])
    group = {"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "localhost", "MASTER_PORT": "1"}
    for name, value in group.items():
        monkeypatch.setenv(name, value)
    done = cli("train", "--class", "a=a.fa", "--class", "b=@uniform", "-o", tmp_path / "m.safetensors")
    problem = "--class can't be combined with several processes; make a dataset with seqnet encode"
    assert (done.code, done.err) == (2, f"seqnet: error: {problem}; see seqnet train --help\n")
    assert not list(tmp_path.iterdir())
