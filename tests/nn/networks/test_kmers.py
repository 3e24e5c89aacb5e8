from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from seqnet.configs.encoders import EncoderConfig
from seqnet.configs.networks import KmersConfig
from seqnet.configs.run import compose
from seqnet.core.alphabets import alphabet
from seqnet.core.errors import SettingError
from seqnet.nn.networks import Classifier
from tests.building import fit, make_dataset, padded


def test_by_hand() -> None:
    network = KmersConfig(longest=1, strands="single")
    classifier = Classifier(alphabet("dna"), 2, EncoderConfig(), network, window=4).eval()
    classifier.load_state_dict(
        {
            "network.head.output.weight": torch.tensor([[0.0] * 5, [1.0, 2.0, 0.0, 0.0, 8.0]]),
            "network.head.output.bias": torch.tensor([0.0, 0.5]),
        }
    )
    with torch.no_grad():
        found = classifier(*padded(["AACG", "T"]))[:, 1].tolist()
    # The share 1/4 is 0, and a standard deviation is 1/4.
    assert found == pytest.approx([0.5 + 1 * 1 + 2 * 0, 0.5 - 1 - 2 + 8 * math.log10(1 / 4)], abs=1e-5)


def test_one_strand_distinguishes_what_both_strands_do_not() -> None:
    """Class 1 is rich in AAC, class 0 in its reverse complement GTT; the rest is the same."""
    rng = np.random.default_rng(3)
    words = np.array(["AAC", "GTT"])
    strings = ["".join(words[(rng.random(12) < (0.7 if index % 2 else 0.3)).astype(int)]) for index in range(400)]
    splits = ["train"] * 300 + ["validation"] * 100
    data = make_dataset(strings, [index % 2 for index in range(400)], splits)
    found = {}
    for strands in ("single", "both"):
        settings = {"network.strands": strands, "training.epochs": 10, "training.seed": 1}
        config = compose("dna-kmers", assignments=[f"{key}={value}" for key, value in settings.items()])
        found[strands] = fit(data, config).bundle.metrics["validation_auroc"]
    assert found["single"] > 0.9
    assert found["both"] < 0.7


@pytest.mark.parametrize(("name", "longest", "most"), [("protein", 4, 3), ("protein", 8, 3)])
def test_too_long_kmers_are_refused(name: str, longest: int, most: int) -> None:
    with pytest.raises(SettingError, match=rf"network\.longest.*at most {most}"):
        Classifier(alphabet(name), 2, EncoderConfig(), KmersConfig(longest=longest), window=9)
