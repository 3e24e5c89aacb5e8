"""The networks in plain PyTorch, without anything of seqnet."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["Hybrid", "textbook"]


def textbook() -> nn.Module:
    """Returns the network of the preset dna-cnn: (B, 4, 36) → logits (B, 2)."""
    return nn.Sequential(
        nn.Conv1d(4, 64, 4), nn.MaxPool1d(2), nn.Flatten(), nn.Linear(1024, 256), nn.ReLU(), nn.Linear(256, 2)
    )


class Hybrid(nn.Module):
    """The network of the preset dna-hybrid on both strands: (B, 4, L) → logits (B, 2)."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Sequential(
            nn.Conv1d(4, 96, 8, padding="same"), nn.BatchNorm1d(96), nn.ReLU(), nn.MaxPool1d(2)
        )
        self.lstm = nn.LSTM(96, 128, batch_first=True, bidirectional=True)
        self.head = nn.Sequential(nn.Linear(512, 64), nn.ReLU(), nn.Linear(64, 2))

    def forward(self, x: Tensor) -> Tensor:
        """Returns the mean of the logits of both strands."""
        return (self._strand(x) + self._strand(x.flip(1, 2))) / 2

    def _strand(self, x: Tensor) -> Tensor:
        states, _ = self.lstm(self.convolution(x).transpose(1, 2))
        logits: Tensor = self.head(torch.cat([states.mean(dim=1), states.amax(dim=1)], dim=1))
        return logits
