from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from seqnet.core.errors import ResourceError
from seqnet.training.member_training import train_members
from seqnet.training.members import Member
from tests.building import CPU, Recorder, planted, run_config
from tests.training.workers import always_at_once


def train_two() -> None:
    config = run_config()
    kinds = [replace(config, training=replace(config.training, seed=seed)) for seed in (1, 2)]
    members = [Member(f"member {one.training.seed} of 2", "", planted(), one, None, "") for one in kinds]
    torch.set_num_threads(2)
    try:
        train_members(members, Recorder(), device=CPU, resume=False)
    finally:
        torch.set_num_threads(1)


def test_a_process_that_fails_is_a_bug_with_what_it_has_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = tmp_path / "python"
    failing.write_text("#!/bin/sh\necho broken >&2\nexit 3\n")
    failing.chmod(0o700)
    always_at_once(monkeypatch)
    monkeypatch.setattr(sys, "executable", str(failing))
    with pytest.raises(RuntimeError, match=r"^the process that trains member \d of 2 ended with exit code 3\nbroken$"):
        train_two()


def test_a_process_that_cannot_be_started_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    always_at_once(monkeypatch)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "missing"))
    with pytest.raises(ResourceError) as caught:
        train_two()
    assert str(caught.value) == (
        "train: no process can be started to train a network: No such file or directory; use --threads 1, which trains "
        "in this process"
    )
