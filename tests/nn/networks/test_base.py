from __future__ import annotations

import pytest
import torch
from torch import nn

from seqnet.nn.networks.base import Network


def test_the_width_is_that_of_the_widest_convolution() -> None:
    network = Network()
    assert network.width == 0
    network.first, network.second = nn.Conv1d(4, 16, 3), nn.Conv1d(16, 9, 3)
    network.dense = nn.Linear(9, 100)
    assert network.width == 16


def test_a_base_computes_nothing() -> None:
    with pytest.raises(NotImplementedError):
        Network()(torch.zeros(1, 4, 5), None, None)
