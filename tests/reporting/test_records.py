from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from seqnet.models.bundles import Bundle
from seqnet.reporting.records import training_record
from seqnet.training.history import EpochRow, write_history
from tests.building import fit, make_bundle, planted, run_config

ROWS = [
    EpochRow(1, 5, 1e-3, 0.7, 0.5, 0.69, 0.5, 0.5),
    EpochRow(2, 10, 1e-3, 0.6, 0.6, 0.251234567, 0.7, 0.8),
    EpochRow(3, 15, 1e-3, 0.5, 0.7, 0.66, 0.6, 0.7),
]


def model(epoch: float = 2.0, loss: float = 0.251234567, members: int = 1) -> Bundle:
    bundle = make_bundle(run_config({"monitor": "loss"}), members=members)
    return dataclasses.replace(bundle, metrics={"epoch": epoch, "validation_loss": loss})


def test_the_epochs_of_a_training_are_read_from_the_file_beside_the_model(tmp_path: Path) -> None:
    result = fit(planted(), run_config())
    write_history(tmp_path / "m.history.tsv", [result.rows])
    found = training_record(result.bundle, tmp_path / "m.safetensors")
    assert found.remarks == []
    assert [row.epoch for row in found.runs[0]] == [1, 2, 3]
    assert found.kept == [result.best_epoch]
    assert found.folds == ()


def test_several_networks_have_several_curves(tmp_path: Path) -> None:
    write_history(tmp_path / "m.history.tsv", [ROWS, ROWS[:2]])
    found = training_record(model(members=2), tmp_path / "m.safetensors")
    assert [len(run) for run in found.runs] == [3, 2]
    assert found.kept == [2, 2]


@pytest.mark.parametrize(
    "bundle", [model(epoch=3.0), model(loss=0.26), model(members=2)], ids=["epoch", "loss", "members"]
)
def test_a_history_of_another_training_is_not_taken(bundle: Bundle, tmp_path: Path) -> None:
    write_history(tmp_path / "m.history.tsv", [ROWS])
    found = training_record(bundle, tmp_path / "m.safetensors")
    assert found.runs == ()
    assert found.remarks == ["learning curves are not known: m.history.tsv is of another training"]


@pytest.mark.parametrize(
    "text", ["", "epoch\n", "a\tb\n1\t2\n", "\xff", "HEADER\n1\t2\n", "HEADER\nx" + "\t1" * 8, "HEADER\n2" + "\t1" * 8]
)
def test_a_file_that_is_not_a_history_is_not_taken(text: str, tmp_path: Path) -> None:
    write_history(tmp_path / "m.history.tsv", [ROWS])
    header = (tmp_path / "m.history.tsv").read_text().splitlines()[0]
    (tmp_path / "m.history.tsv").write_bytes(text.replace("HEADER", header).encode("latin-1"))
    found = training_record(model(), tmp_path / "m.safetensors")
    assert found.remarks == ["learning curves are not known: m.history.tsv can't be read"]


def test_what_is_not_there_is_reported() -> None:
    assert training_record(model(), None).remarks == ["learning curves are not known: the model is not from a file"]
    found = training_record(model(), Path("/nowhere/m.safetensors"))
    assert found.remarks == ["learning curves are not known: there is no file m.history.tsv beside the model"]


FOLDS: list[dict[str, Any]] = [
    {"fitted": 80, "choosing": 10, "held_out": 10, "epoch": 3, "metrics": {"accuracy": 0.5, "auroc": None}},
    {"fitted": 81, "choosing": 9, "held_out": 10, "epoch": 4, "metrics": {"accuracy": 0.7, "auroc": 0.8}},
]


def crossed(mean: float) -> Bundle:
    bundle = model(members=2)
    about = {**bundle.provenance, "folds": {"count": 2, "seed": 1}}
    return dataclasses.replace(bundle, metrics={"out_of_fold_accuracy": mean}, provenance=about)


def test_the_folds_of_a_cross_validation_are_read(tmp_path: Path) -> None:
    (tmp_path / "m.folds.json").write_text(json.dumps({"folds": FOLDS}))
    found = training_record(crossed(0.6), tmp_path / "m.safetensors").folds
    assert [fold.sizes for fold in found] == [(80, 10, 10), (81, 9, 10)]
    assert [fold.metrics["accuracy"] for fold in found] == [0.5, 0.7]
    assert found[0].metrics["auroc"] != found[0].metrics["auroc"]


@pytest.mark.parametrize(
    ("text", "remark"),
    [
        (json.dumps({"folds": FOLDS}), "m.folds.json is of another training"),
        ("{", "m.folds.json can't be read"),
        ("[]", "m.folds.json can't be read"),
        ('{"folds": [{"fitted": "x"}]}', "m.folds.json can't be read"),
        ('{"folds": [1, 2]}', "m.folds.json can't be read"),
        ("[" * 100_000, "m.folds.json can't be read"),
    ],
)
def test_folds_that_are_not_of_the_model_are_not_taken(text: str, remark: str, tmp_path: Path) -> None:
    (tmp_path / "m.folds.json").write_text(text)
    found = training_record(crossed(0.9), tmp_path / "m.safetensors")
    assert found.folds == ()
    assert found.remarks[-1] == f"the metrics of the folds are not known: {remark}"
