"""Training on imbalanced classes: the rare class is found, and probabilities match the class shares of the train
split."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from seqnet.configs.run import RunConfig
from seqnet.datasets.dataset import Dataset
from seqnet.evaluation import decide, measure
from seqnet.models.probabilities import bundle_probabilities, class_probabilities
from seqnet.training.cross_validation import train_folds
from seqnet.training.ensemble import EnsembleResult, train_ensemble
from seqnet.training.fit import make_classifier
from seqnet.training.members import TrainingJob
from tests.building import CPU, MOTIF, Recorder, fit, make_dataset, random_strings, run_config

FINDER = {"name": "cnn", "filters": [16], "kernels": [8], "pools": [1], "dense": [8], "strands": "single"}
SHORT = {"epochs": 8, "learning_rate": 0.01, "batch_size": 64}
MOTIFS = ("", MOTIF, "GGATCCTT")


def rare(counts: Sequence[int], held_out: float = 0.25, length: int = 24, seed: int = 0) -> Dataset:
    """Returns random DNA with a motif, one symbol in five of it mutated, for each class except the first."""
    rng = np.random.default_rng(seed)
    strings = random_strings([length] * sum(counts), seed=seed)
    labels: list[int] = []
    splits: list[str] = []
    for label, count in enumerate(counts):
        for index in range(count):
            at = int(rng.integers(0, length - 8 + 1))
            motif = "".join(one if rng.random() > 0.2 else str(rng.choice(list("ACGT"))) for one in MOTIFS[label])
            place = len(labels)
            strings[place] = strings[place][:at] + motif + strings[place][at + len(motif) :]
            labels.append(label)
            splits.append("validation" if index < held_out * count else "train")
    return make_dataset(strings, labels, splits, classes=("common", "rare", "rarer")[: len(counts)])


def trained(
    dataset: Dataset, config: RunConfig, folder: Path, optimize: str | None = None, observer: Recorder | None = None
) -> EnsembleResult:
    job = TrainingJob(dataset, config, CPU, (folder / "m.checkpoint",), optimize)
    return train_ensemble(job, observer or Recorder())


def on_validation(result: EnsembleResult, dataset: Dataset) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    members = dataset.members("validation")
    labels = dataset.labels[members].astype(np.int64)
    return labels, bundle_probabilities(result.bundle, dataset.tokens, members).probabilities


def test_a_rare_class_of_two_is_predicted_and_its_probability_is_its_share(tmp_path: Path) -> None:
    dataset, observer = rare([4000, 80]), Recorder()
    result = trained(dataset, run_config(SHORT, FINDER), tmp_path, observer=observer)
    labels, probabilities = on_validation(result, dataset)
    threshold = result.bundle.calibration.threshold
    decided = decide(probabilities, 1, threshold)
    assert threshold < 0.2
    assert 5 < decided.sum() < 400
    found = measure(labels, probabilities, positive=1, threshold=threshold, names=("balanced_accuracy",))
    assert found["balanced_accuracy"] > 0.75
    # A class with fifty times the weight in the loss is not fifty times as probable.
    assert probabilities[:, 1].mean() == pytest.approx(20 / 1020, rel=0.4)
    assert result.bundle.calibration.shares == pytest.approx((3000 / 3060, 60 / 3060))
    (note,) = [note for note in observer.notes if note.startswith("imbalanced classes")]
    assert note.startswith("imbalanced classes: the largest has 50 times the training records of the smallest; rare")
    assert "threshold is chosen for balanced accuracy" in note
    hits = int((decided & labels).sum())
    (note,) = [note for note in observer.notes if note.startswith("at the threshold")]
    said = f"precision {hits / decided.sum():.3f} and recall {hits / labels.sum():.3f} on the validation split"
    assert note == f"at the threshold {threshold:.3f}, rare has {said}; --optimize mcc gives fewer false positives"
    assert not [note for note in observer.notes if "warning" in note]


def test_without_balancing_the_user_is_warned_that_a_class_is_never_predicted(tmp_path: Path) -> None:
    dataset, observer = rare([1000, 20]), Recorder()
    config = run_config({**SHORT, "epochs": 2, "balance": "none"}, FINDER)
    result = trained(dataset, config, tmp_path, observer=observer)
    assert result.bundle.calibration.threshold == 0.5
    (line,) = [note for note in observer.notes if note.startswith("seqnet: warning:")]
    assert "predicts no record of the validation split as rare (5 records)" in line
    assert "--optimize balanced" in line
    (tmp_path / "chosen").mkdir()
    chosen = trained(dataset, config, tmp_path / "chosen", optimize="balanced")
    _, probabilities = on_validation(chosen, dataset)
    assert decide(probabilities, 1, chosen.bundle.calibration.threshold).any()


def test_a_threshold_that_is_requested_is_taken(tmp_path: Path) -> None:
    dataset = rare([800, 20])
    thresholds = set()
    for index, optimize in enumerate((None, "balanced", "accuracy")):
        (tmp_path / str(index)).mkdir()
        found = trained(dataset, run_config({**SHORT, "epochs": 3}, FINDER), tmp_path / str(index), optimize)
        thresholds.add((optimize or "balanced", found.bundle.calibration.threshold))
    assert len(thresholds) == 2


def test_equal_classes_are_treated_as_before(tmp_path: Path) -> None:
    dataset = rare([200, 100])
    (automatic, none) = (fit(dataset, run_config({"epochs": 2, "balance": one}, FINDER)) for one in ("auto", "none"))
    for one, other in zip(automatic.rows, none.rows, strict=True):
        assert one == other
    assert trained(dataset, run_config({"epochs": 2}, FINDER), tmp_path).bundle.calibration.threshold == 0.5


@pytest.mark.parametrize("balance", ["auto", "oversample"])
def test_three_classes_of_unequal_size(balance: str, tmp_path: Path) -> None:
    dataset = rare([3000, 250, 60], seed=1)
    result = trained(dataset, run_config({**SHORT, "epochs": 10, "balance": balance}, FINDER), tmp_path)
    labels, probabilities = on_validation(result, dataset)
    shares = np.bincount(labels) / len(labels)
    np.testing.assert_allclose(probabilities.mean(axis=0), shares, rtol=0.5)
    assert result.runs[0].rows[result.runs[0].best_epoch - 1].validation_balanced_accuracy > 0.5
    # The macro average includes all classes.
    assert measure(labels, probabilities, names=("auroc",))["auroc"] > 0.8


@pytest.mark.parametrize("head", ["softmax", "sigmoid"])
def test_either_head_starts_without_a_preference_in_the_loss(head: str) -> None:
    dataset = rare([400, 20], held_out=0)
    config = run_config({"epochs": 1, "learning_rate": 1e-30, "batch_size": 420}, {**FINDER, "head": head, "dense": []})
    p = class_probabilities(make_classifier(dataset, config), dataset.tokens)
    losses = -np.log(p[np.arange(420), dataset.labels])
    weights = np.where(dataset.labels == 0, 420 / 800, 420 / 40)
    expected = (losses * weights).sum() / weights.sum()
    result = fit(dataset, config)
    assert result.rows[0].train_loss == pytest.approx(expected, abs=1e-5)
    # Outside of the loss, the same network predicts the rare class as rarely as it occurs.
    found = class_probabilities(result.bundle.classifier, dataset.tokens)
    np.testing.assert_allclose(found[:, 1] / found[:, 0], p[:, 1] / p[:, 0] / 20, rtol=1e-4)


def test_trees_keep_to_the_shares_of_training(tmp_path: Path) -> None:
    network = {
        "name": "hybrid", "filters": [4], "kernels": [8], "pools": [2], "units": 3, "composition": True, "trees": 20,
        "strands": "single",
    }  # fmt: skip
    dataset = rare([1500, 60])
    result = trained(dataset, run_config({"epochs": 1, "learning_rate": 1e-6}, network), tmp_path)
    trees = result.bundle.classifier.trees
    assert trees is not None
    # Trees are grown as if classes were equal, so the initial logit is zero; the shares are added.
    assert float(trees.start[0]) == pytest.approx(np.log(45 / 1125), abs=0.05)
    _, probabilities = on_validation(result, dataset)
    assert probabilities[:, 1].mean() == pytest.approx(15 / 390, rel=0.5)


def test_folds_choose_the_threshold_too(tmp_path: Path) -> None:
    dataset = rare([600, 30])
    paths = tuple(tmp_path / str(index) for index in range(3))
    config: Any = run_config({**SHORT, "epochs": 4}, FINDER)
    result = train_folds(TrainingJob(dataset, config, CPU, paths), Recorder())
    assert all(calibration.threshold != 0.5 for calibration in result.calibrations)
    assert result.bundle.calibration.threshold < 0.3
    assert result.out_of_fold.labels.sum() > 3
