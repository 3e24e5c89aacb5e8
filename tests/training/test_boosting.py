"""Trees of a network: grown by scikit-learn, applied by seqnet."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.ensemble import HistGradientBoostingClassifier

from seqnet.configs.run import RunConfig
from seqnet.datasets.dataset import Dataset
from seqnet.models.probabilities import class_probabilities
from seqnet.nn.batching import TokenStore
from seqnet.nn.networks import Classifier
from seqnet.training import boosting
from seqnet.training.boosting import grow
from seqnet.training.fit import make_classifier
from tests.building import Recorder, fit, make_dataset, random_strings, run_config, same_weights

NETWORK: Mapping[str, Any] = {
    "name": "hybrid",
    "filters": [4],
    "kernels": [3],
    "pools": [2],
    "units": 3,
    "composition": True,
    "profile_pairs": True,
    "profile_ends": 2,
    "trees": 12,
    "tree_leaves": 6,
    "tree_rate": 0.3,
}


def config_of(training: Mapping[str, Any] | None = None, **network: Any) -> RunConfig:
    return run_config({"epochs": 1, **(training or {})}, {**NETWORK, **network})


def proteins(classes: int = 2) -> Dataset:
    """Returns proteins whose class depends on the number of lysines and on the first residue."""
    strings = random_strings([40 + index % 30 for index in range(300)], "ACDEFGHIKLMNPQRSTVWY", seed=3)
    labels = []
    for index in range(len(strings)):
        label = index % classes
        if label:
            strings[index] = "MK"[label - 1] + strings[index].replace("A", "K")
        labels.append(label)
    splits = ["train"] * 200 + ["validation"] * 50 + ["test"] * 50
    return make_dataset(strings, labels, splits, name="protein", classes=("a", "b", "c")[:classes])


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The models that scikit-learn fits, with their training data."""
    made: list[Any] = []

    class Kept(HistGradientBoostingClassifier):  # type: ignore[misc]
        def fit(self, X: Any, y: Any) -> Any:
            made.append((self, X))
            return super().fit(X, y)

    monkeypatch.setattr("sklearn.ensemble.HistGradientBoostingClassifier", Kept)
    return made


@pytest.mark.parametrize("classes", [2, 3])
def test_trees_predict_what_scikit_learn_predicts(classes: int, models: list[Any]) -> None:
    dataset, config = proteins(classes), config_of()
    classifier = make_classifier(dataset, config)
    assert grow(classifier, dataset, config) == 200
    ((model, profiles),) = models
    assert classifier.trees is not None
    logits = classifier.trees(torch.from_numpy(profiles)).double()
    np.testing.assert_allclose(logits.softmax(dim=1).numpy(), model.predict_proba(profiles), atol=1e-6)
    assert (logits.argmax(dim=1).numpy() == dataset.labels[:200]).mean() > 0.95


def test_deep_trees_with_neighbouring_values_do_so_too(models: list[Any]) -> None:
    """Shares in long proteins are close to each other, so that bounds are between adjacent float32 numbers."""
    dataset, config = proteins(), config_of(tree_leaves=64, tree_depth=9, trees=40)
    classifier = make_classifier(dataset, config)
    assert classifier.trees is not None
    rng = np.random.default_rng(1)
    steps = np.float32(0.5) + np.arange(8, dtype=np.float32) * np.float32(2**-24)
    profiles = rng.choice(steps, (400, classifier.trees.features)).astype(np.float32)
    model = HistGradientBoostingClassifier(max_iter=40, max_leaf_nodes=64, max_depth=9, min_samples_leaf=2)
    model.fit(profiles, (profiles.argmax(axis=1) % 2))
    boosting._fill(classifier.trees, model)
    logits = classifier.trees(torch.from_numpy(profiles)).double()
    np.testing.assert_allclose(logits.softmax(dim=1).numpy(), model.predict_proba(profiles), atol=1e-5)


def test_they_see_what_the_window_shows(models: list[Any]) -> None:
    dataset, config = proteins(), config_of(window=20)
    grow(make_classifier(dataset, config), dataset, config)
    assert (models[0][1][:, 20] == 0).all()  # log of the length over the window


@pytest.mark.parametrize("weight", [0.5, 0.75])
def test_predictions_are_the_weighted_mean_of_both_logits(weight: float) -> None:
    dataset, config = proteins(), config_of(tree_weight=weight)
    result = fit(dataset, config)
    classifier = result.bundle.classifier
    tokens = torch.zeros(1, 40, dtype=torch.uint8) + torch.arange(1, 21).repeat(2).byte()
    lengths = torch.tensor([40])
    assert classifier.profile is not None
    assert classifier.trees is not None
    with torch.inference_mode():
        alone = classifier.train()(tokens, lengths)
        boosted = classifier.trees(classifier.profile(tokens, lengths))
        both = classifier.eval()(tokens, lengths)
    torch.testing.assert_close(both, (1 - weight) * alone + weight * boosted)
    assert not torch.allclose(both, alone, atol=0.01)


def test_trees_learn_from_descriptors_what_a_profile_does_not_show() -> None:
    # The same residues and ends: what differs is how far apart charges of one sign are.
    rng = np.random.default_rng(4)
    blocks = [("KKKKDDDD" if index % 2 else "KDKDKDKD") * 5 for index in range(300)]
    strings = ["".join(rng.permutation(list("ACFGHI"))) * 2 + block + "ACFGHI" * 2 for block in blocks]
    splits = ["train"] * 200 + ["validation"] * 50 + ["test"] * 50
    dataset = make_dataset(strings, [index % 2 for index in range(300)], splits, name="protein", classes=("a", "b"))
    accuracies = []
    for name in ("none", "protein-1"):
        config = config_of(profile_pairs=False, tree_descriptors=name)
        classifier = make_classifier(dataset, config)
        grow(classifier, dataset, config)
        assert classifier.profile is not None
        assert classifier.trees is not None
        store = TokenStore(dataset.tokens.take(dataset.members("test")))
        tokens, lengths = store.gather(store.starts, store.lengths)
        features = classifier.tree_features(classifier.profile(tokens, lengths), tokens, lengths)
        accuracies.append((classifier.trees(features).argmax(dim=1).numpy() == dataset.labels[250:]).mean())
    assert accuracies[0] < 0.7
    assert accuracies[1] == 1.0


def test_trees_report_what_they_learned() -> None:
    dataset = proteins()
    observer = Recorder()
    result = fit(dataset, config_of(), observer)
    assert any(note.startswith("fitted 12 trees to the profiles of 200 sequences") for note in observer.notes)
    probabilities = class_probabilities(result.bundle.classifier, dataset.tokens, dataset.members("test"))
    assert (probabilities.argmax(axis=1) == dataset.labels[250:]).mean() > 0.9


def test_the_seed_decides_them_and_a_resumed_run_keeps_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset, config = proteins(), config_of({"epochs": 3})
    whole = fit(dataset, config)
    assert same_weights(whole, fit(dataset, config))
    path = tmp_path / "run.checkpoint.safetensors"
    fit(dataset, config, Recorder(stop_at_epoch=1), checkpoint=path)

    def fail(classifier: Classifier, dataset: Dataset, config: RunConfig) -> int:
        raise AssertionError("trees were grown again")

    monkeypatch.setattr("seqnet.training.epochs.grow", fail)
    assert same_weights(whole, fit(dataset, config, checkpoint=path, resume=True))


def test_balance_weighs_the_classes(models: list[Any]) -> None:
    dataset = proteins()
    labels = np.where(np.arange(len(dataset)) % 4 == 3, 1, 0).astype(np.int32)
    dataset = dataclasses.replace(dataset, labels=labels)
    for balance, weights, start in (
        ("none", None, np.log(50 / 150)),
        ("weights", {0: 200 / 300, 1: 200 / 100}, np.log(50 / 150)),
        ("oversample", {0: 200 / 300, 1: 200 / 100}, np.log(50 / 150)),
    ):
        config = config_of({"balance": balance})
        classifier = make_classifier(dataset, config)
        grow(classifier, dataset, config)
        assert models[-1][0].class_weight == weights
        # Before the first tree, the logit is that of the class share in the train split.
        assert classifier.trees is not None
        assert float(classifier.trees.start[0]) == pytest.approx(start, abs=1e-4)


def test_they_grow_on_some_sequences_of_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boosting, "_MOST", 50)
    dataset, config = proteins(), config_of()
    assert grow(make_classifier(dataset, config), dataset, config) == 50


def test_a_rare_class_is_among_them(monkeypatch: pytest.MonkeyPatch, models: list[Any]) -> None:
    monkeypatch.setattr(boosting, "_MOST", 10)
    dataset, config = proteins(3), config_of()
    labels = np.zeros_like(dataset.labels)
    labels[[0, 1]] = 1, 2
    dataset = dataclasses.replace(dataset, labels=labels)
    grow(make_classifier(dataset, config), dataset, config)
    assert models[0][0].classes_.tolist() == [0, 1, 2]
