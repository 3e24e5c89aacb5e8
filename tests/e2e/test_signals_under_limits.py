"""Signals to commands whose address space is limited, as batch systems limit it."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest

from seqnet.core.containers import read_container
from seqnet.datasets.dataset import save_dataset
from seqnet.models.bundles import open_bundle, write_bundle
from tests.building import make_bundle, planted
from tests.e2e.test_signals_and_streams import READS, SEQNET, minds_signals

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits and /proc are those of Linux")

TOO_LITTLE, TIGHT, ENOUGH = 700_000, 1_000_000, 3_000_000
"""Limits in KiB: too little to load PyTorch, enough to load it and perhaps too little to work, and enough."""
MOMENTS = (0.0, 0.5, 1.5, 4.0)
"""Seconds from the start until the signal, at most: before the imports, during the imports, and while it works."""
SECONDS = 5
"""Processor time that a command may take from the signal to its end."""
ENDS = {
    signal.SIGINT: (130, "seqnet: interrupted"),
    signal.SIGTERM: (143, "seqnet: terminated"),
}
COMMANDS: dict[str, tuple[str, ...]] = {
    "predict": ("predict", "m.safetensors", *[READS] * 500, "-o", "out.tsv"),
    "train": ("train", "d.safetensors", "--preset", "dna-cnn", "--set", "epochs=10000", "--set", "early_stopping=10000",
              "--no-audit", "-o", "out.safetensors"),
}  # fmt: skip
"""Commands that take longer than any of these tests."""
CHECKPOINT = "out.checkpoint.safetensors"
STOPPED = {CHECKPOINT, "out.safetensors", "out.history.tsv", "out.curves.svg"}
"""Files of a training that was stopped after its first epoch."""


class Case(NamedTuple):
    command: str
    limit: int  # KiB of address space
    number: signal.Signals
    moment: float  # seconds from the start until the signal


def ended(case: Case, folder: Path) -> tuple[int, list[str]]:
    """Returns exit code and messages of a command that gets a signal."""
    folder.mkdir()
    write_bundle(folder / "m.safetensors", make_bundle())
    save_dataset(folder / "d.safetensors", planted())
    words = ["bash", "-c", f'ulimit -v {case.limit}; exec "$@"', "bash", *SEQNET, *COMMANDS[case.command]]
    with subprocess.Popen(words, cwd=folder, stderr=subprocess.PIPE, text=True) as process:
        until = time.monotonic() + case.moment
        while process.poll() is None and not (minds_signals(process, case.number) and time.monotonic() >= until):
            time.sleep(0.001)
        process.send_signal(case.number)
        limit_processor_time(process.pid)
        try:
            _, messages = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    return process.returncode, messages.splitlines()


def limit_processor_time(process: int) -> None:
    """Has the system end a process after `SECONDS` more: a loaded machine takes longer, but computes no longer."""
    with suppress(OSError):  # it has ended
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        used = (int(fields[11]) + int(fields[12])) // os.sysconf("SC_CLK_TCK") + 1
        resource.prlimit(process, resource.RLIMIT_CPU, (used + SECONDS, used + SECONDS))


def check(cases: list[Case], folder: Path) -> list[int]:
    """Checks how commands end that get a signal; returns their exit codes. Two at once take half of the time."""
    folders = [folder / str(number) for number in range(len(cases))]
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(ended, cases, folders))
    for case, own, (code, messages) in zip(cases, folders, outcomes, strict=True):
        assert "Traceback" not in "".join(messages), (case, messages)
        errors = [message for message in messages if message.startswith("seqnet: error: ")]
        signalled, line = ENDS[case.number]
        if code == signalled:
            assert messages[-1].startswith(line), (case, code, messages)
            assert not errors, (case, code, messages)
        else:
            assert (code, errors) == (1, messages[-1:]), (case, code, messages)
            assert "memory" in errors[0], (case, code, messages)
            assert case.limit < ENOUGH, (case, code, messages)
        check_files(case, own, messages)
    return [code for code, _ in outcomes]


def check_files(case: Case, folder: Path, messages: list[str]) -> None:
    """Checks that a command left nothing, or what a training has after an epoch: all of its files, and no others."""
    left = {path.name for path in folder.iterdir()} - {"d.safetensors", "m.safetensors"}
    if case.command == "predict":
        assert left == set(), (case, left)
        return
    assert left in (set(), {CHECKPOINT}, STOPPED), (case, left)
    assert (left == STOPPED) == any("; continue with --resume" in message for message in messages), (case, messages)
    if left:
        read_container(folder / CHECKPOINT, ["checkpoint"], "")
    if left == STOPPED:
        open_bundle(folder / "out.safetensors")


def test_with_too_little_memory_it_is_one_line_or_the_signal(tmp_path: Path) -> None:
    cases = [Case(command, TOO_LITTLE, number, 0.0) for command in COMMANDS for number in ENDS]
    check(cases, tmp_path)


def test_a_signal_ends_a_command_with_limited_memory(tmp_path: Path) -> None:
    rng = Random(1)
    turns = [(command, limit) for limit in (TIGHT, ENOUGH) for command in COMMANDS]
    cases = [
        Case(*turn, (signal.SIGTERM, signal.SIGINT)[index % 2], rng.uniform(1, 3)) for index, turn in enumerate(turns)
    ]
    codes = check(cases, tmp_path)
    assert codes[2:] == [143, 130]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("limit", [TOO_LITTLE, TIGHT, ENOUGH])
def test_a_signal_at_any_moment_ends_a_command_with_limited_memory(tmp_path: Path, limit: int) -> None:
    rng = Random(limit)
    cases = [
        Case(command, limit, number, rng.random() * moment)
        for command in COMMANDS
        for number in ENDS
        for moment in MOMENTS
        for _ in range(2)
    ]
    check(cases, tmp_path)
