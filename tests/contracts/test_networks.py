"""Contracts of every network, with every encoder, alphabet and preset."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from functools import cached_property, partial
from typing import Any

import numpy as np
import pytest
import torch
from Bio.Seq import Seq
from torch import Tensor

from seqnet.configs.encoders import ENCODERS
from seqnet.configs.networks import NETWORKS
from seqnet.configs.run import RunConfig, compose, load_preset, preset_names
from seqnet.core.alphabets import ALPHABETS, alphabet
from seqnet.nn.layers import MaskedBatchNorm
from seqnet.nn.networks import Classifier
from tests.building import make_classifier, padded, random_strings, run_config
from tests.nn.plm.models import settled_config, shared_model

WINDOW = 14
LENGTHS = (14, 1, 5, 2, 14, 9, 3, 11)

CONVOLUTION = {"filters": [6], "kernels": [4], "pools": [2]}
DEEP = {"filters": [6, 6, 5], "kernels": [3, 4, 3], "pools": [1, 2, 2]}

NETWORK_SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "dense": {"name": "dense", "dense": [6]},
    "cnn-flatten": {"name": "cnn", **CONVOLUTION, "dense": [6], "summary": ["flatten"]},
    "cnn-flatten-valid": {"name": "cnn", **CONVOLUTION, "dense": [6], "summary": ["flatten"], "padding": "valid"},
    "cnn-flatten-batch-norm": {"name": "cnn", **DEEP, "dense": [6], "summary": ["flatten"], "norm": "batch"},
    "cnn-max": {"name": "cnn", **CONVOLUTION, "dense": [6, 5]},
    "cnn-mean": {"name": "cnn", **DEEP, "dense": [6], "summary": ["mean"], "activation": "gelu"},
    "cnn-attention": {"name": "cnn", **DEEP, "dense": [6], "summary": ["attention", "mean"], "activation": "silu"},
    "cnn-batch-norm": {"name": "cnn", **DEEP, "dense": [6], "summary": ["mean"], "norm": "batch"},
    "cnn-layer-norm": {"name": "cnn", **DEEP, "dense": [6], "norm": "layer", "activation": "leaky_relu"},
    "cnn-residual": {"name": "cnn", **DEEP, "dense": [6], "summary": ["mean"], "residual": True},
    "cnn-residual-batch-norm": {
        "name": "cnn", **DEEP, "dense": [6], "summary": ["max", "attention"], "residual": True, "norm": "batch",
        "activation": "sigmoid",
    },
    "cnn-dilated": {
        "name": "cnn", **DEEP, "pools": [1, 1, 1], "dilations": [1, 2, 4], "dense": [6], "residual": True,
        "norm": "layer", "summary": ["mean", "max"],
    },
    "cnn-sigmoid-head": {"name": "cnn", **CONVOLUTION, "dense": [6], "head": "sigmoid"},
    "parallel": {"name": "parallel", "filters": [3, 4], "kernels": [1, 4], "dense": [6]},
    "parallel-batch-norm": {"name": "parallel", "filters": [3, 4], "kernels": [1, 4], "dense": [6], "norm": "batch"},
    "recurrent-rnn": {"name": "recurrent", "cell": "rnn", "units": 4},
    "recurrent-lstm": {"name": "recurrent", "cell": "lstm", "units": 4, "bidirectional": False, "dense": [6]},
    "recurrent-gru": {"name": "recurrent", "cell": "gru", "units": 4, "layers": 2},
    "hybrid": {"name": "hybrid", **CONVOLUTION, "units": 3, "summary": ["mean", "max", "attention"]},
    "hybrid-composition": {
        "name": "hybrid", **DEEP, "units": 3, "cell": "gru", "composition": True, "norm": "batch", "residual": True,
    },
    "kmers": {"name": "kmers", "longest": 2, "dense": [6]},
}  # fmt: skip

ENCODER_SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "onehot": {"name": "onehot"},
    "embedding": {"name": "embedding", "dimension": 4},
    "kmer": {"name": "kmer", "dimension": 4, "k": 2},
    "plm": {"name": "plm"},
}


def config_of(network: str, encoder: str) -> RunConfig:
    """Returns the settings of a network with an encoder; a language model is made when it is needed first."""
    settings = ENCODER_SETTINGS[encoder]
    if encoder == "plm":
        # It takes fewer residues at once than the window has.
        settings = settled_config(shared_model(limit=6)).to_dict()
    return run_config(network=NETWORK_SETTINGS[network], encoder=settings)


PARAMETERS = {
    ("dna-cnn", "dna", 36): 264_002,
    ("solubility-cnn", "protein", 200): 60_929,
    ("solubility-cnn-dropout", "protein", 200): 60_929,
    ("solubility-cnn-l2", "protein", 200): 60_929,
}


@dataclasses.dataclass(frozen=True)
class Case:
    """A network with an encoder, on sequences of an alphabet."""

    make_config: Callable[[], RunConfig]
    name: str
    window: int

    @cached_property
    def config(self) -> RunConfig:
        return self.make_config()

    def strings(self) -> list[str]:
        """Returns sequences of many lengths up to the window, with all symbols of the alphabet."""
        lengths = [max(1, length * self.window // WINDOW) for length in LENGTHS]
        return random_strings(lengths, alphabet(self.name).symbols.replace("*", "") + "AC" * 5)

    def classifier(self) -> Classifier:
        return make_classifier(self.config, self.name, window=self.window)


WITH_LANGUAGE_MODEL = ("dense", "cnn-flatten", "cnn-max", "parallel", "recurrent-lstm", "hybrid")
"""One network of each kind, because a language model takes a second to load and half of that for each use."""
CASES = [
    pytest.param(Case(partial(config_of, key, kind), name, WINDOW), id=f"{key}-{kind}-{name}")
    for key, network in NETWORK_SETTINGS.items()
    for kind in ENCODER_SETTINGS
    if network["name"] != "kmers" or kind == "onehot"
    if kind != "plm" or key in WITH_LANGUAGE_MODEL
    for name in (["protein"] if kind == "plm" else ALPHABETS)
]


def preset_case(preset: str, name: str) -> Case:
    return Case(partial(compose, preset), name, compose(preset).network.window or 42)


PRESET_CASES = [
    pytest.param(preset_case(preset, name), id=f"{preset}-{name}")
    for preset in preset_names()
    for name in ALPHABETS
    if name in load_preset(preset).get("alphabets", ALPHABETS)
]
every_case = pytest.mark.parametrize("case", [*CASES, *PRESET_CASES])


def one_of_each_network() -> list[Classifier]:
    """Returns a classifier for each of the settings, all with the encoder that is made fastest."""
    return [Case(partial(config_of, network, "onehot"), "dna", WINDOW).classifier() for network in NETWORK_SETTINGS]


def test_every_network_and_encoder_is_here() -> None:
    assert {str(network["name"]) for network in NETWORK_SETTINGS.values()} == set(NETWORKS)
    assert set(ENCODER_SETTINGS) == set(ENCODERS)
    networks = {NETWORKS.load(name) for name in NETWORKS}
    assert {type(each.network) for each in one_of_each_network()} == networks


def all_logits(classifier: Classifier, strings: list[str], name: str, batch_size: int, width: int = 0) -> Tensor:
    """Returns the logits (N, K) of sequences, computed in batches."""
    parts = [strings[start : start + batch_size] for start in range(0, len(strings), batch_size)]
    with torch.no_grad():
        return torch.cat([classifier.strand_logits(*padded(part, name, width)) for part in parts])


@every_case
def test_padding_and_neighbours_never_change_a_result(case: Case) -> None:
    classifier, strings = case.classifier(), case.strings()
    alone = all_logits(classifier, strings, case.name, 1)
    assert alone.dtype == torch.float32
    assert tuple(alone.shape) == (len(strings), 2)
    # A network with the same output for all sequences would pass any test of padding.
    assert float(alone.std(dim=0).max()) > 0.1
    room = case.window if classifier.flattens else case.window + 9
    for batch_size, width in ((2, 0), (3, 0), (len(strings), 0), (len(strings), room), (1, room)):
        np.testing.assert_allclose(all_logits(classifier, strings, case.name, batch_size, width), alone, atol=1e-5)
    np.testing.assert_allclose(all_logits(classifier, strings[::-1], case.name, 4).flip(0), alone, atol=1e-5)


def without_dropout(classifier: Classifier) -> Classifier:
    """Returns the classifier in training mode, without random effects."""
    classifier.train()
    for module in classifier.modules():
        if isinstance(module, torch.nn.Dropout | torch.nn.Dropout1d):
            module.p = 0.0
        if isinstance(module, torch.nn.RNNBase):
            module.dropout = 0.0
    return classifier


@pytest.mark.parametrize("case", CASES)
def test_padding_never_changes_a_gradient(case: Case) -> None:
    strings = case.strings()
    found: list[dict[str, Tensor]] = []
    for width in (0, case.window if case.config.network.flattens else case.window + 9):
        classifier = without_dropout(case.classifier())
        classifier(*padded(strings, case.name, width)).square().sum().backward()
        values = {name: weight.grad for name, weight in classifier.named_parameters() if weight.grad is not None}
        assert len(values) == len(list(classifier.parameters()))
        # Relative to the largest gradient, because the gradient of a bias before batch norm is only rounding.
        steepest = max(float(gradient.abs().max()) for gradient in values.values())
        found.append({name: gradient / steepest for name, gradient in values.items()})
        found[-1] |= {name: running for name, running in classifier.named_buffers() if "running" in name}
    narrow, wide = found
    for name in narrow:
        np.testing.assert_allclose(narrow[name], wide[name], atol=1e-5, err_msg=name)


@every_case
def test_training_in_bfloat16_is_training_in_float32_but_for_rounding(case: Case) -> None:
    found: list[tuple[Tensor, Tensor]] = []
    for low in (False, True):
        classifier = without_dropout(case.classifier())
        with torch.autocast("cpu", torch.bfloat16, enabled=low):
            logits = classifier(*padded(case.strings(), case.name)).float()
        loss = torch.nn.functional.cross_entropy(logits, torch.arange(len(LENGTHS)) % 2)
        loss.backward()  # type: ignore[no-untyped-call]
        gradients = [weight.grad.flatten() for weight in classifier.parameters() if weight.grad is not None]
        assert all(gradient.dtype == torch.float32 for gradient in gradients)
        found.append((logits.detach(), torch.cat(gradients)))
    (logits, gradient), (rounded, other) = found
    assert float((logits - rounded).abs().max()) < 0.05 * float(logits.std()) + 0.1
    # Rounding can make two neighbours equal, and then either may be the maximum, so the tolerance is larger.
    assert float(torch.cosine_similarity(gradient, other, dim=0)) > 0.5


@every_case
def test_gradients_flow_to_every_parameter(case: Case) -> None:
    classifier = case.classifier()
    weights = torch.linspace(-1, 1, 2 * len(LENGTHS)).reshape(-1, 2)
    # In evaluation mode, because in training the batch norm cancels the bias of the convolution before it.
    (classifier(*padded(case.strings(), case.name)) * weights).sum().backward()
    for name, parameter in classifier.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.any(), name


def rc(string: str) -> str:
    return str(Seq(string).reverse_complement())  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("case", [case for case in CASES if case.values[0].name == "dna"])  # type: ignore[union-attr]
def test_both_strands_have_one_probability(case: Case) -> None:
    classifier, strings = case.classifier(), case.strings()
    assert classifier.both_strands
    others = [rc(string) for string in strings]
    ours, theirs = (all_logits(classifier, each, "dna", len(strings)) for each in (strings, others))
    np.testing.assert_allclose(ours.softmax(dim=1), theirs.softmax(dim=1), atol=1e-6)
    with torch.no_grad():
        one, other = (classifier(*padded(each)) for each in (strings, others))
    assert not np.allclose(one, other, atol=1e-2)


@pytest.mark.parametrize("preset", preset_names())
def test_presets_are_whole_and_valid(preset: str) -> None:
    values = load_preset(preset)
    assert values["description"]
    assert values["source"]
    config = compose(preset)
    assert RunConfig.from_dict(config.to_dict()) == config
    for section in ("encoder", "network", "training"):
        for name, value in values[section].items():
            found = getattr(getattr(config, section), name)
            assert (list(found) if isinstance(found, tuple) else found) == value, name


@pytest.mark.parametrize(("preset", "name", "window"), list(PARAMETERS))
def test_presets_have_the_published_number_of_parameters(preset: str, name: str, window: int) -> None:
    case = preset_case(preset, name)
    assert case.window == window
    assert case.classifier().parameter_count == PARAMETERS[preset, name, window]


def test_published_presets_read_one_strand() -> None:
    proteins = {"deepsol", "solubility-cnn", "solubility-cnn-dropout", "solubility-cnn-l2"}
    published = {preset for preset in preset_names() if load_preset(preset)["source"] != "this project"}
    assert proteins < published
    for preset in published:
        classifier = preset_case(preset, "protein" if preset in proteins else "dna").classifier()
        assert not classifier.both_strands, preset


def test_batch_norm_is_among_the_cases() -> None:
    modules = [module for each in one_of_each_network() for module in each.modules()]
    assert any(isinstance(module, MaskedBatchNorm) for module in modules)
