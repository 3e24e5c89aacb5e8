from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from seqnet.core.errors import ResourceError, SettingError
from seqnet.core.ragged import Ragged
from seqnet.datasets.dataset import Dataset
from seqnet.evaluation import measure
from seqnet.models.bundles import write_bundle
from seqnet.models.probabilities import class_probabilities
from seqnet.nn.networks import Classifier
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
)
from tests.training.examples import CHANCE, CONSTANT, FINDER, relabelled, resume_of


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


def test_a_sigmoid_head_learns_as_well() -> None:
    result = fit(planted(), run_config({"epochs": 8, "learning_rate": 0.02}, {**FINDER, "head": "sigmoid"}))
    assert result.rows[-1].validation_auroc > 0.99


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
