from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqnet.core.errors import SettingError
from seqnet.models.probabilities import class_probabilities
from seqnet.training import epochs
from seqnet.training.fit import make_classifier
from tests.building import (
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
from tests.training.examples import CHANCE, CONSTANT, resume_of


def test_rows_have_epoch_step_and_learning_rate() -> None:
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


@pytest.mark.parametrize(
    "training",
    [
        {"learning_rate": 1e30, "optimizer": "sgd", "clip_norm": 0.0, "batch_size": 4},
        # There is a single batch, so only the weights after it are NaN or infinite.
        {"learning_rate": 3e38, "l2": 1e3, "optimizer": "sgd", "clip_norm": 0.0, "batch_size": 100, "epochs": 1},
    ],
)
@pytest.mark.parametrize("validation", [0, 12])
def test_a_loss_that_is_not_a_number_is_an_error(training: dict[str, Any], validation: int) -> None:
    dataset = planted((24, validation, 0))
    with pytest.raises(SettingError, match=r"training\.learning_rate .* is too high: training diverged"):
        fit(dataset, run_config({**CONSTANT, **training}))


def test_logits_of_the_validation_split_that_are_not_numbers_are_an_error() -> None:
    # The weights after the single batch are still finite, but their output is not.
    training = {"learning_rate": 1e37, "clip_norm": 0.0, "batch_size": 100, "epochs": 1}
    with pytest.raises(SettingError, match=r"training\.learning_rate .* is too high: training diverged"):
        fit(planted((24, 12, 0)), run_config({**CONSTANT, **training}))


NORMED: Mapping[str, Mapping[str, Any]] = {
    "convolution": {**SMALL_NETWORK, "norm": "batch"},
    "flat": {**SMALL_NETWORK, "norm": "batch", "summary": ["flatten"]},
    "parallel": {"name": "parallel", "filters": [4, 3], "kernels": [3, 5], "norm": "batch"},
    "profile": {
        "name": "hybrid", "filters": [4], "kernels": [3], "pools": [2], "units": 3, "composition": True,
        "profile_units": 4, "norm": "batch",
    },
}  # fmt: skip


@pytest.mark.parametrize("name", NORMED)
@pytest.mark.parametrize("count", [17, 33, 49])
@pytest.mark.parametrize("balance", ["none", "oversample"])
def test_a_last_batch_of_one_record_joins_the_batch_before(name: str, count: int, balance: str) -> None:
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


def test_a_run_with_a_larger_last_batch_gives_the_result_of_an_unbroken_one(tmp_path: Path) -> None:
    config = run_config({"epochs": 4}, NORMED["profile"])
    assert resume_of(planted((33, 9, 0)), config, tmp_path / "c", Recorder(stop_at_epoch=2))


def test_the_losses_of_targets_are_cross_entropies_by_hand() -> None:
    dataset = planted((10, 6, 0))
    network = {**SMALL_NETWORK, "strands": "single"}
    shares = np.random.default_rng(4).random(16)
    targets = np.stack([shares, 1 - shares], axis=1)
    taught = replace(dataset, targets=targets.astype(np.float32))
    config = run_config({"epochs": 1, "learning_rate": 1e-30, "batch_size": 5}, network)
    row = fit(taught, config).rows[0]
    p = class_probabilities(make_classifier(dataset, config), dataset.tokens)
    losses = -(targets * np.log(p)).sum(axis=1)
    assert row.train_loss == pytest.approx(losses[:10].mean(), rel=1e-5)
    assert row.validation_loss == pytest.approx(losses[10:].mean(), rel=1e-5)
    assert row.train_accuracy == pytest.approx((p.argmax(axis=1) == targets.argmax(axis=1))[:10].mean())


def test_auto_is_bfloat16_where_that_is_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    for faster, expected in ((True, "bfloat16"), (False, "float32")):
        monkeypatch.setattr(epochs, "prefers_bfloat16", lambda device, faster=faster: faster)
        result = fit(planted(), run_config({"epochs": 1, "precision": "auto"}))
        assert result.bundle.config.training.precision == expected
        assert same_weights(result, fit(planted(), run_config({"epochs": 1, "precision": expected})))
