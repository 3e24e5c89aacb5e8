from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from seqnet.configs.run import compose
from seqnet.core.alphabets import INVALID
from seqnet.nn.networks.folded_classifier import FoldedClassifier, can_be_bytes
from seqnet.nn.networks.folded_scan import scan_logits
from tests.building import encoded, make_classifier, random_strings, run_config

WINDOW = 36
LENGTH = 3_000


def folded(strands: str, dtype: torch.dtype = torch.float32) -> FoldedClassifier:
    config = compose("dna-cnn")
    config = dataclasses.replace(config, network=dataclasses.replace(config.network, strands=strands))
    classifier = make_classifier(config, window=WINDOW)
    if dtype == torch.uint8 and not can_be_bytes(classifier):
        pytest.skip("no tables of bytes on this processor")
    return FoldedClassifier(classifier, dtype)


@pytest.mark.parametrize("strands", ["single", "both"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.uint8, torch.bfloat16])
@pytest.mark.parametrize("stride", [1, 7, 50])
def test_windows_have_the_logits_of_the_same_sequences_alone(strands: str, dtype: torch.dtype, stride: int) -> None:
    network = folded(strands, dtype)
    (string,) = random_strings([LENGTH], "ACGT" * 40 + "NRY")
    tokens = torch.from_numpy(encoded([string]).data.copy())
    starts = torch.arange(0, LENGTH - WINDOW + 1, stride)
    with torch.inference_mode():
        alone = network.strand_logits(tokens.unfold(0, WINDOW, 1)[starts], torch.full((len(starts),), WINDOW))
        found = scan_logits(network, tokens, starts)
    coded = (tokens.unfold(0, WINDOW, 1)[starts] > 4).any(dim=1)
    assert 0 < int(coded.sum()) < len(starts)
    np.testing.assert_allclose(found, alone, atol=1e-6)
    assert float(found.std(dim=0).min()) > 0.1


def test_what_is_outside_the_windows_does_not_matter() -> None:
    network = folded("both")
    tokens = torch.from_numpy(encoded(random_strings([200])).data.copy())
    starts = torch.tensor([20, 60])
    spoilt = tokens.clone()
    spoilt[:20] = spoilt[56:60] = spoilt[96:] = INVALID
    with torch.inference_mode():
        assert torch.equal(scan_logits(network, tokens, starts), scan_logits(network, spoilt, starts))


def test_a_window_at_either_end_of_the_sequence_is_scored() -> None:
    config = run_config(network={"name": "cnn", "filters": [6], "kernels": [3], "pools": [2], "dense": [5],
                                 "summary": ["flatten"], "padding": "valid"})  # fmt: skip
    network = FoldedClassifier(make_classifier(config, window=11))  # the pools leave a symbol at the end of a window
    tokens = torch.from_numpy(encoded(random_strings([11])).data.copy())
    with torch.inference_mode():
        found = scan_logits(network, tokens, torch.tensor([0]))
        alone = network.strand_logits(tokens[None], torch.tensor([11]))
    np.testing.assert_allclose(found, alone, atol=1e-6)
