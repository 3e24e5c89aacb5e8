from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from seqnet.models.bundles import open_bundle
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
    """Starts a command in two processes."""
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    return subprocess.Popen(
        [*launcher, "-m", "seqnet", *map(str, words)],
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


def test_two_processes_give_the_result_of_one_and_go_on(data: Path, tmp_path: Path, cli: Runner) -> None:
    model = tmp_path / "group.safetensors"
    words = ("train", data, *SETTINGS)
    [(code, errors)] = ended([torchrun(*words, "--set", "epochs=1", "-o", model)])
    assert code == 0, errors
    assert errors.count("epoch   1 of 1") == 1
    assert errors.count("using the CPU, 1 thread, as each of 2 processes") == 1
    assert errors.count("wrote ") == 1
    # The checkpoint of a group is that of one process, too.
    shutil.copy(tmp_path / "group.checkpoint.safetensors", tmp_path / "one.checkpoint.safetensors")
    one = cli(*words, "--set", "epochs=2", "--resume", "--device", "cpu", "-o", tmp_path / "one.safetensors")
    assert one.code == 0
    assert "continuing after epoch 1 of 2" in one.err
    resumed = start(2, ["-m", "seqnet", *words, "--set", "epochs=2", "--resume", "-o", model])
    (code, first), (other_code, other) = ended(resumed)
    assert (code, other_code, other) == (0, 0, "")
    assert "continuing after epoch 1 of 2" in first
    # The learning rate of one process that goes on is the same.
    for epochs in ("1", "2"):
        alone = cli(
            *words, "--set", f"epochs={epochs}", "--resume", "--device", "cpu", "-o", tmp_path / "a.safetensors"
        )
        assert alone.code == 0
    expected, *found = (open_bundle(tmp_path / f"{name}.safetensors").metrics for name in ("a", "group", "one"))
    for metrics in found:
        assert metrics == pytest.approx(expected, rel=1e-3)


def test_a_killed_process_ends_the_other_with_one_line(data: Path, tmp_path: Path) -> None:
    words = ("train", data, *SETTINGS, "--set", "epochs=2000", "-o", tmp_path / "m.safetensors")
    first, second = start(2, ["-m", "seqnet", *words])
    end = time.monotonic() + 90
    while not (tmp_path / "m.checkpoint.safetensors").exists() and time.monotonic() < end:
        time.sleep(0.05)
    assert (tmp_path / "m.checkpoint.safetensors").exists()
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
    problem = "process 2 of 2 did not start within 1 s; check that all machines run the same command, or raise --wait"
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
