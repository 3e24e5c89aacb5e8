from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import seqnet
from seqnet.core.errors import FormatError, LabelError, SettingError
from tests.api.conftest import cli as cli
from tests.building import planted, saved
from tests.cli.running import Runner

SPACE = {"training": {"learning_rate": {"low": 1e-4, "high": 1e-1, "log": True}, "batch_size": {"choices": [8, 16]}}}
TOML = "[training]\nlearning_rate = {low = 1e-4, high = 1e-1, log = true}\nbatch_size = {choices = [8, 16]}\n"
SETTINGS = {"epochs": 2, "filters": [4], "kernels": [5], "pools": [2], "dense": [4]}
OPTIONS: dict[str, Any] = {"network": "cnn", "settings": SETTINGS, "seed": 3, "device": "cpu", "threads": 1}


def test_a_search_is_that_of_the_command(tmp_path: Path, cli: Runner) -> None:
    data = saved(planted(), tmp_path / "d.safetensors")
    (tmp_path / "space.toml").write_text(TOML)
    lines: list[str] = []
    found = seqnet.tune(data, SPACE, trials=3, progress=lines.append, **OPTIONS)
    words = [word for name, value in SETTINGS.items() for word in ("--set", f"{name}={value}")]
    outcome = cli(
        "tune", tmp_path / "d.safetensors", "--space", tmp_path / "space.toml", "--network", "cnn", *words, "--seed",
        "3", "--device", "cpu", "--threads", "1", "--trials", "3", "-o", tmp_path / "best.toml",
    )  # fmt: skip
    assert outcome.code == 0
    rows = [line.split("\t") for line in (tmp_path / "best.trials.tsv").read_text().splitlines()]
    assert list(found.trials.columns) == rows[0]
    assert [f"{value:.6g}" for value in found.trials["value"]] == [row[1] for row in rows[1:]]
    assert found.best.keys() == {"training.batch_size", "training.learning_rate"}
    assert found.value == found.trials["value"].min()
    assert len([line for line in lines if line.startswith("trial ")]) == 3
    assert repr(found).startswith("<seqnet.TuneResult: 3 trials, best validation loss ")
    found.save(tmp_path / "ours.toml")
    ours, theirs = ((tmp_path / name).read_text().split("\n[", 1)[1] for name in ("ours.toml", "best.toml"))
    assert ours == theirs


def test_the_settings_that_were_found_train_a_model_and_a_search_goes_on(tmp_path: Path) -> None:
    data = saved(planted(), tmp_path / "d.safetensors")
    (tmp_path / "space.toml").write_text(TOML)
    found = seqnet.tune(str(data.path), tmp_path / "space.toml", trials=2, storage=tmp_path / "s.journal", **OPTIONS)
    more = seqnet.tune(data, SPACE, trials=3, storage=tmp_path / "s.journal", resume=True, **OPTIONS)
    assert more.trials["value"].tolist()[:2] == found.trials["value"].tolist()
    model = seqnet.train(data, settings=found.settings, device="cpu", threads=1)
    assert model.settings["training"]["learning_rate"] == found.best["training.learning_rate"]


def test_what_can_not_be_searched_is_refused(tmp_path: Path) -> None:
    data = saved(planted(), tmp_path / "d.safetensors")
    with pytest.raises(FormatError, match="there is no such setting; did you mean epochs"):
        seqnet.tune(data, {"training": {"epoch": {"low": 1, "high": 2}}}, **OPTIONS)
    with pytest.raises(SettingError, match="storage is needed for resume and shared"):
        seqnet.tune(data, SPACE, resume=True, **OPTIONS)
    with pytest.raises(SettingError, match="there is no setting trial; did you mean trials"):
        seqnet.tune(data, SPACE, trial=3, **OPTIONS)
    with pytest.raises(LabelError, match="it has no validation split"):
        seqnet.tune(saved(planted((60, 0, 0)), tmp_path / "n.safetensors"), SPACE, **OPTIONS)
