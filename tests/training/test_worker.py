"""Commands and scripts that train several networks at the same time: signals, kills, and scripts without a guard."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from seqnet.core.containers import read_container
from seqnet.core.errors import SettingError
from seqnet.datasets.dataset import open_dataset
from seqnet.models.bundles import open_bundle
from seqnet.training.history import read_history
from seqnet.training.member_files import MemberFiles
from seqnet.training.members import Member
from seqnet.training.worker_messages import decoded, encoded, error_from
from tests.building import planted, run_config, saved
from tests.training.workers import ALWAYS_AT_ONCE, needs_proc, workers_of

PROGRAM = ALWAYS_AT_ONCE + "from seqnet.__main__ import main\nmain()"
WORDS = (
    "--network", "cnn", "--set", "filters=[4]", "--set", "kernels=[5]", "--set", "dense=[4]", "--set", "batch_size=16",
    "--set", "epochs=100000", "--set", "baseline_records=0", "--members", "3", "--threads", "2", "--no-audit",
)  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved(planted((64, 48, 8), 24), tmp_path_factory.mktemp("worker") / "d.safetensors").path


@contextmanager
def training(data: Path, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Yields a command that trains two networks, each of which has an epoch."""
    words = [sys.executable, "-c", PROGRAM, "train", str(data), *WORDS, "-o", str(folder / "m.safetensors")]
    (folder / "temporary").mkdir()
    environment = {**os.environ, "TMPDIR": str(folder / "temporary"), "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stderr
            begun: set[str] = set()
            for line in process.stderr:
                if ": epoch   1 of " in line:
                    begun.add(line[:8])
                if begun == {"member 1", "member 2"}:
                    break
            yield process
        finally:
            process.kill()


def rest_of(process: subprocess.Popen[str]) -> list[str]:
    """Returns the last lines of a command, without those of epochs."""
    return [line for line in process.communicate(timeout=60)[1].splitlines() if ": epoch " not in line]


def left_in(folder: Path) -> list[str]:
    """Returns the files in a folder, and the temporary ones of seqnet.

    A checkpoint that was being written when its process was killed has left a part, which the next run removes.
    """
    files = [path.name for path in folder.iterdir() if path.is_file() and path.suffix != ".part"]
    return sorted([*files, *(path.name for path in (folder / "temporary").glob("seqnet*"))])


@needs_proc
def test_a_signal_leaves_a_model_of_the_networks_that_have_an_epoch(data: Path, tmp_path: Path) -> None:
    with training(data, tmp_path) as process:
        for worker in workers_of(process.pid):
            for number in (signal.SIGINT, signal.SIGTERM):  # as from a terminal, or a cluster
                os.kill(worker, number)
        process.send_signal(signal.SIGTERM)
        lines = rest_of(process)
    assert process.returncode == 143
    kept = [line[:12] for line in lines if ": kept epoch " in line]
    assert kept == ["network 1 of", "network 2 of"]
    assert lines[-2].startswith("seqnet: stopped after ")
    assert lines[-2].endswith(" epochs of 2 networks; continue with --resume")
    assert lines[-1] == "seqnet: terminated"
    assert len(open_bundle(tmp_path / "m.safetensors").members) == 2
    # The checkpoint has all epochs of the history, but maybe the last, whose checkpoint was being written.
    epochs = [len(rows) for rows in read_history(tmp_path / "m.history.tsv")]
    checkpoints = [
        read_container(tmp_path / f"m.{number}.checkpoint.safetensors", ["checkpoint"], "") for number in (1, 2)
    ]
    differences = [count - len(one.description["rows"]) for count, one in zip(epochs, checkpoints, strict=True)]
    assert set(differences) <= {0, 1}
    assert left_in(tmp_path) == [
        "m.1.checkpoint.safetensors", "m.2.checkpoint.safetensors", "m.curves.svg", "m.history.tsv", "m.safetensors",
    ]  # fmt: skip


def test_an_error_is_sent_and_a_process_ends_after_its_parent_and_leaves_nothing(data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    long = run_config({"epochs": 100_000})
    wrong = replace(long, training=replace(long.training, learning_rate=1e30))
    files, dataset = MemberFiles(folder), open_dataset(data)
    words = [sys.executable, "-P", "-m", "seqnet.training.worker", str(folder)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as worker:
        assert worker.stdin
        assert worker.stdout
        for number, config in enumerate((wrong, long)):
            values = files.write(number, Member("", "", dataset, config, None, ""))
            worker.stdin.write(
                encoded({"kind": "train", "number": number, "member": values, "threads": 1, "resume": False})
            )
        worker.stdin.flush()
        received = iter(map(decoded, worker.stdout))
        message = next(one for one in received if one["kind"] == "error")
        error = error_from(message)
        assert isinstance(error, SettingError)
        assert (message["number"], error.name, error.value) == (0, "training.learning_rate", 1e30)
        assert str(error).startswith("training.learning_rate 1e+30 is too high: training diverged (the loss is ")
        assert next(one for one in received if one["kind"] == "epoch")["number"] == 1
        worker.stdin.close()
        assert worker.wait(timeout=60) == 0
    assert not folder.exists()


SCRIPT = """
import pathlib, sys
import seqnet
import seqnet.training.concurrent_members as concurrent
concurrent._FEWEST_SYMBOLS = 0
print("begins")
data = seqnet.open_dataset(sys.argv[1])
settings = {"filters": [4], "kernels": [5], "dense": [4], "epochs": 2, "batch_size": 16,
            "baseline_records": 0}
settings = {f"network.{name}" if name in ("filters", "kernels", "dense") else f"training.{name}": value
            for name, value in settings.items()}
model = seqnet.train(data, network="cnn", settings=settings, members=2, threads=2, progress=print)
print(len(model.bundle.members), "members")
"""


def test_a_script_without_a_guard_runs_once(data: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    words = [sys.executable, str(script), str(data)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(words, capture_output=True, text=True, timeout=100, check=False, env=environment)
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert [lines[0], lines[-1], lines.count("begins")] == ["begins", "2 members", 1]
    assert "training 2 networks at a time, each with 1 thread" in lines
    assert sum(": epoch " in line for line in lines) == 4
