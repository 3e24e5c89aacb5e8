"""What is shared between variants changes nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from seqnet.explanation import mutagenesis as module
from seqnet.explanation.mutagenesis import mutagenesis
from seqnet.explanation.shared_variants import SharedVariants, can_share
from seqnet.models.bundles import open_bundle
from seqnet.models.shipped import shipped_models
from seqnet.nn.fast.capabilities import without
from tests.building import encoded, make_bundle, make_classifier, random_strings, run_config
from tests.contracts.test_networks import CASES, ENCODER_SETTINGS, NETWORK_SETTINGS, Case, config_of

SHARING_NETWORKS = {
    key
    for key, settings in NETWORK_SETTINGS.items()
    if settings["name"] in ("cnn", "recurrent", "hybrid")
    if "flatten" not in settings.get("summary", ()) and settings.get("layers", 1) == 1
}
SHARING = [
    case
    for case in CASES
    for key, encoder, _ in [str(case.id).rsplit("-", 2)]
    if key in SHARING_NETWORKS and encoder != "plm"
]


def test_most_networks_share() -> None:
    for network in NETWORK_SETTINGS:
        classifier = make_classifier(config_of(network, "onehot"))
        assert can_share(classifier) == (network in SHARING_NETWORKS), network


@pytest.mark.parametrize("case", SHARING)
def test_shared_effects_are_those_of_variants_alone(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ENOUGH", 0)
    classifier = case.classifier()
    assert can_share(classifier)
    letters = classifier.mixture.shape[1]
    strings = random_strings([9, 14, 9, 1, 2, 3, 14], symbols_of(case))
    tokens, targets = encoded(strings, case.name), np.array([0, 1, 1, 0, 1, 0, 0])
    shared = mutagenesis(classifier, tokens, targets, letters)
    alone = mutagenesis(classifier, tokens, targets, letters, share=False)
    np.testing.assert_allclose(shared.values, alone.values, rtol=1e-5, atol=1e-5)


def symbols_of(case: Case) -> str:
    return {"dna": "ACGTNR", "rna": "ACGUNR", "protein": "ARNDCQEGHILKMFPSTWYVX"}[case.name]


@pytest.mark.parametrize(
    "network",
    [
        {"name": "cnn", "filters": [6, 5], "kernels": [4, 5], "pools": [3, 2], "dense": [4], "norm": "batch"},
        {"name": "cnn", "filters": [6, 6, 4], "kernels": [3, 5, 2], "pools": [2, 1, 4], "dilations": [1, 3, 2],
         "residual": True, "summary": ["attention", "max"], "activation": "sigmoid"},
        {"name": "hybrid", "filters": [6, 5], "kernels": [7, 4], "pools": [2, 3], "units": 4, "bidirectional": False},
    ],
)  # fmt: skip
@pytest.mark.parametrize("length", [23, 24, 29])
def test_pools_kernels_and_ends_of_any_size(
    network: dict[str, object], length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_ENOUGH", 0)
    classifier = make_classifier(run_config(network=network), window=40)
    tokens = encoded(random_strings([length] * 3))
    shared = mutagenesis(classifier, tokens, np.ones(3, dtype=np.int64), 4)
    alone = mutagenesis(classifier, tokens, np.ones(3, dtype=np.int64), 4, share=False)
    np.testing.assert_allclose(shared.values, alone.values, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ["human-dna", "solubility"])
def test_shipped_models_share(name: str) -> None:
    bundle = open_bundle(shipped_models()[name])
    letters = bundle.alphabet.canonical
    tokens = encoded(random_strings([36, 36, 20] if name == "human-dna" else [31], letters), bundle.alphabet.name)
    tokens = encoded(random_strings([36] * 40, letters)) if name == "human-dna" else tokens
    targets = np.ones(len(tokens), dtype=np.int64)
    member = bundle.classifier
    with pytest.MonkeyPatch.context() as patch:
        calls = []
        original = SharedVariants.logits

        def counting(self: SharedVariants, variants: torch.Tensor, rows: torch.Tensor, place: int) -> torch.Tensor:
            calls.append(len(variants))
            return original(self, variants, rows, place)

        patch.setattr(module, "_ENOUGH", 0)
        patch.setattr(SharedVariants, "logits", counting)
        shared = mutagenesis(member, tokens, targets, len(letters))
    assert sum(calls) == len(tokens.data) * (len(letters) - 1) * (2 if member.both_strands else 1)
    alone = mutagenesis(member, tokens, targets, len(letters), share=False)
    np.testing.assert_allclose(shared.values, alone.values, rtol=1e-5, atol=1e-5)


def test_without_the_operator_every_variant_is_scored_alone() -> None:
    classifier = make_classifier(run_config(network=NETWORK_SETTINGS["hybrid"]))
    assert can_share(classifier)
    with without("resumed"):
        assert not can_share(classifier)


def test_a_lack_of_memory_is_not_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = make_bundle(run_config(network=NETWORK_SETTINGS["cnn-max"], encoder=ENCODER_SETTINGS["onehot"]))

    def fail(self: SharedVariants, variants: torch.Tensor, rows: torch.Tensor, place: int) -> torch.Tensor:
        raise torch.OutOfMemoryError

    tokens, targets = encoded(random_strings([9, 9])), np.ones(2, dtype=np.int64)
    alone = mutagenesis(bundle.classifier, tokens, targets, 4, share=False)
    monkeypatch.setattr(module, "_ENOUGH", 0)
    monkeypatch.setattr(SharedVariants, "logits", fail)
    np.testing.assert_array_equal(mutagenesis(bundle.classifier, tokens, targets, 4).values, alone.values)
