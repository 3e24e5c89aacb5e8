from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.building import (
    SMALL_NETWORK,
    Recorder,
    fit,
    make_dataset,
    planted,
    random_strings,
    run_config,
    same_weights,
)
from tests.training.examples import CHANCE, CONSTANT, FINDER, moved, relabelled, resume_of


@pytest.mark.parametrize("monitor", ["loss", "accuracy", "auroc"])
@pytest.mark.parametrize("turned", [False, True])
def test_the_validation_split_chooses_the_epoch(monitor: str, turned: bool) -> None:
    dataset = relabelled(planted(), "validation") if turned else planted()
    settings = {"epochs": 5, "learning_rate": 0.02, "monitor": monitor, **CONSTANT}
    observer = Recorder()
    result = fit(dataset, run_config(settings, FINDER), observer)
    sign = -1 if monitor == "loss" else 1
    # Of equally good epochs, the one with the lowest loss.
    ranks = [(sign * getattr(row, f"validation_{monitor}"), -row.validation_loss) for row in result.rows]
    best = ranks.index(max(ranks)) + 1
    assert result.best_epoch == best
    # The better the motif is learned, the worse is the result on inverted labels.
    assert (best < 3) if turned else (best > 2)
    assert observer.better == [rank > max(ranks[:index], default=(-math.inf,)) for index, rank in enumerate(ranks)]
    # At a constant rate, a run with this number of epochs that keeps its last one ends with the same weights.
    shorter = run_config({**settings, "epochs": best}, FINDER)
    assert same_weights(result, fit(moved(dataset, "validation", "test"), shorter))


def test_early_stopping_keeps_the_best_weights() -> None:
    dataset = relabelled(planted(), "validation")
    settings = {"epochs": 30, "learning_rate": 0.02, **CONSTANT}
    result = fit(dataset, run_config({**settings, "early_stopping": 2}, FINDER))
    assert len(result.rows) == result.best_epoch + 2 < 30
    assert result.interruption is None
    best = run_config({**settings, "epochs": result.best_epoch}, FINDER)
    assert same_weights(result, fit(moved(dataset, "validation", "test"), best))


def test_of_epochs_that_tie_the_one_with_the_lower_loss_is_kept() -> None:
    # With two validation records, the AUROC is 0 or 1, and the loss continues to fall.
    dataset = planted((60, 2, 0))
    result = fit(dataset, run_config({"epochs": 12, "learning_rate": 0.02, "monitor": "auroc", **CONSTANT}, FINDER))
    best = max(row.validation_auroc for row in result.rows)
    tied = [row for row in result.rows if row.validation_auroc == best]
    assert len(tied) > 2
    losses = [row.validation_loss for row in tied]
    assert result.best_epoch == tied[int(np.argmin(losses))].epoch > tied[0].epoch


def test_without_validation_the_last_epoch_is_kept() -> None:
    observer = Recorder()
    result = fit(planted((48, 0, 24)), run_config({"early_stopping": 1}), observer)
    assert result.best_epoch == len(result.rows) == 3
    assert all(math.isnan(row.validation_loss) for row in result.rows)
    assert observer.notes == ["there is no validation split; the last epoch is kept"]
    assert dict(result.bundle.metrics) == {"epoch": 3.0}


def test_validation_of_one_class_is_judged_by_loss_and_has_no_auroc() -> None:
    strings = random_strings([12] * 20)
    dataset = make_dataset(strings, [0, 1] * 8 + [0] * 4, ["train"] * 16 + ["validation"] * 4)
    result = fit(dataset, run_config())
    assert all(math.isnan(row.validation_auroc) for row in result.rows)
    losses = [row.validation_loss for row in result.rows]
    assert result.best_epoch == int(np.argmin(losses)) + 1
    assert "validation_auroc" not in result.bundle.metrics


@pytest.mark.parametrize(
    "training",
    [
        {"optimizer": "adamw", "schedule": "onecycle"},
        {"optimizer": "adam", "schedule": "cosine", "warmup": 0.2},
        {"optimizer": "sgd", "momentum": 0.9, "learning_rate": 0.05, "schedule": "onecycle"},
        {"optimizer": "sgd", "schedule": "constant", "learning_rate": 0.05, "balance": "oversample"},
    ],
)
@pytest.mark.parametrize("where", ["after", "within"])
def test_a_resumed_run_ends_as_an_unbroken_one(tmp_path: Path, training: dict[str, Any], where: str) -> None:
    network = {**SMALL_NETWORK, **CHANCE, "norm": "batch"}
    augmentation = {"shift": 2, "mutation_rate": 0.05, "fresh_negatives": True}
    config = run_config({"epochs": 5, **training}, network, augmentation=augmentation)
    dataset = planted((64, 24, 0), generators={"noise": "dinucleotide"})
    observer = Recorder(stop_at_epoch=2) if where == "after" else Recorder(stop_at_step=3)
    assert resume_of(dataset, config, tmp_path / "checkpoint", observer)


def test_a_run_resumed_with_more_epochs_at_a_constant_rate_ends_as_an_unbroken_one(tmp_path: Path) -> None:
    network = {"name": "recurrent", "units": 3, "layers": 2, "dropout_recurrent": 0.4}
    config, shorter = (run_config({"epochs": epochs, **CONSTANT}, network) for epochs in (4, 2))
    assert resume_of(planted((32, 16, 0)), config, tmp_path / "checkpoint", Recorder(), shorter)


def test_a_finished_run_is_not_trained_further(tmp_path: Path) -> None:
    options: Mapping[str, Any] = {"checkpoint": tmp_path / "checkpoint", "resume": True}
    first, second = Recorder(), Recorder()
    one = fit(planted(), run_config(), first, **options)
    other = fit(planted(), run_config(), second, **options)
    assert first.notes == ["there is no checkpoint; starting at epoch 1"]
    assert second.notes == ["the run is complete: 3 of 3 epochs"]
    assert second.rows == []
    assert one.rows == other.rows
    assert same_weights(one, other)


def test_early_stopping_counts_epochs_before_the_interruption(tmp_path: Path) -> None:
    dataset = relabelled(planted(), "validation")
    config = run_config({"epochs": 30, "learning_rate": 0.02, "early_stopping": 3, **CONSTANT}, FINDER)
    unbroken = fit(dataset, config)
    assert len(unbroken.rows) == unbroken.best_epoch + 3
    observer = Recorder(stop_at_epoch=unbroken.best_epoch + 1)
    assert resume_of(dataset, config, tmp_path / "checkpoint", observer)


def test_an_interruption_keeps_the_best_so_far() -> None:
    dataset = relabelled(planted(), "validation")
    settings = {"epochs": 30, "learning_rate": 0.02, **CONSTANT}
    for observer, count in ((Recorder(stop_at_epoch=4), 4), (Recorder(stop_at_step=4), 3)):
        result = fit(dataset, run_config(settings, FINDER), observer)
        assert isinstance(result.interruption, KeyboardInterrupt)
        assert len(result.rows) == count
        losses = [row.validation_loss for row in result.rows]
        assert result.best_epoch == int(np.argmin(losses)) + 1 < count
        best = run_config({**settings, "epochs": result.best_epoch}, FINDER)
        assert same_weights(result, fit(moved(dataset, "validation", "test"), best))


def test_an_interruption_right_after_the_first_epoch_keeps_it() -> None:
    result = fit(planted(), run_config(), Recorder(stop_at_epoch=1))
    assert (len(result.rows), result.best_epoch) == (1, 1)
    assert isinstance(result.interruption, KeyboardInterrupt)


def test_before_the_first_epoch_there_is_nothing_to_keep(tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint"
    with pytest.raises(KeyboardInterrupt):
        fit(planted(), run_config(), Recorder(stop_at_step=1), checkpoint=checkpoint)
    assert not checkpoint.exists()


@pytest.mark.parametrize("calls", range(1, 12))
def test_an_interruption_at_any_point_of_taking_an_epoch_is_survived(
    calls: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Interrupts while the best weights of the second epoch are being copied."""
    result = fit(planted((16, 8, 0)), run_config())
    assert result.best_epoch == 3
    clone, seen = torch.Tensor.clone, 0

    def interrupted(tensor: torch.Tensor, *args: Any, **options: Any) -> torch.Tensor:
        nonlocal seen
        seen += len(observer.rows)
        if seen == calls:
            raise KeyboardInterrupt
        return clone(tensor, *args, **options)

    observer = Recorder()
    monkeypatch.setattr(torch.Tensor, "clone", interrupted)
    stopped = fit(planted((16, 8, 0)), run_config(), observer)
    assert stopped.rows == result.rows[: len(stopped.rows)]
    assert stopped.best_epoch == len(stopped.rows) >= 1
    assert (stopped.interruption is None) == (len(stopped.rows) == 3)
