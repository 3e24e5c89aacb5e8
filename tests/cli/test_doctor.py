from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import seqnet
from seqnet.core.errors import SettingError
from tests.cli.running import ROOT, Runner


def test_a_working_machine_passes(cli: Runner) -> None:
    outcome = cli("doctor", "--device", "cpu", "--threads", "1")
    assert (outcome.code, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert lines[-1] == "PASS"
    assert any(line.startswith("trial: trained a network on cpu and predicted 200 records in ") for line in lines)


def test_json_has_everything(cli: Runner) -> None:
    outcome = cli("doctor", "--no-trial", "--json")
    values = json.loads(outcome.out)
    assert values["passed"] is True
    assert "trial" not in values
    assert values["threads"]["usable"] >= 1
    assert values["fast_paths"].keys() >= {"onednn_product", "fused_adam"}


def test_a_program_gets_the_json_of_the_command(cli: Runner) -> None:
    outcome = cli("doctor", "--no-trial", "--device", "cpu", "--json")
    ours, theirs = seqnet.diagnose("cpu", trial=False).to_json(), json.loads(outcome.out)
    for one in (ours, theirs):
        for folder in one["disk"].values():
            folder.pop("free_bytes")  # other programs write meanwhile
    assert ours == theirs
    with pytest.raises(SettingError, match="threads needs trial"):
        seqnet.diagnose(threads=2, trial=False)
    with pytest.raises(SettingError, match="threads must be at least 1, not 0"):
        seqnet.diagnose(threads=0)


def test_threads_are_for_the_trial(cli: Runner) -> None:
    outcome = cli("doctor", "--no-trial", "--threads", "1")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("seqnet: error: --threads is for the trial, and can't be combined with --no-trial")


def test_a_device_that_is_not_there_is_one_line(cli: Runner) -> None:
    outcome = cli("doctor", "--device", "cuda:99")
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.startswith("seqnet: error: --device must be")


def test_a_broken_package_is_named(tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text("raise ImportError('libtorch_cpu.so: cannot open shared object file')")
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    words = [sys.executable, "-m", "seqnet", "doctor"]
    done = subprocess.run(words, capture_output=True, text=True, env=environment, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    lines = done.stdout.splitlines()
    assert lines[-1] == "FAIL"
    assert (
        "FAIL: device: libtorch_cpu.so: cannot open shared object file; reinstall seqnet and PyTorch in a new "
        "environment"
    ) in lines
    assert any(line.startswith("threads: ") for line in lines)
