from __future__ import annotations

import pytest
import torch

from seqnet.nn.layers import Recurrence
from tests.nn.layers.examples import LENGTHS, alone, close, ragged_features


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("layers", [1, 2])
def test_recurrence_is_that_of_torch_on_each_sequence(cell: str, bidirectional: bool, layers: int) -> None:
    recurrence = Recurrence(3, cell=cell, units=4, layers=layers, bidirectional=bidirectional, dropout=0.0)
    assert recurrence.channels == (8 if bidirectional else 4)
    x = ragged_features()
    states, last = recurrence(x, LENGTHS)
    for row, length in enumerate(LENGTHS.tolist()):
        expected, _ = recurrence.recurrent(alone(x, row).transpose(1, 2))  # (1, length, C')
        close(states[row, :, :length].T, expected[0], 1e-5)
        assert not states[row, :, length:].any()
        # Forwards the last state is the one at the end, backwards the one at the start.
        ends = [expected[0, -1, :4], *([expected[0, 0, 4:]] if bidirectional else [])]
        close(last[row], torch.cat(ends), 1e-5)
