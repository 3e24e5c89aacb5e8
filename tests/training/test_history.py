from __future__ import annotations

import math
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from seqnet.training.history import EpochRow, draw_curves, write_history

ROWS = [
    EpochRow(1, 50, 1e-3, 0.75, 0.5, 0.7, 0.51234567, 0.6),
    EpochRow(2, 100, 5e-4, 0.5, 0.75, 0.625, 0.75, 0.8),
    EpochRow(3, 150, 1.25e-7, 1 / 3, 1.0, 0.65, 0.5, 0.7),
]
BLIND = [EpochRow(1, 50, 1e-3, 0.75, 0.5, math.nan, math.nan, math.nan)]


def test_the_table_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "history.tsv"
    write_history(path, [ROWS])
    assert path.read_bytes().decode().split("\n") == [
        "epoch\tstep\tlearning_rate\ttrain_loss\ttrain_accuracy\tvalidation_loss\tvalidation_accuracy\tvalidation_auroc",
        "1\t50\t0.001\t0.75\t0.5\t0.7\t0.512346\t0.6",
        "2\t100\t0.0005\t0.5\t0.75\t0.625\t0.75\t0.8",
        "3\t150\t1.25e-07\t0.333333\t1\t0.65\t0.5\t0.7",
        "",
    ]


def test_a_run_without_validation_says_so(tmp_path: Path) -> None:
    path = tmp_path / "history.tsv"
    write_history(path, [BLIND])
    assert path.read_text().splitlines()[1].split("\t")[5:] == ["nan"] * 3


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
