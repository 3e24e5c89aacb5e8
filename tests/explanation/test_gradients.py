"""Gradients against numbers on paper, against finite differences, and the completeness of integrated gradients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from seqnet.configs.encoders import EncoderConfig
from seqnet.configs.explanation import ExplainOptions
from seqnet.configs.run import RunConfig
from seqnet.core.errors import SettingError
from seqnet.evaluation.novelty import describe
from seqnet.explanation.explainer import Explainer
from seqnet.explanation.gradients import background
from seqnet.explanation.relaxation import Relaxation
from seqnet.models.bundles import Bundle
from tests.building import encoded, make_bundle, padded, random_strings, run_config
from tests.contracts.test_networks import ENCODER_SETTINGS, NETWORK_SETTINGS, config_of
from tests.explanation.test_explainer import explained, margin
from tests.nn.plm.models import settled_config, shared_model

WINDOW = 14
CASES = [
    pytest.param(config_of(key, kind), name, id=f"{key}-{kind}-{name}")
    for key, network in NETWORK_SETTINGS.items()
    for kind in ("onehot", "embedding", "kmer")
    if network["name"] != "kmers" or kind == "onehot"
    for name in ("dna", "protein")
    if name == "dna" or kind != "kmer"
]


def bundle_with(config: RunConfig, name: str = "dna") -> Bundle:
    """Returns a bundle whose background is not uniform."""
    bundle = make_bundle(config, name, window=WINDOW)
    skewed = random_strings([40] * 20, bundle.alphabet.canonical + "A" * 8)
    both = bundle.classifier.both_strands
    return replace(
        bundle, novelty=describe(encoded(skewed, name), encoded(skewed, name), bundle.alphabet, both_strands=both)
    )


def relaxed_margin(bundle: Bundle, string: str, symbols: NDArray[np.float32]) -> float:
    """Returns the explained number of mixtures (L, S), of the symbols of a sequence that fits into the window."""
    tokens, lengths = padded([string], bundle.alphabet.name)
    mixtures = torch.from_numpy(symbols)[None]
    with torch.no_grad():
        relaxation = Relaxation(bundle.classifier, "integrated")
        return float(relaxation.margins(mixtures, tokens, lengths, torch.tensor([1])))


@pytest.mark.parametrize(("config", "name"), CASES)
def test_symbols_have_the_margins_of_their_tokens(config: RunConfig, name: str) -> None:
    bundle = bundle_with(config, name)
    for string in random_strings([14, 9, 3], bundle.alphabet.symbols.replace("*", "")):
        symbols = bundle.alphabet.mixture[encoded([string], name).data]
        assert relaxed_margin(bundle, string, symbols) == pytest.approx(margin(bundle, string, 1), abs=1e-5)


COMPLETE = {
    ("dense", "onehot"): 32, ("cnn-flatten", "embedding"): 32, ("cnn-max", "onehot"): 64, ("cnn-max", "kmer"): 128,
    ("cnn-attention", "embedding"): 64, ("cnn-layer-norm", "onehot"): 128, ("parallel", "onehot"): 64,
    ("recurrent-lstm", "onehot"): 128, ("recurrent-gru", "embedding"): 64, ("hybrid-composition", "onehot"): 256,
}  # fmt: skip
"""Network and encoder → steps that suffice; random weights are steeper than those of training."""


@pytest.mark.parametrize(("network", "encoder"), COMPLETE)
def test_integrated_gradients_are_complete(network: str, encoder: str) -> None:
    bundle = bundle_with(config_of(network, encoder))
    strings = random_strings([14, 9, 12], bundle.alphabet.canonical, seed=5)
    start = background(bundle)
    assert start.max() > 1.5 * start.min() or bundle.classifier.both_strands
    found = explained(bundle, strings, method="integrated", steps=COMPLETE[network, encoder])
    slopes = explained(bundle, strings, method="gradient")
    misses = []
    for index, string in enumerate(strings):
        at = slice(*found.tokens.offsets[index : index + 2])
        difference = margin(bundle, string, 1) - relaxed_margin(bundle, string, np.tile(start, (len(string), 1)))
        scale = np.abs(found.present[at]).sum()
        assert abs(found.present[at].sum() - difference) < 0.02 * scale
        misses.append(abs(slopes.present[at].sum() - difference) / scale)
    # Gradients at the end of the way alone, which are no integral, would not pass.
    assert max(misses) > 0.05 or network == "dense"


SMOOTH: Mapping[str, Mapping[str, Any]] = {
    "recurrent": {"name": "recurrent", "cell": "lstm", "units": 4, "dense": [4], "dense_activation": "tanh"},
    "cnn": {**NETWORK_SETTINGS["cnn-mean"], "pools": [1, 1, 1], "dense_activation": "tanh"},
    "hybrid": {
        "name": "hybrid", "filters": [4], "kernels": [3], "pools": [1], "activation": "tanh", "units": 3,
        "summary": ["mean", "attention"], "dense_activation": "tanh", "composition": True, "profile_pairs": True,
        "profile_end_composition": [3], "profile_ends": 2,
    },
}  # fmt: skip


@pytest.mark.parametrize("encoder", ["onehot", "embedding", "kmer"])
@pytest.mark.parametrize("network", SMOOTH)
def test_gradients_are_those_of_small_differences(network: str, encoder: str) -> None:
    bundle = bundle_with(run_config(network=SMOOTH[network], encoder=ENCODER_SETTINGS[encoder]))
    string = "ACGTTNGCATC"
    found = explained(bundle, [string], method="gradient")
    symbols = bundle.alphabet.mixture[encoded([string]).data]
    step = 1e-2
    for place in range(len(string)):
        sides = []
        for symbol in range(4):
            more, less = symbols.copy(), symbols.copy()
            more[place, symbol] += step
            less[place, symbol] -= step
            sides.append((relaxed_margin(bundle, string, more) - relaxed_margin(bundle, string, less)) / (2 * step))
        np.testing.assert_allclose(found.values[place], np.array(sides) - np.mean(sides), atol=5e-3, rtol=5e-3)


def linear_bundle() -> Bundle:
    """Returns a model whose logits are sums of one number for each position and symbol: [p, s] ↦ 10·p + s."""
    bundle = make_bundle(run_config(network={"name": "dense", "dense": [], "strands": "single"}), window=3)
    output = bundle.classifier.network.get_submodule("head.output")
    assert isinstance(output, torch.nn.Linear)
    with torch.no_grad():
        output.weight.zero_()
        output.bias.zero_()
        # Features are channel by channel: symbol, then position.
        for place in range(3):
            for symbol in range(4):
                output.weight[1, symbol * 3 + place] = 10 * place + symbol
    return bundle


@pytest.mark.parametrize("method", ["mutagenesis", "gradient", "integrated"])
def test_a_linear_model_has_attributions_on_paper(method: str) -> None:
    found = explained(linear_bundle(), ["AGT"], method=method)
    # 0 + 12 + 23
    assert found.logits[0] == pytest.approx(35, abs=1e-4)
    # A symbol s is worth s - 1.5, compared with all symbols; compared with the other three, 4/3 of that.
    worth = np.array([-1.5, 0.5, 1.5]) * (4 / 3 if method == "mutagenesis" else 1)
    np.testing.assert_allclose(found.present, worth, atol=1e-4)
    if method == "mutagenesis":
        np.testing.assert_allclose(found.values, [[0, 1, 2, 3], [-2, -1, 0, 1], [-3, -2, -1, 0]], atol=1e-4)
    else:
        np.testing.assert_allclose(found.values, [[-1.5, -0.5, 0.5, 1.5]] * 3, atol=1e-4)


def test_the_background_is_that_of_training_and_of_both_strands() -> None:
    bundle = make_bundle(run_config(network={**NETWORK_SETTINGS["cnn-max"], "strands": "single"}))
    np.testing.assert_allclose(background(bundle), 0.25)
    tokens = encoded(["AAAC", "AACC"])
    bundle = replace(bundle, novelty=describe(tokens, tokens, bundle.alphabet))
    np.testing.assert_allclose(background(bundle), [5 / 8, 3 / 8, 0, 0], atol=1e-6)
    both = make_bundle(run_config(network={**NETWORK_SETTINGS["cnn-max"], "strands": "both"}))
    both = replace(both, novelty=bundle.novelty)
    np.testing.assert_allclose(background(both), [5 / 16, 3 / 16, 3 / 16, 5 / 16], atol=1e-6)


@pytest.mark.parametrize("method", ["gradient", "integrated"])
def test_a_model_without_gradients_says_which_method_works(method: str) -> None:
    hybrid = {**NETWORK_SETTINGS["hybrid-composition"], "trees": 3}
    boosted = make_bundle(run_config(network=hybrid), "protein")
    kmers = make_bundle(run_config(encoder={"name": "kmer", "k": 7}))
    language = make_bundle(
        run_config(network=NETWORK_SETTINGS["hybrid"], encoder=settled_config(shared_model(limit=6)).to_dict()),
        "protein",
    )
    for bundle, why in ((boosted, "decision trees"), (kmers, "16,384 k-mers"), (language, "a language model")):
        with pytest.raises(SettingError, match=f"explain.method {method} can't be used: .*{why}.*use --method mutagen"):
            Explainer(bundle, ExplainOptions(method=method))
        Explainer(bundle)
    assert isinstance(boosted.config.encoder, EncoderConfig)


def test_trees_count_in_mutagenesis() -> None:
    bundle = make_bundle(run_config(network={**NETWORK_SETTINGS["hybrid-composition"], "trees": 3}), "protein")
    assert bundle.classifier.trees is not None
    string = random_strings([12], bundle.alphabet.canonical)[0]
    found = explained(bundle, [string])
    assert found.logits[0] == pytest.approx(margin(bundle, string, 1), abs=1e-5)
    changed = "W" + string[1:]
    place = bundle.alphabet.canonical.index("W")
    assert found.values[0, place] == pytest.approx(margin(bundle, changed, 1) - found.logits[0], abs=1e-5)
