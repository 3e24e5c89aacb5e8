from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from seqnet.configs.encoders import EncoderConfig
from seqnet.configs.networks import NetworkConfig, network_config
from seqnet.core.alphabets import ALPHABETS, alphabet
from seqnet.core.errors import SettingError
from seqnet.nn.networks import Classifier
from tests.building import make_classifier, padded, random_strings, run_config

MAXIMUM = {"name": "cnn", "filters": [5], "kernels": [4], "pools": [2], "dense": [4]}
FLAT = {**MAXIMUM, "summary": ["flatten"]}


def refuse(network: NetworkConfig, name: str, classes: int, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        Classifier(alphabet(name), classes, EncoderConfig(), network, 12)


def test_a_sigmoid_head_is_for_two_classes() -> None:
    sigmoid = network_config({**MAXIMUM, "head": "sigmoid"})
    refuse(sigmoid, "dna", 3, r"network\.head must be 'softmax' for 3 classes")
    assert Classifier(alphabet("dna"), 2, EncoderConfig(), sigmoid, 12).network is not None


@pytest.mark.parametrize("name", ["rna", "protein"])
def test_both_strands_are_for_dna(name: str) -> None:
    both = network_config({**MAXIMUM, "strands": "both"})
    refuse(both, name, 2, rf"network\.strands must be 'single': {name} has no")


@pytest.mark.parametrize("name", list(ALPHABETS))
def test_dna_is_read_from_both_strands_by_default(name: str) -> None:
    for strands, expected in {"auto": name == "dna", "single": False}.items():
        classifier = make_classifier(run_config(network={**MAXIMUM, "strands": strands}), name)
        assert classifier.both_strands == expected
    assert make_classifier(run_config(network={**MAXIMUM, "strands": "both"}), "dna").both_strands


def test_strand_logits_are_the_mean_over_both_strands() -> None:
    classifier = make_classifier(run_config(network=MAXIMUM))
    strings, others = ["ACGTTA", "GGC", "ACGRYN"], ["TAACGT", "GCC", "NRYCGT"]
    with torch.no_grad():
        mean = (classifier(*padded(strings)) + classifier(*padded(others))) / 2
        found = classifier.strand_logits(*padded(strings))
        assert not torch.allclose(found, classifier(*padded(strings)), atol=1e-4)
    torch.testing.assert_close(found, mean)


def test_strand_logits_of_one_strand_are_those_of_the_sequence() -> None:
    classifier = make_classifier(run_config(network={**MAXIMUM, "strands": "single"}))
    batch = padded(["ACGTTA", "GGC"])
    with torch.no_grad():
        assert torch.equal(classifier.strand_logits(*batch), classifier(*batch))


def test_a_flattened_window_is_filled_up() -> None:
    classifier = make_classifier(run_config(network=FLAT))
    strings = random_strings([3, 5])
    with torch.no_grad():
        assert torch.equal(classifier(*padded(strings)), classifier(*padded(strings, width=12)))


def test_a_sequence_longer_than_a_flattened_window_is_not_cut_in_silence() -> None:
    classifier = make_classifier(run_config(network=FLAT))
    with pytest.raises(ValueError, match=r"13 .* 12"):
        classifier(*padded(["A" * 13]))


def test_dropout_of_the_input_is_for_training() -> None:
    classifier = make_classifier(run_config(network={**MAXIMUM, "dropout_input": 0.9}))
    batch = padded(random_strings([12] * 20))
    with torch.no_grad():
        assert torch.equal(classifier(*batch), classifier(*batch))
        classifier.train()
        assert not torch.equal(classifier(*batch), classifier(*batch))


def test_parameters_are_counted() -> None:
    # Kernel 4 on 4 channels with 5 filters, a dense layer of 4 and an output of 3.
    classifier = make_classifier(run_config(network=MAXIMUM), classes=3)
    assert classifier.parameter_count == (4 * 4 * 5 + 5) + (5 * 4 + 4) + (4 * 3 + 3)


def test_tables_of_the_alphabet_are_not_weights() -> None:
    classifier = make_classifier(run_config(network=MAXIMUM))
    assert set(classifier.state_dict()) == {name for name, _ in classifier.named_parameters()}
    assert {name for name, _ in classifier.named_buffers()} >= {"complement", "mixture", "encoder.table"}


@pytest.mark.parametrize("cell", ["lstm", "cnn"])
def test_composition_is_seen_where_it_is_requested(cell: str) -> None:
    network = {"name": "hybrid", "filters": [3], "kernels": [3], "pools": [1], "units": 2, "composition": True}
    classifier = make_classifier(run_config(network=network if cell == "lstm" else MAXIMUM), window=10)
    seen: list[torch.Tensor] = []
    classifier.network.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[2]))
    with torch.no_grad():
        classifier(*padded(["ACCR", "N"], width=7))
    if cell == "cnn":
        assert seen == [None]
    else:
        expected = [[0.375, 0.5, 0.125, 0.0, np.log10(0.4)], [0.25, 0.25, 0.25, 0.25, -1.0]]
        np.testing.assert_allclose(seen[0], expected, atol=1e-6)


def test_the_padding_of_an_embedding_never_reaches_a_network_of_any_length() -> None:
    classifier = make_classifier(run_config(network=MAXIMUM, encoder={"name": "embedding"}))
    assert isinstance(classifier.encoder.weight, nn.Parameter)
    batch = padded(random_strings([3, 9]))
    with torch.no_grad():
        before = classifier(*batch)
        classifier.encoder.weight[0] = 1000.0
        assert torch.equal(classifier(*batch), before)
