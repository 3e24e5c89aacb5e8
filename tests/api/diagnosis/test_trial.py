from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest

from seqnet.api.diagnosis import trial
from seqnet.api.diagnosis.trial import run_trial


def test_a_motif_is_learned_and_nothing_stays_on_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    values, problems = run_trial("cpu", 1)
    assert problems == []
    assert values["device"] == "cpu"
    assert values["predicted"] == 200
    assert values["right"] >= 0.95
    assert values["difference"] == 0
    assert list(tmp_path.glob("seqnet*")) == []


def test_wrong_labels_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    # Without the motif there is nothing to learn.
    monkeypatch.setattr(trial, "_MOTIF", "")
    monkeypatch.setattr(trial, "_TRAINED", 40)
    values, (problem,) = run_trial("cpu", 1)
    assert 0.2 < values["right"] < 0.8
    assert problem.level == "failed"
    assert "of the labels are right" in problem.problem


def test_the_motif_is_in_every_sequence_that_has_one() -> None:
    random = np.random.default_rng(1)
    assert all("TATAAA" in text and len(text) == 40 for text in trial._sequences(random, 20, "TATAAA"))
