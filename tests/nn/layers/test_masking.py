from __future__ import annotations

import math

import pytest
import torch

from seqnet.configs.networks import ACTIVATIONS
from seqnet.nn.layers import activation, mask_of


def test_the_mask_is_true_on_sequences() -> None:
    mask = mask_of(torch.tensor([2, 0, 3]), 3)
    assert mask.tolist() == [[[True, True, False]], [[False, False, False]], [[True, True, True]]]


@pytest.mark.parametrize(
    ("name", "at_minus_one"),
    [
        ("relu", 0.0),
        ("leaky_relu", -0.01),
        ("tanh", math.tanh(-1)),
        ("sigmoid", 1 / (1 + math.e)),
        ("gelu", -(1 - math.erf(1 / math.sqrt(2))) / 2),
        ("silu", -1 / (1 + math.e)),
        ("identity", -1.0),
    ],
)
def test_activations(name: str, at_minus_one: float) -> None:
    assert activation(name)(torch.tensor(-1.0)).item() == pytest.approx(at_minus_one, abs=1e-6)


def test_every_activation_of_the_settings_is_there() -> None:
    for name in ACTIVATIONS:
        assert activation(name)(torch.tensor(1.0)).item() > 0.7
