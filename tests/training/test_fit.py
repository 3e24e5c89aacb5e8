from __future__ import annotations

import dataclasses
import math
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from seqnet.configs.run import RunConfig
from seqnet.core.errors import LabelError, ResourceError, SettingError
from seqnet.core.records import Ragged
from seqnet.datasets.dataset import Dataset
from seqnet.datasets.splits import SPLITS
from seqnet.evaluation import measure
from seqnet.models.bundles import write_bundle
from seqnet.models.probabilities import class_probabilities
from seqnet.nn.networks import Classifier
from seqnet.training.fit import TrainingResult, make_classifier
from tests.building import (
    CPU,
    SMALL_NETWORK,
    Recorder,
    fit,
    make_dataset,
    planted,
    random_strings,
    run_config,
    same_weights,
    weights_of,
)

CONSTANT = {"schedule": "constant"}
CHANCE = {
    "dropout_input": 0.1,
    "dropout_conv": 0.2,
    "dropout_dense": [0.3],
}
FINDER = {"name": "cnn", "filters": [16], "kernels": [8], "pools": [1], "dense": [8]}


def relabelled(dataset: Dataset, split: str) -> Dataset:
    """Returns the dataset with inverted labels in a split."""
    labels = dataset.labels.copy()
    labels[dataset.members(split)] = 1 - labels[dataset.members(split)]
    return dataclasses.replace(dataset, labels=labels)


def moved(dataset: Dataset, source: str, target: str) -> Dataset:
    """Returns the dataset with the records of one split moved to another one."""
    split = dataset.split.copy()
    split[dataset.members(source)] = SPLITS.index(target)
    return dataclasses.replace(dataset, split=split)


def test_a_planted_motif_is_found() -> None:
    dataset = planted((600, 200, 200), length=30)
    result = fit(dataset, run_config({"epochs": 8, "learning_rate": 0.02, "batch_size": 32}, FINDER))
    assert result.rows[result.best_epoch - 1].validation_auroc > 0.99
    test = dataset.members("test")
    probabilities = class_probabilities(result.bundle.classifier, dataset.tokens, test)
    assert measure(dataset.labels[test], probabilities, names=("auroc",))["auroc"] > 0.99


def test_sixteen_sequences_are_learned_by_heart() -> None:
    strings = random_strings([20] * 16)
    dataset = make_dataset(strings, [index // 8 for index in range(16)], ["train"] * 16)
    network = {"name": "cnn", "filters": [32], "kernels": [6], "pools": [1], "dense": [32], "strands": "single"}
    result = fit(dataset, run_config({"epochs": 60, "learning_rate": 0.02, **CONSTANT}, network))
    assert result.rows[-1].train_accuracy == 1.0
    assert result.rows[-1].train_loss < 0.01


def test_three_classes_from_end_to_end() -> None:
    strings = random_strings([24] * 360)
    for index, motif in ((1, "ACGTTGCA"), (2, "GGATCCTT")):
        strings[index::3] = [string[:4] + motif + string[12:] for string in strings[index::3]]
    labels = [index % 3 for index in range(360)]
    dataset = make_dataset(strings, labels, ["train"] * 240 + ["validation"] * 120, classes=("none", "one", "two"))
    network = {**FINDER, "strands": "single"}
    result = fit(dataset, run_config({"epochs": 15, "learning_rate": 0.02}, network))
    assert result.bundle.positive is None
    assert result.bundle.classes == ("none", "one", "two")
    best = result.rows[result.best_epoch - 1]
    assert best.validation_auroc > 0.99
    assert best.validation_accuracy > 0.95
    probabilities = class_probabilities(result.bundle.classifier, dataset.tokens, dataset.members("validation"))
    assert probabilities.shape == (120, 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)


def test_the_seed_decides_to_the_last_bit(tmp_path: Path) -> None:
    config = run_config({"seed": 7}, {**SMALL_NETWORK, **CHANCE}, augmentation={"shift": 3, "mutation_rate": 0.05})
    torch.manual_seed(123)
    one = fit(planted(), config)
    torch.manual_seed(456)
    other = fit(planted(), config)
    assert same_weights(one, other)
    assert one.rows == other.rows
    for name, result in (("one", one), ("other", other)):
        write_bundle(tmp_path / name, result.bundle)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()
    assert not same_weights(one, fit(planted(), run_config({"seed": 8}, {**SMALL_NETWORK, **CHANCE})))


def test_training_leaves_the_random_numbers_of_others_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    fit(planted((8, 4, 0)), run_config({"epochs": 1}))
    assert torch.equal(torch.rand(3), expected)


def test_a_seed_of_any_size_will_do() -> None:
    for seed in (0, 10**12, 10**30):
        assert len(fit(planted((8, 4, 0)), run_config({"epochs": 1, "seed": seed})).rows) == 1


def test_the_test_split_is_never_read() -> None:
    dataset = planted()
    test = dataset.members("test")
    data = dataset.tokens.data.copy()
    for index in test:
        data[dataset.tokens.offsets[index] : dataset.tokens.offsets[index + 1]] = 1
    changed = relabelled(dataclasses.replace(dataset, tokens=Ragged(data, dataset.tokens.offsets)), "test")
    config = run_config(augmentation={"fresh_negatives": True})
    one, other = fit(dataset, config), fit(changed, config)
    assert same_weights(one, other)
    assert one.rows == other.rows


def test_training_and_validation_are_read() -> None:
    result = fit(planted(), run_config())
    assert not same_weights(result, fit(relabelled(planted(), "train"), run_config()))
    assert result.rows != fit(relabelled(planted(), "validation"), run_config()).rows


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


def test_rows_are_what_they_say() -> None:
    dataset = planted((40, 20, 0))
    observer = Recorder()
    result = fit(dataset, run_config({"epochs": 2, "learning_rate": 0.5, "schedule": "linear"}), observer)
    assert observer.rows == result.rows
    assert [(row.epoch, row.step) for row in result.rows] == [(1, 3), (2, 6)]
    # At the last step the rate is 4/6 and 1/6.
    assert [row.learning_rate for row in result.rows] == pytest.approx([0.5 * 4 / 6, 0.5 / 6])
    assert observer.steps == [(1, 3, 3), (2, 3, 3)]
    best = result.rows[result.best_epoch - 1]
    members = dataset.members("validation")
    probabilities = class_probabilities(result.bundle.classifier, dataset.tokens, members)
    of_truth = probabilities[np.arange(20), dataset.labels[members]]
    assert best.validation_loss == pytest.approx(-np.log(of_truth).mean(), abs=1e-9)
    assert best.validation_accuracy == pytest.approx((of_truth > 0.5).mean())
    assert dict(result.bundle.metrics) == {
        "epoch": result.best_epoch,
        "validation_loss": best.validation_loss,
        "validation_accuracy": best.validation_accuracy,
        "validation_auroc": best.validation_auroc,
    }


def test_the_loss_of_an_untrained_epoch_by_hand() -> None:
    # The rate is so small that nothing changes, so the loss is that of the initial weights on all sequences.
    dataset = planted((10, 0, 0))
    network = {**SMALL_NETWORK, "strands": "single"}

    def loss(batch_size: int, **training: Any) -> float:
        config = run_config({"epochs": 1, "learning_rate": 1e-30, "batch_size": batch_size, **training}, network)
        return fit(dataset, config).rows[0].train_loss

    p = class_probabilities(make_classifier(dataset, run_config({}, network)), dataset.tokens)
    plain = -np.log(p[np.arange(10), dataset.labels]).mean()
    uniform = -np.log(p).mean()
    for batch_size in (3, 10):
        assert loss(batch_size) == pytest.approx(plain, abs=1e-6)
        assert loss(batch_size, label_smoothing=0.2) == pytest.approx(0.8 * plain + 0.2 * uniform, abs=1e-6)
    weights = [
        weight.detach().double().numpy()
        for name, weight in make_classifier(dataset, run_config({}, network)).named_parameters()
        if "hidden" in name and weight.dim() > 1
    ]
    penalty = sum(0.1 * float(np.abs(weight).sum()) + 0.2 * float(np.square(weight).sum()) for weight in weights)
    assert loss(10, l1=0.1, l2=0.2) == pytest.approx(plain + penalty, abs=1e-5)


def test_the_activity_penalty_is_the_same_with_and_without_validation() -> None:
    training = {"epochs": 3, "learning_rate": 1e-30, "activity_l2": 10.0}
    network = {**SMALL_NETWORK, "strands": "single"}
    dataset = planted((32, 16, 0))
    losses = [row.train_loss for row in fit(dataset, run_config(training, network)).rows]
    assert losses == pytest.approx([losses[0]] * 3, rel=1e-5)
    without = fit(moved(dataset, "validation", "test"), run_config(training, network)).rows
    assert [row.train_loss for row in without] == losses


def test_dropout_is_drawn_anew_in_every_epoch() -> None:
    # All sequences and targets are equal and nothing is learned, so only dropout makes a difference.
    dataset = make_dataset(["ACGTACGTAC"] * 16, [0, 1] * 8, ["train"] * 16)
    for chance, apart in ((CHANCE, True), ({}, False)):
        training = {"learning_rate": 1e-30, "label_smoothing": 1 - 1e-12}
        config = run_config(training, {**SMALL_NETWORK, **chance, "strands": "single"})
        first, second, third = (row.train_loss for row in fit(dataset, config).rows)
        assert (min(abs(first - second), abs(second - third)) > 1e-4) == apart
        assert apart or third == pytest.approx(first, abs=1e-6)


def test_a_probability_is_the_share_in_the_train_split_whatever_classes_weigh() -> None:
    # The classes do not differ, so the network learns their shares.
    strings = ["ACGTACGTAC"] * 40
    dataset = make_dataset(strings, [1] * 4 + [0] * 36, ["train"] * 40)

    def learned(balance: str) -> float:
        training = {"epochs": 40, "batch_size": 40, "learning_rate": 0.05, "balance": balance, **CONSTANT}
        result = fit(dataset, run_config({**training, "weight_decay": 0.0}, {**SMALL_NETWORK, "dense": []}))
        return float(class_probabilities(result.bundle.classifier, dataset.tokens, np.array([0]))[0, 1])

    assert learned("none") == pytest.approx(0.1, abs=0.02)
    assert learned("weights") == pytest.approx(0.1, abs=0.02)
    assert learned("oversample") == pytest.approx(0.1, abs=0.02)


def test_a_class_weighs_by_how_rare_it_is() -> None:
    dataset = make_dataset(random_strings([12] * 20), [1] * 5 + [0] * 15, ["train"] * 20)
    network = {**SMALL_NETWORK, "strands": "single"}
    config = run_config({"epochs": 1, "learning_rate": 1e-30, "batch_size": 20, "balance": "weights"}, network)
    p = class_probabilities(make_classifier(dataset, config), dataset.tokens)
    losses = -np.log(p[np.arange(20), dataset.labels])
    # 20 / (2 · 15) and 20 / (2 · 5)
    weights = np.where(dataset.labels == 0, 2 / 3, 2.0)
    expected = (losses * weights).sum() / weights.sum()
    assert fit(dataset, config).rows[0].train_loss == pytest.approx(expected, abs=1e-6)
    assert expected != pytest.approx(losses.mean(), abs=1e-3)


@pytest.mark.parametrize("settings", [{"l2": 1.0}, {"l1": 1.0}, {"weight_decay": 10.0}])
def test_regularisation_makes_weights_smaller(settings: dict[str, float]) -> None:
    base = {"epochs": 6, "learning_rate": 0.02, "weight_decay": 0.0, "clip_norm": 0.0, **CONSTANT}
    dataset = planted((96, 0, 0))
    sizes = []
    for extra in ({}, settings):
        weights = weights_of(fit(dataset, run_config({**base, **extra})))
        sizes.append(float(np.abs(weights["network.head.hidden.0.weight"]).sum()))
    assert sizes[1] < 0.7 * sizes[0]


def test_clipping_bounds_a_step() -> None:
    dataset = planted((16, 0, 0))
    base = {"epochs": 1, "optimizer": "sgd", "learning_rate": 1.0, "weight_decay": 0.0, **CONSTANT}
    first = make_classifier(dataset, run_config()).state_dict()

    def moved_by(**training: float) -> float:
        last = weights_of(fit(dataset, run_config({**base, **training})))
        return math.sqrt(sum(float(np.square(last[name] - first[name].numpy()).sum()) for name in last))

    free = moved_by(clip_norm=0.0)
    assert free > 0.02
    assert moved_by(clip_norm=0.01) == pytest.approx(0.01, rel=1e-3)
    assert moved_by(clip_norm=100.0) == pytest.approx(free, rel=1e-5)


def test_early_stopping_keeps_the_best_weights() -> None:
    dataset = relabelled(planted(), "validation")
    settings = {"epochs": 30, "learning_rate": 0.02, **CONSTANT}
    result = fit(dataset, run_config({**settings, "patience": 2}, FINDER))
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
    result = fit(planted((48, 0, 24)), run_config({"patience": 1}), observer)
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


def resume_of(
    dataset: Dataset, config: RunConfig, checkpoint: Path, observer: Recorder, first: RunConfig | None = None
) -> bool:
    """Returns whether an interrupted and resumed run ends like an uninterrupted one."""
    unbroken = fit(dataset, config)
    options: Mapping[str, Any] = {"checkpoint": checkpoint, "dataset_hash": "abc"}
    stopped = fit(dataset, first or config, observer, **options)
    assert len(stopped.rows) < len(unbroken.rows)
    resumed = fit(dataset, config, Recorder(), resume=True, **options)
    assert resumed.rows == unbroken.rows
    assert resumed.best_epoch == unbroken.best_epoch
    return same_weights(resumed, unbroken)


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


def test_patience_counts_epochs_before_the_interruption(tmp_path: Path) -> None:
    dataset = relabelled(planted(), "validation")
    config = run_config({"epochs": 30, "learning_rate": 0.02, "patience": 3, **CONSTANT}, FINDER)
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


@pytest.mark.parametrize(
    "training",
    [
        {"learning_rate": 1e30, "optimizer": "sgd", "clip_norm": 0.0, "batch_size": 4},
        # There is a single batch, so only the weights after it are NaN or infinite.
        {"learning_rate": 3e38, "l2": 1e3, "optimizer": "sgd", "clip_norm": 0.0, "batch_size": 100, "epochs": 1},
    ],
)
@pytest.mark.parametrize("validation", [0, 12])
def test_a_loss_that_is_no_number_is_an_error(training: dict[str, Any], validation: int) -> None:
    dataset = planted((24, validation, 0))
    with pytest.raises(SettingError, match=r"training\.learning_rate .* is too high: training diverged"):
        fit(dataset, run_config({**CONSTANT, **training}))


def test_logits_of_the_validation_split_that_are_no_numbers_are_an_error() -> None:
    # The weights after the single batch are still finite, but their output is not.
    training = {"learning_rate": 1e37, "clip_norm": 0.0, "batch_size": 100, "epochs": 1}
    with pytest.raises(SettingError, match=r"training\.learning_rate .* is too high: training diverged"):
        fit(planted((24, 12, 0)), run_config({**CONSTANT, **training}))


def test_a_class_without_training_records_is_an_error() -> None:
    dataset = planted((4, 4, 4), classes=("noise", "signal"))
    labels = dataset.labels.copy()
    labels[:4] = 1
    with pytest.raises(LabelError, match=r"tiny\.safetensors: the train split has no record of class noise; "):
        fit(dataclasses.replace(dataset, labels=labels), run_config())
    with pytest.raises(LabelError, match="no record of class noise"):
        fit(planted((0, 4, 4)), run_config())


def test_a_sigmoid_head_for_three_classes_is_an_error() -> None:
    dataset = make_dataset(random_strings([9] * 6), [0, 1, 2] * 2, ["train"] * 6, classes=("a", "b", "c"))
    with pytest.raises(SettingError, match=r"network\.head must be 'softmax' for 3 classes"):
        fit(dataset, run_config(network={**SMALL_NETWORK, "head": "sigmoid"}))


def test_a_sigmoid_head_learns_as_well() -> None:
    result = fit(planted(), run_config({"epochs": 8, "learning_rate": 0.02}, {**FINDER, "head": "sigmoid"}))
    assert result.rows[-1].validation_auroc > 0.99


def test_the_window_is_the_longest_training_sequence_unless_it_is_set() -> None:
    strings = random_strings([9, 14, 30, 40])
    dataset = make_dataset(strings, [0, 1, 0, 1], ["train", "train", "validation", "test"])
    observer = Recorder()
    assert fit(dataset, run_config({"epochs": 1}), observer).bundle.window == 14
    assert observer.notes == []
    result = fit(dataset, run_config({"epochs": 1}, {**SMALL_NETWORK, "window": 10}), observer)
    assert result.bundle.window == 10
    assert observer.notes == [
        "1 training sequence is longer than the network's window of 10: training uses a random part of each in every "
        "epoch; prediction averages overlapping windows"
    ]


def genome(crop: int = 12, **options: Any) -> Dataset:
    """Returns two genomes, one of As and Cs and one of all bases, as blocks and held-out windows."""
    strings = [*random_strings([300, 80], "AC"), *random_strings([200]), *random_strings([crop] * 20, "AC")]
    strings += random_strings([crop] * 20)
    splits = ["train"] * 3 + (["validation"] * 10 + ["test"] * 10) * 2
    return make_dataset(strings, [0, 0, 1] + [0] * 20 + [1] * 20, splits, crop=crop, **options)


def test_windows_of_genomes_are_learned(tmp_path: Path) -> None:
    training = {"epochs": 4, "epoch_size": 160, "learning_rate": 0.02}
    # Their strands differ, so training must have used both for the held-out windows of one.
    result = fit(genome(), run_config(training))
    assert result.bundle.window == 12
    assert result.rows[-1].step == 40
    assert result.rows[result.best_epoch - 1].validation_auroc > 0.95
    assert same_weights(result, fit(genome(), run_config(training)))
    assert resume_of(genome(), run_config(training), tmp_path / "checkpoint", Recorder(stop_at_epoch=2))


def test_a_generated_class_needs_no_blocks() -> None:
    strings = random_strings([300, 80, 12, 12], "AC")
    dataset = make_dataset(
        strings, [0, 0, 0, 1], ["train", "train", "validation", "validation"], crop=12, generators={"signal": "uniform"}
    )
    result = fit(dataset, run_config({"epochs": 6, "epoch_size": 320, "learning_rate": 0.02}))
    assert result.rows[-1].train_accuracy > 0.9


def test_windows_longer_than_what_a_network_flattens_are_an_error() -> None:
    flat = {**SMALL_NETWORK, "summary": ["flatten"], "window": 10}
    with pytest.raises(SettingError, match=r"network\.window must be at least 12, "):
        fit(genome(), run_config({"epochs": 1, "epoch_size": 32}, flat))
    assert fit(genome(), run_config({"epochs": 1, "epoch_size": 32}, {**flat, "window": 12})).rows


def test_provenance_goes_into_the_bundle() -> None:
    bundle = fit(planted((8, 4, 0)), run_config({"epochs": 1}), provenance={"command": "here"}).bundle
    assert dict(bundle.provenance) == {"command": "here"}
    assert bundle.config == run_config({"epochs": 1, "balance": "none"})  # the result of "auto"
    assert next(bundle.classifier.parameters()).device == CPU
    assert not bundle.classifier.training


def test_too_little_memory_names_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = planted((60, 20, 20), length=30)
    monkeypatch.setattr(Classifier, "forward", lambda self, tokens, lengths: torch.empty(1 << 60, dtype=torch.uint8))
    with pytest.raises(
        ResourceError,
        match="cpu: there is too little memory for this network and batches of 32; use a smaller training",
    ):
        fit(dataset, run_config({"epochs": 1, "batch_size": 32}, FINDER))


NEEDS_COMPILER = pytest.mark.skipif(not any(map(shutil.which, ("g++", "clang++"))), reason="there is no C++ compiler")
BREAKS_OFF = pytest.mark.filterwarnings("ignore:The .grad attribute:UserWarning")  # PyTorch's, at graph ends


@NEEDS_COMPILER
@BREAKS_OFF
@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # PyTorch's compiler of its own modules
def test_a_compiled_network_is_fitted_as_the_plain_one() -> None:
    dataset = planted((90, 48, 24))
    plain, compiled = (fit(dataset, run_config({"epochs": 2, "compile": value})) for value in (False, True))
    # Batches of 16, and one of 10.
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] >= 2
    assert same_weights(compiled, fit(dataset, run_config({"epochs": 2, "compile": True})))
    assert_close(compiled, plain)


@BREAKS_OFF
def test_a_network_that_is_compiled_in_pieces_is_fitted_as_the_plain_one(monkeypatch: pytest.MonkeyPatch) -> None:
    # PyTorch compiles the parts before and after the recurrent layer, but not the layer. Compilation to C++ is tested
    # above; here graphs run uncompiled, which takes a twentieth of the time.
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="aot_eager"))
    network = {"name": "hybrid", "filters": [6], "kernels": [5], "pools": [2], "units": 4}
    dataset = planted((32, 0, 0))
    plain, compiled = (fit(dataset, run_config({"epochs": 2, "compile": value}, network)) for value in (False, True))
    assert torch._dynamo.utils.counters["graph_break"]
    assert_close(compiled, plain)


def assert_close(one: TrainingResult, other: TrainingResult) -> None:
    theirs = weights_of(one)
    for name, weight in weights_of(other).items():
        np.testing.assert_allclose(theirs[name], weight, atol=1e-6)


def test_sequences_of_many_lengths_are_not_compiled() -> None:
    strings = random_strings([20, 24, 9, 15] * 40)
    dataset = make_dataset(strings, [0, 1] * 80, (["train"] * 8 + ["validation"] * 2) * 16)
    with pytest.raises(SettingError, match=r"training\.compile needs sequences of one length"):
        fit(dataset, run_config({"compile": True}))


def test_a_compiled_network_can_not_be_looked_into() -> None:
    with pytest.raises(SettingError, match=r"can't be combined with training\.activity_l2"):
        fit(planted(), run_config({"compile": True, "activity_l2": 0.1}))


def test_a_machine_that_can_not_compile_is_told_so(tmp_path: Path) -> None:
    code = (
        "from tests.building import fit, planted, run_config\n"
        "from seqnet.core.errors import ResourceError\n"
        "try: fit(planted(), run_config({'compile': True}))\n"
        "except ResourceError as error: print(error)"
    )
    root = str(Path(__file__).parents[2])
    nothing = {"PYTHONPATH": root, "PATH": "", "CXX": "none", "TORCHINDUCTOR_CACHE_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=nothing, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("training.compile: InvalidCxxCompiler: ")
    assert done.stdout.endswith("; install a C++ compiler, or leave it out\n")


NORMED: Mapping[str, Mapping[str, Any]] = {
    "convolution": {**SMALL_NETWORK, "norm": "batch"},
    "flat": {**SMALL_NETWORK, "norm": "batch", "summary": ["flatten"]},
    "profile": {
        "name": "hybrid", "filters": [4], "kernels": [3], "pools": [2], "units": 3, "composition": True,
        "profile_units": 4, "norm": "batch",
    },
}  # fmt: skip


@pytest.mark.parametrize("name", NORMED)
@pytest.mark.parametrize("count", [17, 33, 49])
@pytest.mark.parametrize("balance", ["none", "oversample"])
def test_a_last_batch_of_one_record_is_no_batch(name: str, count: int, balance: str) -> None:
    # With oversampling: twice the number of the larger class.
    dataset = planted((count, 9, 0), length=12)
    result = fit(dataset, run_config({"epochs": 2, "balance": balance}, NORMED[name]))
    assert all(math.isfinite(row.train_loss) for row in result.rows)
    assert all(np.isfinite(array).all() for array in weights_of(result).values())


@pytest.mark.parametrize("name", NORMED)
def test_batch_norm_needs_more_than_one_record_in_a_batch(name: str) -> None:
    message = "training.batch_size must be at least 2, because the network has batch normalisation"
    with pytest.raises(SettingError, match=message):
        fit(planted((8, 4, 0)), run_config({"epochs": 1, "batch_size": 1}, NORMED[name]))
    assert len(fit(planted((8, 4, 0)), run_config({"epochs": 1, "batch_size": 1})).rows) == 1


def test_a_run_with_a_larger_last_batch_goes_on_as_an_unbroken_one(tmp_path: Path) -> None:
    config = run_config({"epochs": 4}, NORMED["profile"])
    assert resume_of(planted((33, 9, 0)), config, tmp_path / "c", Recorder(stop_at_epoch=2))
