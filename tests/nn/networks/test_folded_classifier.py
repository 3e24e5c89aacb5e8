"""A folded network compared with the network itself."""

import numpy as np
import pytest
import torch

from seqnet.configs.encoders import EncoderConfig
from seqnet.configs.networks import network_config
from seqnet.configs.run import compose
from seqnet.core.alphabets import alphabet
from seqnet.nn.networks import Classifier
from seqnet.nn.networks.folded_classifier import FoldedClassifier, can_be_bytes, can_fold
from tests.building import padded, random_strings

needs_bytes = pytest.mark.skipif(
    "fbgemm" not in torch.backends.quantized.supported_engines, reason="tables of bytes are for x86"
)

FOLDABLE: dict[str, dict[str, object]] = {
    "plain": {"filters": [8], "kernels": [4], "pools": [2], "dense": [16]},
    "pool 3, norm, sigmoid": {"filters": [6], "kernels": [3], "pools": [3], "norm": "batch", "activation": "sigmoid"},
    "no hidden layer": {"filters": [8], "kernels": [2], "pools": [1], "dense": [], "head": "sigmoid"},
    "two hidden layers, both strands": {
        "filters": [8],
        "kernels": [4],
        "pools": [2],
        "dense": [9, 7],
        "strands": "both",
    },
}


def classifier(settings: dict[str, object], encoder: str = "onehot", window: int = 21) -> Classifier:
    shape = {"summary": ["flatten"], "padding": "valid", "strands": "single", "activation": "relu"} | settings
    torch.manual_seed(3)
    made = Classifier(alphabet("dna"), 2, EncoderConfig(name=encoder), network_config(shape), window).eval()
    for module in made.modules():
        if isinstance(module, torch.nn.BatchNorm1d):
            module.running_mean = torch.randn(module.num_features)
            module.running_var = torch.rand(module.num_features) + 0.5
    return made


@pytest.mark.parametrize("encoder", ["onehot", "embedding"])
@pytest.mark.parametrize("name", FOLDABLE)
def test_a_table_does_what_the_network_does(name: str, encoder: str) -> None:
    made = classifier(FOLDABLE[name], encoder)
    assert can_fold(made)
    folded = FoldedClassifier(made)
    strings = [*random_strings([21] * 20 + [20, 13, 5, 1]), "ACGTNACGTACGTACGTACGT", "NNN"]
    with torch.inference_mode():
        found, expected = (one.strand_logits(*padded(strings)).numpy() for one in (folded, made))
        alone = np.concatenate([folded.strand_logits(*padded([string])).numpy() for string in strings])
    np.testing.assert_allclose(found, expected, atol=2e-6)
    np.testing.assert_allclose(alone, expected, atol=2e-6)
    assert np.ptp(expected) > 0.05


def test_the_textbook_network_is_folded() -> None:
    run = compose("dna-cnn")
    made = Classifier(alphabet("dna"), 2, run.encoder, run.network, 36).eval()
    assert can_fold(made)
    folded = FoldedClassifier(made)
    batch = padded(random_strings([36] * 64))
    with torch.inference_mode():
        assert torch.allclose(folded.strand_logits(*batch), made.strand_logits(*batch), atol=1e-6)
        lower = FoldedClassifier(made, torch.bfloat16)
        assert torch.allclose(lower.strand_logits(*batch), made.strand_logits(*batch), atol=0.02)


@needs_bytes
@pytest.mark.parametrize("name", FOLDABLE)
def test_a_table_of_bytes_is_near(name: str) -> None:
    made = classifier(FOLDABLE[name])
    assert can_be_bytes(made)
    table = FoldedClassifier(made, torch.uint8)
    assert table.table.dtype == torch.uint8
    strings = [*random_strings([21] * 20 + [20, 13, 5, 1]), "ACGTNACGTACGTACGTACGT", "NNN"]
    with torch.inference_mode():
        found, expected = (one.strand_logits(*padded(strings)).numpy() for one in (table, made))
        alone = np.concatenate([table.strand_logits(*padded([string])).numpy() for string in strings])
    # Each of up to 21 rows has an error of at most half of 1/255 of its range, so the sum has about 1/100 of its range.
    np.testing.assert_allclose(found, expected, atol=0.03 * np.ptp(expected))
    # A row with one value is stored in its offset.
    assert (np.abs(found - expected).max() > 1e-5) == (table.head.first.out_features > 1)
    np.testing.assert_allclose(alone, found, atol=2e-6)


@pytest.mark.parametrize(
    "settings",
    [
        {"padding": "same"},
        {"dilations": [2]},
        {"filters": [8, 8], "kernels": [3, 3], "pools": [2, 2]},
        {"kernels": [12]},
        {"summary": ["max"], "padding": "same"},
    ],
)
def test_what_no_table_can_hold_is_left_as_it_is(settings: dict[str, object]) -> None:
    assert not can_fold(classifier({"filters": [8], "kernels": [4], "pools": [2], "dense": [16]} | settings))
