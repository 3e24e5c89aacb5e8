from __future__ import annotations

import math
from collections.abc import Iterable

import pytest
import torch
from torch import Tensor

from seqnet.configs.encoders import EncoderConfig
from seqnet.configs.networks import RecurrentConfig
from seqnet.core.alphabets import alphabet
from seqnet.nn.networks import Classifier
from tests.building import padded

WEIGHTS = {"A": 0.5, "C": -1.0, "G": 2.0, "T": 0.25}


def sigma(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def rnn(symbols: Iterable[str]) -> float:
    """Returns the last state of one tanh unit that weighs its own state by 0.75, with bias 0.1."""
    state = 0.0
    for symbol in symbols:
        state = math.tanh(WEIGHTS[symbol] + 0.75 * state + 0.1)
    return state


def lstm(symbols: Iterable[str]) -> float:
    """Returns the last state of one LSTM unit whose gates have equal weights, with bias 0.1."""
    state, cell = 0.0, 0.0
    for symbol in symbols:
        seen = WEIGHTS[symbol] + 0.75 * state + 0.1
        cell = sigma(seen) * cell + sigma(seen) * math.tanh(seen)
        state = sigma(seen) * math.tanh(cell)
    return state


def gru(symbols: Iterable[str]) -> float:
    """Returns the last state of one GRU unit whose gates have equal weights, with bias 0.1."""
    state = 0.0
    for symbol in symbols:
        gate = sigma(WEIGHTS[symbol] + 0.75 * state + 0.1)
        new = math.tanh(WEIGHTS[symbol] + 0.1 + gate * 0.75 * state)
        state = (1 - gate) * new + gate * state
    return state


CELLS = {"rnn": (rnn, 1), "lstm": (lstm, 4), "gru": (gru, 3)}


@pytest.mark.parametrize("cell", list(CELLS))
def test_by_hand(cell: str) -> None:
    last, gates = CELLS[cell]
    network = RecurrentConfig(cell=cell, units=1, strands="single")
    classifier = Classifier(alphabet("dna"), 2, EncoderConfig(), network, window=9).eval()
    state: dict[str, Tensor] = {}
    for direction in ("", "_reverse"):
        state[f"network.recurrence.recurrent.weight_ih_l0{direction}"] = torch.tensor([list(WEIGHTS.values())] * gates)
        state[f"network.recurrence.recurrent.weight_hh_l0{direction}"] = torch.full((gates, 1), 0.75)
        state[f"network.recurrence.recurrent.bias_ih_l0{direction}"] = torch.full((gates,), 0.1)
        state[f"network.recurrence.recurrent.bias_hh_l0{direction}"] = torch.zeros(gates)
    state["network.head.output.weight"] = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    state["network.head.output.bias"] = torch.tensor([0.0, -1.0])
    classifier.load_state_dict(state)
    strings = ["ACGTTGCA", "GGC", "T"]
    with torch.no_grad():
        logits = classifier(*padded(strings))
    expected = [[last(string), 2 * last(string[::-1]) - 1] for string in strings]
    torch.testing.assert_close(logits, torch.tensor(expected))
