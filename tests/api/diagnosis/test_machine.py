from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from seqnet.api.diagnosis import machine
from seqnet.api.diagnosis.machine import device_facts, disk_facts, fast_path_facts, thread_facts
from seqnet.core.errors import SettingError
from seqnet.core.processors import usable_processors
from seqnet.nn.fast.capabilities import CAPABILITIES, without


def test_the_limits_of_threads_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    values, problems = thread_facts()
    assert values["usable"] == usable_processors() == 1
    assert values["limits"]["OMP_NUM_THREADS"] == 1
    assert "OMP_NUM_THREADS" in values["limited_by"]
    assert (values["machine"], problems) == (os.cpu_count(), [])


def test_fast_operations_are_those_that_are_used() -> None:
    assert list(fast_path_facts()[0]) == list(CAPABILITIES)
    with without("fused_adam"):
        assert fast_path_facts()[0]["fused_adam"] is False


def test_the_cpu_can_be_used_everywhere_and_a_device_that_is_not_there_is_an_error() -> None:
    assert device_facts("cpu")[0]["used"] == "cpu"
    with pytest.raises(SettingError, match="device"):
        device_facts("cuda:99")


def test_folders_follow_their_variables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "not" / "there"))
    values, problems = disk_facts()
    assert values["temporary files"]["path"] == str(tmp_path)
    models = values["cache of language models"]
    assert (models["path"], models["exists"]) == (str(tmp_path / "not" / "there"), False)
    assert models["free_bytes"] > 0
    assert problems == [] or "MB are free" in problems[0].problem


def test_little_space_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_LITTLE", 10**18)
    problems = disk_facts()[1]
    assert [problem.level for problem in problems] == ["warning"] * 3
    assert problems[0].remedy == "set TMPDIR to another folder"
