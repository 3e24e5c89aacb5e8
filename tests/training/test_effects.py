from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from seqnet.core.errors import SettingError
from seqnet.datasets.run_choice import ChosenRun
from seqnet.training.effects import check_effects
from seqnet.training.jobs import make_job
from tests.building import CPU, planted, run_config

WINDOWS = replace(planted(), digest="a", crop=12, generators={"noise": "uniform"})


@pytest.mark.parametrize(
    ("training", "augmentation", "line"),
    [
        ({"freeze": True}, {}, "training.freeze needs --from"),
        ({"kept_rate": 0.1}, {}, "training.kept_rate needs --from"),
        ({"epoch_size": 9}, {}, "training.epoch_size has no effect: it needs a dataset that was made with encode --cr"),
        ({}, {"fresh_negatives": True}, "augmentation.fresh_negatives has no effect: the dataset has no generated cla"),
        (
            {},
            {"fresh_shuffles": ["noise", "b"]},
            "augmentation.fresh_shuffles has 'b', which is no class of the dataset; its c",
        ),
    ],
)
def test_a_setting_that_the_dataset_leaves_without_effect_is_refused(
    training: Mapping[str, Any], augmentation: Mapping[str, Any], line: str
) -> None:
    config = run_config(training, augmentation=augmentation)
    with pytest.raises(SettingError) as caught:
        make_job(replace(planted(), digest="a"), ChosenRun(config, None), CPU, threads=1)
    assert str(caught.value).startswith(line)


def test_settings_of_a_model_to_start_from() -> None:
    check_effects(planted(), run_config({"freeze": True, "kept_rate": 0.1}), from_model=True)


def test_settings_for_windows() -> None:
    for config in (run_config({"epoch_size": 9}), run_config(augmentation={"fresh_negatives": True})):
        assert make_job(WINDOWS, ChosenRun(config, None), CPU, threads=1).config == config


def test_windows_and_generated_classes_are_not_shuffled() -> None:
    config = run_config(augmentation={"fresh_shuffles": ["noise"]})
    with pytest.raises(SettingError, match="has no effect on a dataset that was made with encode --crop"):
        check_effects(WINDOWS, config, from_model=False)
    with pytest.raises(SettingError, match="has no effect on a dataset in which the class is generated"):
        check_effects(replace(WINDOWS, crop=None), config, from_model=False)
    check_effects(planted(), config, from_model=False)
