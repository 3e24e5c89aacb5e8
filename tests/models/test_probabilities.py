from __future__ import annotations

import dataclasses
import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor

from seqnet.configs.encoders import ENCODERS
from seqnet.configs.prediction import PredictOptions
from seqnet.core.errors import ResourceError
from seqnet.evaluation.calibration import Calibration, tempered
from seqnet.models.probabilities import bundle_probabilities, class_probabilities, evaluating
from seqnet.nn.networks import Classifier
from seqnet.prediction.decision import Decider
from tests.building import encoded, make_bundle, make_classifier, padded, random_strings, run_config
from tests.nn.plm.models import settled_config, shared_model

NETWORKS: Mapping[str, Mapping[str, Any]] = {
    "max": {"name": "cnn", "filters": [6], "kernels": [4], "pools": [2], "dense": [5]},
    "flatten": {"name": "cnn", "filters": [6], "kernels": [4], "pools": [2], "dense": [5], "summary": ["flatten"]},
    "norm": {
        "name": "cnn", "filters": [6, 6], "kernels": [4, 3], "pools": [2, 1], "dense": [5], "norm": "batch",
        "residual": True, "summary": ["mean", "attention"],
    },
    "recurrent": {"name": "recurrent", "units": 4},
    "hybrid": {"name": "hybrid", "filters": [4], "kernels": [3], "pools": [2], "units": 3, "composition": True},
}  # fmt: skip
WINDOW = 12
MODELS = {name: make_classifier(run_config(network=network), window=WINDOW) for name, network in NETWORKS.items()}
STRINGS = st.lists(st.text("ACGTN", min_size=1, max_size=40), min_size=1, max_size=8)


def alone(classifier: Classifier, string: str) -> NDArray[np.float64]:
    """Returns the probabilities (K,) of a sequence that fits the window, in float64 of float32 logits."""
    with torch.no_grad():
        logits = classifier.strand_logits(*padded([string]))[0].double().numpy()
    odds = np.exp(logits - logits.max())
    return np.asarray(odds / odds.sum())


@pytest.mark.parametrize("name", NETWORKS)
@settings(max_examples=25)
@given(strings=STRINGS, batch_tokens=st.sampled_from([1, 20, 50, 1000]), order=st.randoms(use_true_random=False))
def test_neither_batches_nor_order_nor_neighbours_change_a_result(
    name: str, strings: list[str], batch_tokens: int, order: random.Random
) -> None:
    classifier = MODELS[name]
    expected = np.concatenate([class_probabilities(classifier, encoded([string])) for string in strings])
    found = class_probabilities(classifier, encoded(strings), batch_tokens=batch_tokens)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    places = list(range(len(strings)))
    order.shuffle(places)
    shuffled = class_probabilities(classifier, encoded([strings[place] for place in places]))
    np.testing.assert_allclose(shuffled, expected[places], atol=1e-5)
    chosen = np.array(places[: len(places) // 2 + 1])
    some = class_probabilities(classifier, encoded(strings), chosen, batch_tokens=batch_tokens)
    np.testing.assert_allclose(some, expected[chosen], atol=1e-5)


@pytest.mark.parametrize("name", NETWORKS)
def test_probabilities_are_the_softmax_of_the_logits(name: str) -> None:
    classifier, strings = MODELS[name], random_strings([12, 3, 1, 9])
    found = class_probabilities(classifier, encoded(strings))
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, [alone(classifier, string) for string in strings], atol=1e-6)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-12)
    assert found.std(axis=0).min() > 1e-3


@pytest.mark.parametrize("name", NETWORKS)
def test_a_long_sequence_has_the_mean_of_overlapping_windows(name: str) -> None:
    classifier = MODELS[name]
    long, short = random_strings([29, 5], seed=1)
    # Windows of 12 that overlap by at least half, at symmetric positions.
    windows = [long[start : start + WINDOW] for start in (0, 6, 11, 17)]
    expected = np.mean([alone(classifier, window) for window in windows], axis=0)
    found = class_probabilities(classifier, encoded([short, long, short]))
    np.testing.assert_allclose(found[1], expected, atol=1e-6)
    np.testing.assert_allclose(found[[0, 2]], [alone(classifier, short)] * 2, atol=1e-6)
    assert not np.allclose(expected, alone(classifier, windows[0]), atol=1e-4)
    exact = random_strings([WINDOW])[0]
    np.testing.assert_allclose(
        class_probabilities(classifier, encoded([exact]))[0], alone(classifier, exact), atol=1e-6
    )


@pytest.mark.parametrize("kind", list(ENCODERS))
def test_every_encoder(kind: str) -> None:
    encoder = settled_config(shared_model()).to_dict() if kind == "plm" else {"name": kind}
    classifier = make_classifier(run_config(encoder=encoder), "protein")
    strings = random_strings([3, 12, 30], "ARNDCQEGHILKMFPSTWYVX")
    found = class_probabilities(classifier, encoded(strings, "protein"))
    one = class_probabilities(classifier, encoded(strings[2:], "protein"))
    np.testing.assert_allclose(found[2:], one, atol=1e-5)


@pytest.mark.parametrize("most", [1, 2, 5])
def test_a_batch_that_memory_does_not_suffice_for_is_halved(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    classifier, strings = MODELS["norm"], random_strings([12, 3, 1, 9, 30, 12, 12])
    expected, computed, sizes = class_probabilities(classifier, encoded(strings)), classifier.strand_logits, []

    def short_of_memory(tokens: Tensor, lengths: Tensor) -> Tensor:
        if len(tokens) > most:
            torch.empty(1 << 60, dtype=torch.uint8)
        sizes.append(len(tokens))
        return computed(tokens, lengths)

    monkeypatch.setattr(classifier, "strand_logits", short_of_memory)
    np.testing.assert_allclose(class_probabilities(classifier, encoded(strings)), expected, atol=1e-6)
    assert max(sizes) <= most
    assert sum(sizes) == 10  # the long one has four windows


def test_too_little_memory_for_one_sequence_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    classifier = MODELS["norm"]
    monkeypatch.setattr(classifier, "strand_logits", lambda *batch: torch.empty(1 << 60, dtype=torch.uint8))
    with pytest.raises(ResourceError, match="cpu: there is too little memory for a sequence of 9 symbols; use fewer"):
        class_probabilities(classifier, encoded(random_strings([9])))


def test_other_errors_are_not_a_lack_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    classifier = MODELS["norm"]
    monkeypatch.setattr(classifier, "strand_logits", lambda *batch: torch.zeros(2) + torch.zeros(3))
    with pytest.raises(RuntimeError, match="must match the size"):
        class_probabilities(classifier, encoded(random_strings([9, 9])))


@pytest.mark.parametrize("name", ["max", "flatten"])
@pytest.mark.parametrize("batch_tokens", [1, 24, 60])
def test_batches_hold_no_more_tokens_than_they_may(name: str, batch_tokens: int) -> None:
    classifier = make_classifier(run_config(network={**NETWORKS[name], "strands": "single"}))
    sizes: list[int] = []
    classifier.encoder.register_forward_pre_hook(lambda module, inputs: sizes.append(inputs[0].numel()))
    strings = random_strings([1, 2, 30, 5, 12, 1, 1, 7])
    class_probabilities(classifier, encoded(strings), batch_tokens=batch_tokens)
    # A single longer window is a batch of its own.
    assert max(sizes) <= max(batch_tokens, WINDOW)
    if batch_tokens == 60:
        assert len(sizes) < 4 if name == "max" else len(sizes) == 3


def test_progress_is_reported_of_every_part() -> None:
    done: list[int] = []
    strings = random_strings([5, 29, 12, 13])
    class_probabilities(MODELS["max"], encoded(strings), batch_tokens=30, progress=done.append)
    assert sum(done) == 1 + 4 + 1 + 2
    assert len(done) > 1


def test_no_sequences_have_no_probabilities() -> None:
    with pytest.raises(ValueError, match="no sequences"):
        class_probabilities(MODELS["max"], encoded(["ACGT"]), np.empty(0, dtype=np.int64))


@pytest.mark.parametrize("training", [False, True])
def test_the_mode_is_left_as_it_was(training: bool) -> None:
    classifier = make_classifier(run_config(network={**NETWORKS["max"], "dropout_conv": 0.9})).train(training)
    with evaluating(classifier) as inside:
        assert not inside.training
        assert torch.is_inference_mode_enabled()
    assert classifier.training == training
    assert not torch.is_inference_mode_enabled()
    with pytest.raises(ZeroDivisionError), evaluating(classifier):
        raise ZeroDivisionError
    assert classifier.training == training
    one, other = (class_probabilities(classifier, encoded(["ACGTACGT"])) for _ in range(2))
    np.testing.assert_array_equal(one, other)
    assert classifier.training == training


def test_a_bundle_has_the_mean_of_its_members() -> None:
    bundle, tokens = make_bundle(members=3), encoded(random_strings([12, 30, 5, 9]))
    each = np.stack([class_probabilities(member, tokens) for member in bundle.members])
    assert each.std(axis=0).max() > 0.01
    found = bundle_probabilities(bundle, tokens)
    np.testing.assert_allclose(found.probabilities, each.mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(found.deviations, each.std(axis=0), atol=1e-12)
    chosen = np.array([3, 1])
    some = bundle_probabilities(bundle, tokens, chosen)
    np.testing.assert_allclose(some.probabilities, found.probabilities[chosen], atol=1e-6)
    assert not bundle_probabilities(make_bundle(), tokens).deviations.any()


def test_members_of_a_bundle_may_vote() -> None:
    bundle, tokens = make_bundle(members=3), encoded(random_strings([12] * 20))
    votes = sum((class_probabilities(member, tokens)[:, 1] > 0.5).astype(int) for member in bundle.members)
    assert set(np.unique(votes)) >= {1, 2}
    found = bundle_probabilities(bundle, tokens, vote=True).probabilities
    np.testing.assert_allclose(found, np.column_stack([3 - votes, votes]) / 3, atol=1e-12)


def test_a_temperature_divides_the_logits() -> None:
    bundle, tokens = make_bundle(classes=("a", "b", "c")), encoded(random_strings([12] * 5))
    warm = dataclasses.replace(bundle, calibration=Calibration(temperature=2.0))
    roots = np.sqrt(bundle_probabilities(bundle, tokens).probabilities)
    found = bundle_probabilities(warm, tokens).probabilities
    np.testing.assert_allclose(found, roots / roots.sum(axis=1, keepdims=True), atol=1e-9)


def test_members_vote_by_the_chosen_threshold() -> None:
    bundle, tokens = make_bundle(members=3), encoded(random_strings([12] * 200))
    each = [tempered(class_probabilities(member, tokens), 1.5)[:, 1] for member in bundle.members]
    for threshold in (0.2, 0.5, 0.8):
        chosen = dataclasses.replace(bundle, calibration=Calibration(temperature=1.5, threshold=threshold))
        votes = np.mean([one >= threshold for one in each], axis=0)
        found = bundle_probabilities(chosen, tokens, vote=True).probabilities[:, 1]
        np.testing.assert_allclose(found, votes, atol=1e-12)
        decider = Decider(chosen, PredictOptions(vote=True))
        labels = decider.labels(np.column_stack([1 - found, found]))
        assert labels.tolist() == (votes >= 0.5).astype(int).tolist()
        assert decider.threshold == threshold
