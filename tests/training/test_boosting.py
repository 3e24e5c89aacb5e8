"""Trees beside a network: grown by scikit-learn, applied by ours."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.ensemble import HistGradientBoostingClassifier

from seqnet.configs.run import RunConfig
from seqnet.datasets import Dataset
from seqnet.inference.engine import class_probabilities
from seqnet.networks import Classifier
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
    """Returns proteins whose class is told by how many lysines they have, as an AND with their first residue."""
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
    """The models that scikit-learn fits, with what they were fitted to."""
    made: list[Any] = []

    class Kept(HistGradientBoostingClassifier):  # type: ignore[misc]
        def fit(self, X: Any, y: Any) -> Any:
            made.append((self, X))
            return super().fit(X, y)

    monkeypatch.setattr("sklearn.ensemble.HistGradientBoostingClassifier", Kept)
    return made


@pytest.mark.parametrize("classes", [2, 3])
def test_they_say_what_scikit_learn_says(classes: int, models: list[Any]) -> None:
    dataset, config = proteins(classes), config_of()
    classifier = make_classifier(dataset, config)
    assert grow(classifier, dataset, config) == 200
    ((model, profiles),) = models
    assert classifier.trees is not None
    logits = classifier.trees(torch.from_numpy(profiles)).double()
    np.testing.assert_allclose(logits.softmax(dim=1).numpy(), model.predict_proba(profiles), atol=1e-6)
    assert (logits.argmax(dim=1).numpy() == dataset.labels[:200]).mean() > 0.95


def test_predictions_are_the_mean_of_both_logits() -> None:
    dataset, config = proteins(), config_of()
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
    torch.testing.assert_close(both, (alone + boosted) / 2)
    assert not torch.allclose(both, alone, atol=0.01)


def test_trees_tell_what_they_have_learned() -> None:
    dataset = proteins()
    observer = Recorder()
    result = fit(dataset, config_of(), observer)
    assert any(note.startswith("12 trees grown on the profiles of 200 sequences") for note in observer.notes)
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

    monkeypatch.setattr("seqnet.training.fit.grow", fail)
    assert same_weights(whole, fit(dataset, config, checkpoint=path, resume=True))


def test_balance_weighs_the_classes(models: list[Any]) -> None:
    dataset = proteins()
    for balance, weight in (("none", None), ("weights", "balanced")):
        config = config_of({"balance": balance})
        grow(make_classifier(dataset, config), dataset, config)
        assert models[-1][0].class_weight == weight


def test_they_grow_on_some_sequences_of_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boosting, "_MOST", 50)
    dataset, config = proteins(), config_of()
    assert grow(make_classifier(dataset, config), dataset, config) == 50
