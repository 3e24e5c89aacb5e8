"""Recurrences cell by cell, for many sequences on a GPU without gradients.

In exact float32, cuDNN uses a tenth of a GPU's speed for an LSTM. One step of many sequences is a large product, which
is fast, and to start the steps one by one takes little of the time.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

__all__ = ["by_cells", "suits_cells"]

_DEVICES = ("cuda",)
"""Devices on which steps one by one can be faster."""
_MANY = 256
"""Number of sequences for each step from which they are."""


def suits_cells(steps: Tensor) -> bool:
    """Returns whether `by_cells` is faster than one call for all steps of sequences (B, L, C)."""
    kind = steps.device.type
    many = kind in _DEVICES and steps.shape[0] >= _MANY * steps.shape[1]
    return many and not torch.is_grad_enabled() and not torch.is_autocast_enabled(kind)


def by_cells(
    kind: type[nn.RNNBase], steps: Tensor, weights: Sequence[Tensor], layers: int, *, both: bool
) -> tuple[Tensor, Tensor]:
    """Returns states (B, L, directions · units) and last states (layers · directions, B, units) of inputs (B, L, C).

    Args:
        kind: `nn.LSTM`, `nn.GRU` or `nn.RNN`.
        steps: (B, L, C).
        weights: weights of each layer and direction, in the order of `kind`.
        layers: number of layers; there is no dropout between them.
        both: whether there are two directions.
    """
    directions = 2 if both else 1
    units = weights[1].shape[1]
    inputs = steps.transpose(0, 1).contiguous()  # (L, B, C)
    last = []
    for layer in range(layers):
        states = inputs.new_empty(*inputs.shape[:2], directions * units)
        for direction in range(directions):
            at = 4 * (layer * directions + direction)
            own = states[:, :, direction * units : (direction + 1) * units]
            last.append(_fill(kind, inputs, weights[at : at + 4], own, backward=direction == 1))
        inputs = states
    return inputs.transpose(0, 1), torch.stack(last)


def _fill(
    kind: type[nn.RNNBase], inputs: Tensor, weights: Sequence[Tensor], states: Tensor, *, backward: bool
) -> Tensor:
    """Writes the states (L, B, units) of inputs (L, B, C) in one direction, and returns the last one (B, units)."""
    state = cell = inputs.new_zeros(*states.shape[1:])
    for place in reversed(range(len(inputs))) if backward else range(len(inputs)):
        if issubclass(kind, nn.LSTM):
            state, cell = torch.lstm_cell(inputs[place], (state, cell), *weights)
        elif issubclass(kind, nn.GRU):
            state = torch.gru_cell(inputs[place], state, *weights)
        else:
            state = torch.rnn_tanh_cell(inputs[place], state, *weights)
        states[place] = state
    return state
