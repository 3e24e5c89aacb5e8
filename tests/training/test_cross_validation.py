from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.core.errors import LabelError, SettingError
from seqnet.datasets.dataset import Dataset
from seqnet.datasets.splits import SPLITS
from seqnet.evaluation import measure
from seqnet.evaluation.calibration import best_threshold, calibrate, chosen_temperature, tempered
from seqnet.models.bundles import open_bundle, write_bundle
from seqnet.models.probabilities import class_probabilities
from seqnet.training.cross_validation import FoldsResult, deal, train_folds, write_out_of_fold
from tests.building import CPU, Recorder, make_dataset, planted, random_strings, run_config, same_weights

CONFIG = run_config({"epochs": 2})


def dataset_of(seed: int = 0, group: int = 2) -> Dataset:
    """Returns 132 records, the last 24 in the test split, in groups of `group` neighbours of both classes."""
    data = planted((72, 36, 24), seed=seed)
    return dataclasses.replace(data, groups=np.arange(132) // group)


def fold(
    dataset: Dataset, folder: Path, count: int = 3, observer: Recorder | None = None, **options: Any
) -> FoldsResult:
    checkpoints = [folder / f"{number}.safetensors" for number in range(count)]
    options = {"optimize": None, "dataset_hash": "d", **options}
    config = options.pop("config", CONFIG)
    return train_folds(dataset, config, observer or Recorder(), checkpoints=checkpoints, device=CPU, **options)


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> FoldsResult:
    """Four folds with chosen thresholds."""
    return fold(dataset_of(), tmp_path_factory.mktemp("tuned"), 4, optimize="mcc")


@given(st.integers(3, 6), st.integers(0, 99), st.integers(1, 4))
def test_every_record_is_measured_once_and_never_by_a_network_that_knows_its_group(
    count: int, seed: int, group: int
) -> None:
    data = dataset_of(group=group)
    folds = deal(data, count, seed)
    assert folds.members.tolist() == [*range(108)]
    measured = []
    for index in range(count):
        view = folds.view(data, index)
        held = folds.members[folds.fold == index]
        measured += held.tolist()
        # The test split of the dataset is also that of the fold's view.
        assert view.members("test").tolist() == [*held, *range(108, 132)]
        parts = [view.members("train"), view.members("validation"), held]
        groups = [set(data.groups[part].tolist()) for part in parts]
        assert not groups[0] & groups[1]
        assert not groups[2] & (groups[0] | groups[1])
        assert sorted(np.concatenate(parts).tolist()) == [*range(108)]
        assert all(set(data.labels[part].tolist()) == {0, 1} for part in parts)
        assert len(parts[1]) == pytest.approx((108 - len(held)) / 10, abs=group)
        assert list(folds.sizes(index).values()) == [len(part) for part in parts]
    assert sorted(measured) == [*range(108)]
    again = deal(data, count, seed)
    assert again.split.tolist() == folds.split.tolist()


def test_another_seed_deals_otherwise() -> None:
    assert deal(dataset_of(), 4, 1).fold.tolist() != deal(dataset_of(), 4, 2).fold.tolist()


@pytest.mark.parametrize(
    ("labels", "groups", "message"),
    [
        (
            [0] * 9 + [1] * 9,
            [*range(9)] + [9] * 5 + [10] * 4,
            "class signal has 2 groups outside the test split, fewer",
        ),
        ([0, 0, 0, 1, 1, 1, 0, 0, 0], [1, 1, 1, 1, 2, 2, 3, 4, 5], "class signal has 2 groups outside"),
    ],
)
def test_a_class_in_too_few_groups(labels: Sequence[int], groups: Sequence[int], message: str) -> None:
    # A group in the test split is not assigned to a fold.
    data = make_dataset(random_strings([9] * len(labels) + [9]), [*labels, 1], ["train"] * len(labels) + ["test"])
    data = dataclasses.replace(data, groups=np.array([*groups, 99]))
    with pytest.raises(LabelError, match=rf"tiny\.safetensors: {message}.*; use fewer --folds"):
        deal(data, 3, 1)


def test_three_groups_of_a_class_are_enough() -> None:
    data = make_dataset(random_strings([9] * 12), [0] * 9 + [1] * 3, ["train"] * 12)
    folds = deal(data, 3, 1)
    for view in (folds.view(data, index) for index in range(3)):
        assert [int(data.labels[view.members(split)].sum()) for split in SPLITS] == [1, 1, 1]


@pytest.mark.parametrize("sizes", [([200, 1, 1, 1], [5, 5, 5]), ([50, 5, 5, 5, 5], [5, 5, 5]), ([1] * 300, [1] * 6)])
def test_few_choose_the_epoch_however_unequal_groups_and_classes_are(sizes: tuple[list[int], list[int]]) -> None:
    counts = sum(sizes[0]), sum(sizes[1])
    data = make_dataset(random_strings([9] * sum(counts)), [0] * counts[0] + [1] * counts[1], ["train"] * sum(counts))
    every = sizes[0] + sizes[1]
    data = dataclasses.replace(data, groups=np.repeat(np.arange(len(every)), every))
    for seed in range(9):
        folds = deal(data, 3, seed)
        for found in (folds.sizes(index) for index in range(3)):
            # A tenth, as far as whole groups allow; the largest group may be held out.
            assert 0 < found["choosing"] <= max(0.15 * (found["fitted"] + found["choosing"]), 12)


def test_groups_that_can_not_be_dealt_so_that_every_fold_has_each_class() -> None:
    # The group of 40 fills a fold, so the third group with class signal must share a fold.
    labels = [0] * 40 + ([0] * 30 + [1]) * 3
    data = make_dataset(random_strings([9] * 133), labels, ["train"] * 133)
    data = dataclasses.replace(data, groups=np.repeat(np.arange(4), [40, 31, 31, 31]))
    with pytest.raises(LabelError, match=r"can't be dealt into 3 folds with records of class noise in each part; use"):
        deal(data, 3, 1)


@pytest.mark.parametrize("count", [1, 2, 101])
def test_a_number_of_folds_that_can_not_be(count: int) -> None:
    with pytest.raises(SettingError, match=f"setting train.folds: {count} is not allowed; expected at"):
        deal(dataset_of(), count, 1)


def test_windows_that_are_drawn_anew_have_no_folds() -> None:
    data = planted((8, 8, 8), crop=12)
    with pytest.raises(LabelError, match=r"windows are drawn anew from its sequences.*; encode it without --crop"):
        deal(data, 3, 1)


def test_a_threshold_for_three_classes_is_refused(tmp_path: Path) -> None:
    data = make_dataset(random_strings([9] * 12), [0, 1, 2] * 4, ["train"] * 12, classes="abc")
    with pytest.raises(SettingError, match="setting optimize: 'mcc' is not allowed; expected two classes"):
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


def test_the_bundle_is_calibrated_on_what_was_said_out_of_fold(tuned: FoldsResult) -> None:
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


def test_an_interrupted_run_goes_on_as_an_unbroken_one(tmp_path: Path) -> None:
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
        "the run is over after epoch 2 of 2",
        "going on after epoch 1 of 2",
        "there is no checkpoint: starting at the first epoch",
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
