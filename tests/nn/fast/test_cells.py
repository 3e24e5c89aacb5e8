from __future__ import annotations

import pytest
import torch
from torch import nn

from seqnet.nn.fast import cells
from seqnet.nn.fast.cells import by_cells, suits_cells
from seqnet.nn.layers import Recurrence
from tests.nn.layers.examples import LENGTHS, close, ragged_features

KINDS: dict[str, type[nn.RNN] | type[nn.LSTM] | type[nn.GRU]] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("layers", [1, 2])
def test_states_are_those_of_torch(kind: type[nn.RNN] | type[nn.LSTM] | type[nn.GRU], both: bool, layers: int) -> None:
    module = kind(3, 4, num_layers=layers, batch_first=True, bidirectional=both)
    steps = torch.randn(5, 7, 3)
    expected, last = module(steps)
    found = by_cells(kind, steps, list(module.parameters()), layers, both=both)
    close(found[0], expected, 1e-6)
    close(found[1], last[0] if kind is nn.LSTM else last, 1e-6)


@pytest.mark.parametrize("cell", KINDS)
@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["full", "padded"])
def test_layers_come_to_the_same(cell: str, lengths: torch.Tensor | None, monkeypatch: pytest.MonkeyPatch) -> None:
    recurrence = Recurrence(3, cell=cell, units=4, layers=2, bidirectional=True, dropout=0.5).eval()
    x = ragged_features()
    with torch.inference_mode():
        expected = recurrence(x, lengths)
        monkeypatch.setattr(cells, "_DEVICES", ("cpu",))
        monkeypatch.setattr(cells, "_MANY", 0)
        monkeypatch.setattr(recurrence, "operation", None)  # is not called
        found = recurrence(x, lengths)
    for one, other in zip(found, expected, strict=True):
        close(one, other, 1e-6)


def test_only_many_sequences_on_a_gpu_are_computed_so(monkeypatch: pytest.MonkeyPatch) -> None:
    many, few = torch.empty(512, 2, 1), torch.empty(511, 2, 1)
    with torch.no_grad():
        assert not suits_cells(many)
        monkeypatch.setattr(cells, "_DEVICES", ("cpu",))
        assert suits_cells(many)
        assert not suits_cells(few)
        with torch.autocast("cpu", torch.bfloat16):
            assert not suits_cells(many)
    assert not suits_cells(many), "gradients need the states of every step"
