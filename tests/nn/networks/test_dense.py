from __future__ import annotations

import math

import pytest
import torch

from seqnet.configs.encoders import EncoderConfig
from seqnet.configs.networks import DenseConfig
from seqnet.core.alphabets import alphabet
from seqnet.nn.networks import Classifier
from tests.building import padded


def test_by_hand() -> None:
    network = DenseConfig(dense=(1,), dense_activation="sigmoid", strands="single")
    classifier = Classifier(alphabet("dna"), 2, EncoderConfig(), network, window=2).eval()
    # Features are in the order: all positions of A, then of C, G and T.
    classifier.load_state_dict(
        {
            "network.head.hidden.0.weight": torch.tensor([[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0]]) / 100,
            "network.head.hidden.0.bias": torch.tensor([-0.5]),
            "network.head.output.weight": torch.tensor([[2.0], [-1.0]]),
            "network.head.output.bias": torch.tensor([0.0, 3.0]),
        }
    )
    sums = {"AT": 1.29, "CA": 0.06, "G": 0.16, "NN": (3 + 12 + 48 + 192) / 400}
    with torch.no_grad():
        logits = classifier(*padded(list(sums))).tolist()
    for (string, value), found in zip(sums.items(), logits, strict=True):
        hidden = 1 / (1 + math.exp(0.5 - value))
        assert found == pytest.approx([2 * hidden, 3 - hidden], abs=1e-6), string
