from __future__ import annotations

import math

import torch

from seqnet.configs.encoders import EncoderConfig
from seqnet.configs.networks import HybridConfig
from seqnet.core.alphabets import alphabet
from seqnet.nn.networks import Classifier
from tests.building import padded


def test_by_hand() -> None:
    network = HybridConfig(
        filters=(1,),
        kernels=(1,),
        pools=(2,),
        activation="identity",
        cell="rnn",
        units=1,
        bidirectional=False,
        summary=("mean", "max"),
        composition=True,
        strands="single",
    )
    classifier = Classifier(alphabet("dna"), 2, EncoderConfig(), network, window=5).eval()
    classifier.load_state_dict(
        {
            "network.stack.blocks.0.convolution.convolution.weight": torch.tensor([[[1.0], [2.0], [-1.0], [0.5]]]),
            "network.stack.blocks.0.convolution.convolution.bias": torch.tensor([0.0]),
            "network.recurrence.recurrent.weight_ih_l0": torch.tensor([[0.5]]),
            "network.recurrence.recurrent.weight_hh_l0": torch.tensor([[-1.0]]),
            "network.recurrence.recurrent.bias_ih_l0": torch.tensor([0.0]),
            "network.recurrence.recurrent.bias_hh_l0": torch.tensor([0.0]),
            # mean, max, shares of A, C, G and T, log10 of the length in windows
            "network.head.output.weight": torch.tensor([[1.0, 10.0, 0, 0, 0, 0, 0], [0, 0, 1.0, 2.0, 3.0, 4.0, 5.0]]),
            "network.head.output.bias": torch.tensor([0.0, 0.0]),
        }
    )
    # ACGGT: pools of AC, GG and T give 2, -1 and 0.5; G alone gives -1.
    first = math.tanh(1.0)
    second = math.tanh(-0.5 - first)
    third = math.tanh(0.25 - second)
    alone = math.tanh(-0.5)
    expected = [
        [(first + second + third) / 3 + 10 * third, (1 + 2 + 3 * 2 + 4) / 5],
        [11 * alone, 3 + 5 * math.log10(1 / 5)],
    ]
    assert third > first > second
    with torch.no_grad():
        torch.testing.assert_close(classifier(*padded(["ACGGT", "G"])), torch.tensor(expected))
