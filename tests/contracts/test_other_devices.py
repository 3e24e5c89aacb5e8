"""Code for devices without special operations, such as GPUs: it gives the same numbers and never waits for the device.

PyTorch's device `meta` has shapes and no numbers. Reading a number is an error, and so is an operation with a CPU
tensor. So code that runs on it can neither wait for a GPU nor have left a tensor on the CPU.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from seqnet.configs.run import RunConfig, compose, preset_names
from seqnet.models.bundles import open_bundle
from seqnet.models.probabilities import class_probabilities
from seqnet.models.shipped import find_model
from seqnet.nn import devices
from seqnet.nn.batching import Batch
from seqnet.nn.fast import gather_rows
from seqnet.nn.fast.gather_rows import sum_by_row
from seqnet.nn.networks.classifier import Classifier
from seqnet.training.epochs import EpochFitter
from seqnet.training.processes import BatchPart
from tests.building import (
    encoded,
    fit,
    make_classifier,
    make_dataset,
    padded,
    planted,
    random_strings,
    run_config,
    weights_of,
)
from tests.contracts.test_networks import ENCODER_SETTINGS, NETWORK_SETTINGS

META = torch.device("meta")
WINDOW = 14


def configs() -> Iterator[tuple[str, RunConfig]]:
    for name, network in NETWORK_SETTINGS.items():
        for encoder, settings in ENCODER_SETTINGS.items():
            if network["name"] == "kmers" and encoder != "onehot":
                continue
            if encoder != "plm":  # embeds on the CPU, from disk if possible
                yield f"{name}-{encoder}", run_config(network=network, encoder=settings)
    for name in preset_names():
        yield name, compose(name)


CONFIGS = dict(configs())
every_config = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Switches off all CPU operations of seqnet."""
    monkeypatch.setattr(devices, "_CPU_KERNEL_DEVICES", ())


def alphabet_of(config: RunConfig) -> str:
    return "protein" if config.network.profile else "dna"


def batch_for(classifier: Classifier, config: RunConfig) -> Batch:
    symbols = "ACDEFGHIKLMNPQRSTVWYX" if alphabet_of(config) == "protein" else "ACGTN"
    lengths = [classifier.window, 1, classifier.window // 2, 3, classifier.window]
    return padded(random_strings(lengths, symbols), alphabet_of(config))


@every_config
def test_the_numbers_are_those_of_the_cpu(config: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for by_hand in (("cpu",), ()):
        monkeypatch.setattr(devices, "_CPU_KERNEL_DEVICES", by_hand)
        classifier = make_classifier(config, alphabet_of(config), window=config.network.window or WINDOW)
        batch = batch_for(classifier, config)
        with torch.inference_mode():
            predicted = classifier.strand_logits(*batch)
        classifier.train()
        torch.manual_seed(0)
        trained = classifier(*batch)
        trained.sum().backward()
        gradients = [weight.grad for weight in classifier.parameters()]
        found.append([predicted, trained.detach(), *(each for each in gradients if each is not None)])
    assert len(found[0]) == len(found[1]) > 2
    # Batch normalisation cancels nearly all of some gradients; what is left has the rounding errors of the larger ones.
    rounding = 2e-6 * max(float(each.abs().max()) for each in found[0][2:])
    for place, (one, other) in enumerate(zip(*found, strict=True)):
        least = max(1e-5, rounding) if place >= 2 else 1e-5
        np.testing.assert_allclose(one, other, atol=max(1e-4 * float(one.abs().max()), least))


@every_config
def test_a_step_of_training_waits_for_nothing(config: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    # autocast has no effect on this device.
    monkeypatch.setattr(torch, "autocast", lambda *words, **options: nullcontext())
    name = alphabet_of(config)
    fitter = EpochFitter(planted(length=config.network.window or 24, name=name), config, META)
    fitter.classifier.train()
    for batch in list(fitter.feeder.epoch(1))[:2]:
        loss, logits, labels = fitter._fit_batch(BatchPart(*batch, len(batch[2])), 0.01)
        assert loss.device == logits.device == labels.device == META
    tokens, lengths = batch_for(fitter.classifier, config)
    fitter._fit_batch(BatchPart(tokens, lengths, torch.zeros(len(tokens), dtype=torch.int64), len(tokens)), 0.01)
    assert all(weight.grad is not None and weight.grad.device == META for weight in fitter.parameters)


@every_config
def test_a_batch_of_prediction_waits_for_nothing(config: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "autocast", lambda *words, **options: nullcontext())
    classifier = make_classifier(config, alphabet_of(config), window=config.network.window or WINDOW)
    tokens, lengths = (tensor.to(META) for tensor in batch_for(classifier, config))
    with torch.inference_mode():
        for known in (lengths, None):
            assert classifier.to(META).strand_logits(tokens, known).device == META


@every_config
def test_a_batch_without_padding_needs_no_lengths(config: RunConfig) -> None:
    classifier = make_classifier(config, alphabet_of(config), window=config.network.window or WINDOW)
    batch = batch_for(classifier, config)
    tokens, lengths = (part[[0, -1]] for part in batch)  # as long as the window
    with torch.inference_mode():
        assert torch.equal(classifier.strand_logits(tokens, None), classifier.strand_logits(tokens, lengths))
    classifier.train()
    found = []
    for known in (lengths, None):
        torch.manual_seed(0)  # of dropout
        found.append(classifier(tokens, known))
    assert torch.equal(*found)


def test_a_look_at_a_number_would_be_an_error() -> None:
    with pytest.raises((RuntimeError, NotImplementedError)):
        bool(torch.ones(3, device=META).any())
    with pytest.raises(RuntimeError):
        torch.ones(3, device=META) + torch.ones(3)


def test_the_model_of_reads_predicts_the_same(elsewhere: None, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = open_bundle(find_model(Path("human-dna")))
    # Enough sequences of one length for large products.
    tokens = encoded(random_strings([300] * 40))
    found = [class_probabilities(member, tokens) for member in bundle.members]
    monkeypatch.setattr(devices, "_CPU_KERNEL_DEVICES", ("cpu",))
    expected = [class_probabilities(member, tokens) for member in bundle.members]
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert not np.array_equal(found, expected), "the same way was taken"


# Few enough words, and products large enough, for seqnet's CPU operations.
TRAINED: Mapping[str, Mapping[str, Any]] = {
    "words": {"name": "cnn", "filters": [6], "kernels": [3], "pools": [1], "summary": ["flatten"], "padding": "valid"},
    "products": {"name": "dense", "dense": [1000, 300]},
    "embedding": {"name": "hybrid", "filters": [6], "kernels": [5], "pools": [2], "units": 4},
}


@pytest.mark.parametrize("name", TRAINED)
def test_training_comes_to_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    strings = random_strings([24, 20, 23, 17] * 40)
    dataset = make_dataset(strings, [0, 1] * 80, ["train", "train", "train", "validation"] * 40)
    encoder = {"name": "embedding"} if name == "embedding" else None
    config = run_config(network=TRAINED[name], encoder=encoder)
    calls: list[int] = []

    def counted(values: torch.Tensor, index: torch.Tensor, rows: int) -> torch.Tensor:
        calls.append(rows)
        return sum_by_row(values, index, rows)

    monkeypatch.setattr(gather_rows, "sum_by_row", counted)
    by_hand = weights_of(fit(dataset, config))
    assert bool(calls) == (name == "embedding")
    calls.clear()
    monkeypatch.setattr(devices, "_CPU_KERNEL_DEVICES", ())
    elsewhere = weights_of(fit(dataset, config))
    if name != "embedding":  # where both ways sum in the same order
        assert any((by_hand[name] != elsewhere[name]).any() for name in by_hand), "the same way was taken"
    assert not calls
    for name, weight in by_hand.items():
        np.testing.assert_allclose(elsewhere[name], weight, atol=1e-5)
