"""Recurrent layers over padded batches: features (B, C, L) → states (B, C', L) and last states (B, C')."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from seqnet.nn.fast.capabilities import has, recurrent
from seqnet.nn.fast.cells import by_cells, suits_cells
from seqnet.nn.layers.masking import masked, unpadded

__all__ = ["Recurrence"]

_CELLS: dict[str, type[nn.RNN] | type[nn.LSTM] | type[nn.GRU]] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
_WEIGHTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


class Recurrence(nn.Module):
    """Recurrent layers over positions.

    The backward direction reads each sequence from its own last position, so that batches remain rectangular.
    Rectangular batches can use the fused kernels, packed sequences can't.

    Attributes:
        channels: number of output channels of all directions.
        operation: computes the states; see `capabilities.recurrent`.
    """

    def __init__(
        self, channels: int, *, cell: str, units: int, layers: int, bidirectional: bool, dropout: float
    ) -> None:
        super().__init__()
        # This module only holds the weights; the directions are computed one by one.
        self.recurrent = _CELLS[cell](channels, units, num_layers=layers, batch_first=True, bidirectional=bidirectional)
        self.operation = recurrent
        self.dropout = nn.Dropout(dropout)
        self.directions = ("", "_reverse") if bidirectional else ("",)
        self.channels = len(self.directions) * units

    def forward(self, x: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor]:
        """Returns the states (B, C', L) and the last state of each direction (B, C')."""
        steps = x.transpose(1, 2)  # (B, L, C)
        if unpadded(lengths, x.shape[2]):
            return self._all_at_once(steps)
        assert lengths is not None
        positions = torch.arange(x.shape[2], device=x.device)
        mirrored = (lengths[:, None] - 1 - positions).clamp(min=0)[:, :, None]  # (B, L, 1)
        last = (lengths - 1)[:, None, None]  # (B, 1, 1)
        finals: list[Tensor] = []
        for layer in range(self.recurrent.num_layers):
            found = []
            finals = []
            for direction in self.directions:
                turned = _rows_at(steps, mirrored) if direction else steps
                states = self._states(turned, f"l{layer}{direction}")  # (B, L, units)
                finals.append(_rows_at(states, last)[:, 0])
                found.append(_rows_at(states, mirrored) if direction else states)
            steps = torch.cat(found, dim=2)
            if layer + 1 < self.recurrent.num_layers:
                steps = self.dropout(steps)
        return masked(steps.transpose(1, 2), lengths), torch.cat(finals, dim=1)

    def _all_at_once(self, steps: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the same for sequences (B, L, C) without padding, with all layers and directions in one call."""
        layers = range(self.recurrent.num_layers)
        weights = [
            getattr(self.recurrent, f"{kind}_l{layer}{direction}")
            for layer in layers
            for direction in self.directions
            for kind in _WEIGHTS
        ]
        states, last = self._computed(steps, weights, len(layers), len(self.directions))
        return states.transpose(1, 2), torch.cat(list(last[-len(self.directions) :]), dim=1)

    def _states(self, steps: Tensor, name: str) -> Tensor:
        """Returns the states (B, L, units) of one layer in one direction."""
        weights = [getattr(self.recurrent, f"{kind}_{name}") for kind in _WEIGHTS]
        return self._computed(steps, weights, 1, 1)[0]

    def _computed(self, steps: Tensor, weights: list[Tensor], layers: int, directions: int) -> tuple[Tensor, Tensor]:
        """Returns states (B, L, directions · units) and last states (layers · directions, B, units)."""
        start = steps.new_zeros(layers * directions, steps.shape[0], self.recurrent.hidden_size)
        if steps.is_meta and not torch.is_grad_enabled():  # shapes only; PyTorch would loop over positions
            return steps.new_empty(*steps.shape[:2], directions * self.recurrent.hidden_size), start
        kind, both, rate = type(self.recurrent), directions == 2, self.dropout.p
        if not self.training and suits_cells(steps):
            return by_cells(kind, steps, weights, layers, both=both)
        # The test of the operator can't be compiled.
        if torch.compiler.is_compiling() or has("recurrent"):
            return self.operation(kind, steps, start, weights, layers, rate, training=self.training, both=both)
        with torch.device("meta"):
            shape = {"num_layers": layers, "bidirectional": both, "dropout": rate if layers > 1 else 0.0}
            module = kind(steps.shape[2], self.recurrent.hidden_size, batch_first=True, **shape).train(self.training)
        names = (name for name, _ in module.named_parameters())
        states, last = torch.func.functional_call(module, dict(zip(names, weights, strict=True)), (steps,))
        return states, last[0] if kind is nn.LSTM else last


def _rows_at(steps: Tensor, positions: Tensor) -> Tensor:
    """Returns the rows (B, P, C) of (B, L, C) at positions (B, P, 1) int64."""
    return steps.gather(1, positions.expand(-1, -1, steps.shape[2]))
