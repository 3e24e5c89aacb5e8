from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import seqnet
from seqnet.core.errors import SettingError
from tests.api.conftest import cli as cli
from tests.building import planted, saved
from tests.cli.running import Runner

SETTINGS = {"epochs": 3, "filters": [6], "kernels": [5], "pools": [2], "dense": [5]}
OPTIONS: dict[str, Any] = {"network": "cnn", "settings": SETTINGS, "seed": 3, "device": "cpu", "threads": 1}


def test_a_cross_validation_is_that_of_the_command(tmp_path: Path, cli: Runner) -> None:
    data = saved(planted(), tmp_path / "d.safetensors")
    lines: list[str] = []
    found = seqnet.cross_validate(data, folds=3, progress=lines.append, **OPTIONS)
    words = [word for name, value in SETTINGS.items() for word in ("--set", f"{name}={value}")]
    outcome = cli(
        "train", tmp_path / "d.safetensors", "--network", "cnn", *words, "--seed", "3", "--folds", "3", "--device",
        "cpu", "--threads", "1", "-o", tmp_path / "m.safetensors",
    )  # fmt: skip
    assert outcome.code == 0
    assert found.to_json() == json.loads((tmp_path / "m.folds.json").read_text())
    theirs = pd.read_csv(tmp_path / "m.folds.tsv", sep="\t")
    assert list(found.predictions.columns) == list(theirs.columns)
    assert found.predictions["label"].tolist() == theirs["label"].tolist()
    np.testing.assert_allclose(found.predictions["p_signal"], theirs["p_signal"], atol=1e-6)
    assert len(found.predictions) == 144
    assert list(found.metrics.columns) == ["metric", "mean", "sd", "fold_1", "fold_2", "fold_3"]
    row = found.metrics.set_index("metric").loc["auroc"]
    assert row["mean"] == pytest.approx(row[["fold_1", "fold_2", "fold_3"]].mean())
    assert len(found.model.bundle.members) == 3
    assert repr(found).startswith("<seqnet.CrossValidationResult: 3 folds; accuracy ")
    assert any("fold 3 of 3" in line for line in lines)


def test_too_few_folds_are_refused() -> None:
    with pytest.raises(SettingError, match="folds must be at least 3, not 2"):
        seqnet.cross_validate(planted(), folds=2, **OPTIONS)
