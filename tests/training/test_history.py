from __future__ import annotations

import math
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import pytest

from seqnet.training.history import (
    EpochRow,
    draw_curves,
    epoch_text,
    kept_epoch,
    kept_text,
    read_history,
    write_history,
)
from tests.building import fit, planted, run_config

ROWS = [
    EpochRow(1, 50, 1e-3, 0.75, 0.5, 0.7, 0.51234567, 0.6, 0.65),
    EpochRow(2, 100, 5e-4, 0.5, 0.75, 0.625, 0.75, 0.8),
    EpochRow(3, 150, 1.25e-7, 1 / 3, 1.0, 0.65, 0.5, 0.7),
]
BLIND = [EpochRow(1, 50, 1e-3, 0.75, 0.5, math.nan, math.nan, math.nan)]


def test_the_table_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "history.tsv"
    write_history(path, [ROWS])
    assert path.read_bytes().decode().split("\n") == [
        "epoch\tstep\tlearning_rate\ttrain_loss\ttrain_accuracy\tvalidation_loss\tvalidation_accuracy\tvalidation_auroc"
        "\tvalidation_balanced_accuracy",
        "1\t50\t0.001\t0.75\t0.5\t0.7\t0.512346\t0.6\t0.65",
        "2\t100\t0.0005\t0.5\t0.75\t0.625\t0.75\t0.8\tnan",
        "3\t150\t1.25e-07\t0.333333\t1\t0.65\t0.5\t0.7\tnan",
        "",
    ]


def test_a_run_without_validation_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "history.tsv"
    write_history(path, [BLIND])
    assert path.read_text().splitlines()[1].split("\t")[5:] == ["nan"] * 4


def words(path: Path) -> set[str | None]:
    return {element.text for element in ElementTree.parse(path).iter("{http://www.w3.org/2000/svg}text")}


def test_the_picture_shows_the_kept_epoch_and_is_the_same_every_time(tmp_path: Path) -> None:
    one, other = tmp_path / "one.svg", tmp_path / "other.svg"
    draw_curves(one, [ROWS], [2])
    draw_curves(other, [ROWS], [2])
    assert one.read_bytes() == other.read_bytes()
    assert {"kept: epoch 2", "train", "validation", "step", "loss (nats)", "accuracy"} <= words(one)
    draw_curves(other, [ROWS], [3])
    assert "kept: epoch 3" in words(other)


def test_a_picture_without_validation(tmp_path: Path) -> None:
    path = tmp_path / "curves.svg"
    draw_curves(path, [BLIND], [1])
    assert "kept: epoch 1" in words(path)


def test_what_decided_is_reported() -> None:
    assert kept_text(ROWS, 2, "loss") == "kept epoch 2: lowest validation loss 0.6250"
    assert kept_text(ROWS, 2, "auroc") == "kept epoch 2: best validation AUROC 0.8000"
    assert kept_text(ROWS, 2, "accuracy") == "kept epoch 2: best validation accuracy 0.7500"
    assert kept_text(ROWS, 1, "balanced_accuracy") == "kept epoch 1: best validation balanced accuracy 0.6500"
    assert kept_text(BLIND, 1, "auroc") == "kept epoch 1: the last, because there is no validation split"
    lacking = [replace(ROWS[0], validation_auroc=math.nan)]
    expected = "kept epoch 1: the last, because the validation split lacks a class and has no auroc"
    assert kept_text(lacking, 1, "auroc") == expected


def test_a_line_of_an_epoch_has_what_is_known_and_does_not_mislead() -> None:
    plain = "epoch   1 of 9  train loss 0.7500 accuracy 0.5000  validation loss 0.7000 accuracy 0.5123 AUROC 0.6000"
    assert epoch_text(ROWS[0], 9, trees=False, imbalanced=False) == plain
    assert epoch_text(ROWS[0], 9, trees=True, imbalanced=False) == (
        "epoch   1 of 9  train loss 0.7500 (without trees)  validation loss 0.7000 accuracy 0.5123 AUROC 0.6000"
    )
    assert epoch_text(ROWS[0], 9, trees=False, imbalanced=True) == (
        "epoch   1 of 9  train loss 0.7500  validation loss 0.7000 balanced accuracy 0.6500 AUROC 0.6000"
    )
    assert epoch_text(BLIND[0], 9, trees=False, imbalanced=False) == "epoch   1 of 9  train loss 0.7500 accuracy 0.5000"
    lacking = replace(ROWS[0], validation_auroc=math.nan, validation_balanced_accuracy=math.nan)
    assert "nan" not in epoch_text(lacking, 9, trees=False, imbalanced=True)


@pytest.mark.parametrize("runs", [[ROWS], [BLIND], [ROWS, ROWS[:2], BLIND]])
def test_a_history_is_read_as_it_was_written(runs: list[list[EpochRow]], tmp_path: Path) -> None:
    write_history(tmp_path / "one", runs)
    found = read_history(tmp_path / "one")
    assert [[row.epoch for row in rows] for rows in found] == [[row.epoch for row in rows] for rows in runs]
    write_history(tmp_path / "two", found)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.mark.parametrize("monitor", ["loss", "accuracy", "balanced_accuracy", "auroc"])
@pytest.mark.parametrize("validation", [0, 2, 48])
def test_the_kept_epoch_is_that_of_training(monitor: str, validation: int) -> None:
    result = fit(planted((96, validation, 4)), run_config({"monitor": monitor, "epochs": 5}))
    assert kept_epoch(result.rows, monitor) == result.best_epoch
