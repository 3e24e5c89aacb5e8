from __future__ import annotations

import numpy as np
import pytest

from seqnet.core.errors import SettingError
from seqnet.models.probabilities import class_probabilities
from seqnet.training import train_ensemble
from seqnet.training.members import TrainingJob
from tests.building import CPU, Recorder, make_dataset, planted, random_strings, run_config


def test_members_have_seeds_one_after_the_other_and_the_mean_is_calibrated() -> None:
    dataset = planted((60, 60, 0))
    job = TrainingJob(dataset, run_config({"epochs": 2, "seed": 7}), CPU, checkpoints=(None, None))
    result = train_ensemble(job, Recorder())
    assert [run.bundle.config.training.seed for run in result.runs] == [7, 8]
    assert len(result.bundle.members) == 2
    one, other = (
        class_probabilities(member, dataset.tokens, dataset.members("validation")) for member in result.bundle.members
    )
    assert np.abs(one - other).max() > 1e-4
    assert result.bundle.calibration.quality
    for name in result.runs[0].bundle.metrics:
        mean = np.mean([run.bundle.metrics[name] for run in result.runs])
        assert result.bundle.metrics[name] == pytest.approx(mean)


def test_a_threshold_needs_two_classes() -> None:
    dataset = make_dataset(
        random_strings([20] * 12), [index % 3 for index in range(12)], ["train"] * 12, classes=("a", "b", "c")
    )
    with pytest.raises(SettingError, match="optimize needs two classes"):
        train_ensemble(TrainingJob(dataset, run_config(), CPU, optimize="f1"), Recorder())


def test_without_a_validation_split_the_model_is_not_calibrated_with_a_message() -> None:
    recorder = Recorder()
    result = train_ensemble(TrainingJob(planted((40, 0, 0)), run_config({"epochs": 1}), CPU), recorder)
    assert not result.bundle.calibration.quality
    assert "there is no validation split, so the model is not calibrated and its threshold is 0.5" in recorder.notes
