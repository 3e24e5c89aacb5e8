from __future__ import annotations

import dataclasses

import pytest

from seqnet.core.errors import LabelError, SettingError
from tests.building import (
    SMALL_NETWORK,
    Recorder,
    fit,
    make_dataset,
    planted,
    random_strings,
    run_config,
)


def test_a_seed_of_any_size_will_do() -> None:
    for seed in (0, 10**12, 10**30):
        assert len(fit(planted((8, 4, 0)), run_config({"epochs": 1, "seed": seed})).rows) == 1


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
