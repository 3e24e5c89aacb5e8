from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqnet.core.errors import SettingError
from seqnet.datasets.dataset import Dataset
from seqnet.evaluation import measure
from seqnet.evaluation.calibration import best_threshold, calibrate, chosen_temperature, tempered
from seqnet.models.bundles import open_bundle, write_bundle
from seqnet.models.probabilities import class_probabilities
from seqnet.training.cross_validation import FoldsResult, train_folds
from seqnet.training.folds import deal
from seqnet.training.members import TrainingJob
from seqnet.training.out_of_fold import write_out_of_fold
from tests.building import CPU, Recorder, make_dataset, random_strings, run_config, same_weights
from tests.training.test_folds import dataset_of

CONFIG = run_config({"epochs": 2})


def fold(
    dataset: Dataset, folder: Path, count: int = 3, observer: Recorder | None = None, **options: Any
) -> FoldsResult:
    checkpoints = tuple(folder / f"{number}.safetensors" for number in range(count))
    options = {"optimize": None, "dataset_hash": "d", **options}
    config = options.pop("config", CONFIG)
    return train_folds(TrainingJob(dataset, config, CPU, checkpoints, **options), observer or Recorder())


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> FoldsResult:
    """Four folds with chosen thresholds."""
    return fold(dataset_of(), tmp_path_factory.mktemp("tuned"), 4, optimize="mcc")


def test_a_threshold_for_three_classes_is_refused(tmp_path: Path) -> None:
    data = make_dataset(random_strings([9] * 12), [0, 1, 2] * 4, ["train"] * 12, classes="abc")
    with pytest.raises(SettingError, match="optimize needs two classes"):
        fold(data, tmp_path, optimize="mcc")
    assert list(tmp_path.iterdir()) == []


def test_a_record_is_measured_by_the_member_that_has_not_seen_it(tuned: FoldsResult, tmp_path: Path) -> None:
    data, found = dataset_of(), tuned.out_of_fold
    write_bundle(tmp_path / "m.safetensors", tuned.bundle)
    bundle = open_bundle(tmp_path / "m.safetensors")
    assert len(bundle.members) == 4
    for index, (member, calibration) in enumerate(zip(bundle.members, tuned.calibrations, strict=True)):
        own = found.fold == index
        raw = class_probabilities(member, data.tokens, found.members[own])
        np.testing.assert_allclose(found.raw[own], raw, atol=1e-6)
        np.testing.assert_allclose(found.probabilities[own], tempered(raw, calibration.temperature), atol=1e-6)
        decided = found.probabilities[own][:, 1] >= calibration.threshold
        assert found.labels[own].tolist() == decided.astype(int).tolist()
        others = np.delete(np.arange(4), index)
        far = [np.abs(class_probabilities(bundle.members[o], data.tokens, found.members[own]) - raw) for o in others]
        assert min(float(one.max()) for one in far) > 1e-3


def test_temperature_and_threshold_of_a_fold_come_from_the_records_that_choose_its_epoch(tuned: FoldsResult) -> None:
    data = dataset_of()
    for index, (run, calibration) in enumerate(zip(tuned.runs, tuned.calibrations, strict=True)):
        chosen_on = tuned.folds.view(data, index).members("validation")
        labels = data.labels[chosen_on].astype(np.int64)
        raw = class_probabilities(run.bundle.classifier, data.tokens, chosen_on)
        chosen = chosen_temperature(labels, raw, data.groups[chosen_on])
        assert calibration.temperature == pytest.approx(chosen.temperature, rel=1e-6)
        threshold = best_threshold(labels, tempered(raw, calibration.temperature), 1, "mcc")
        assert calibration.threshold == pytest.approx(threshold, rel=1e-6)
        best = run.rows[run.best_epoch - 1]
        assert best.validation_loss == pytest.approx(measure(labels, raw, positive=1)["log_loss"], rel=1e-6)


def test_what_is_measured_plays_no_part_in_its_measure(tmp_path: Path) -> None:
    # Each group has a record of both classes: with inverted labels, the folds are the same.
    data = dataset_of()
    held = np.flatnonzero(deal(data, 3, 1).fold == 0)
    labels = data.labels.copy()
    labels[held] = 1 - labels[held]
    results = []
    for name, each in (("one", data), ("other", dataclasses.replace(data, labels=labels))):
        (tmp_path / name).mkdir()
        results.append(fold(each, tmp_path / name, optimize="f1"))
    one, other = results
    assert one.out_of_fold.fold.tolist() == other.out_of_fold.fold.tolist()
    assert same_weights(one.runs[0], other.runs[0])
    assert one.calibrations[0] == other.calibrations[0]
    own = one.out_of_fold.fold == 0
    assert one.out_of_fold.labels[own].tolist() == other.out_of_fold.labels[own].tolist()
    accuracies = [result.evaluation.folds[0]["accuracy"] for result in results]
    assert sum(accuracies) == pytest.approx(1)
    assert not same_weights(one.runs[1], other.runs[1])


def test_the_bundle_is_calibrated_on_out_of_fold_probabilities(tuned: FoldsResult) -> None:
    found = tuned.out_of_fold
    groups = found.dataset.groups[found.members]
    expected = calibrate(found.truth, found.raw, 1, (0.5, 0.5), "mcc", groups)
    assert tuned.bundle.calibration == expected
    kept = tuned.bundle.validation
    assert kept is not None
    labels, probabilities = kept.read()
    assert sorted(labels.tolist()) == sorted(found.truth.tolist())
    after = tempered(found.raw, expected.temperature)
    np.testing.assert_allclose(np.sort(probabilities[:, 1]), np.sort(after[:, 1]), rtol=1e-5)
    assert tuned.bundle.metrics["out_of_fold_accuracy"] == tuned.evaluation.mean["accuracy"]
    assert tuned.bundle.provenance["folds"] == {"count": 4, "seed": 1}
    assert [run.bundle.config.training.seed for run in tuned.runs] == [1, 2, 3, 4]


def test_figures_are_of_each_fold_and_of_all(tuned: FoldsResult) -> None:
    found = tuned.out_of_fold
    plain = tuned.to_json()
    assert sum(row["held_out"] for row in plain["folds"]) == plain["pooled"]["n"] == 108
    assert {row["fitted"] + row["choosing"] + row["held_out"] for row in plain["folds"]} == {108}
    for index, row in enumerate(plain["folds"]):
        own = found.fold == index
        assert row["metrics"]["accuracy"] == pytest.approx((found.labels[own] == found.truth[own]).mean())
    pooled = plain["pooled"]["metrics"]["accuracy"]
    assert pooled["value"] == pytest.approx((found.labels == found.truth).mean())
    assert pooled["low"] < pooled["value"] < pooled["high"]
    assert plain["pooled"]["bootstrap"]["unit"] == "group"


def test_one_window_for_all_members(tmp_path: Path) -> None:
    strings = random_strings([10] * 23 + [30], seed=4)
    data = make_dataset(strings, [0, 1] * 12, ["train"] * 24)
    result = fold(data, tmp_path, config=run_config({"epochs": 1}))
    assert result.bundle.window == 30
    assert {member.window for member in result.bundle.members} == {30}


def test_an_interrupted_run_gives_the_result_of_an_unbroken_one(tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    (tmp_path / "parts").mkdir()
    data = dataset_of()
    whole = fold(data, tmp_path / "whole")
    observer = Stopper(4)
    with pytest.raises(KeyboardInterrupt):
        fold(data, tmp_path / "parts", observer=observer)
    # Two epochs of the first fold, one of the second, and the unfinished last one.
    assert {path.name for path in (tmp_path / "parts").iterdir()} == {"0.safetensors", "1.safetensors"}
    resumed = Recorder()
    parts = fold(data, tmp_path / "parts", observer=resumed, resume=True)
    assert [note for note in resumed.notes if "epoch" in note and "fold" not in note] == [
        "the run is complete: 2 of 2 epochs",
        "continuing after epoch 1 of 2",
        "there is no checkpoint; starting at epoch 1",
    ]
    assert all(same_weights(one, other) for one, other in zip(whole.runs, parts.runs, strict=True))
    assert whole.to_json() == parts.to_json()
    write_out_of_fold(tmp_path / "one", whole.out_of_fold)
    write_out_of_fold(tmp_path / "other", parts.out_of_fold)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


class Stopper(Recorder):
    """Interrupts in the last batch of the epoch with this number, counted over all folds."""

    def __init__(self, epochs: int) -> None:
        super().__init__()
        self._left = epochs

    def step(self, epoch: int, done: int, steps: int, loss: float) -> None:
        if done == steps:
            self._left -= 1
            if not self._left:
                raise KeyboardInterrupt
