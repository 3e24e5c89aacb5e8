"""Convolutions before a recurrent network."""

from __future__ import annotations

import torch
from torch import Tensor

from seqnet.configs.networks import HybridConfig
from seqnet.layers import ConvolutionStack, Head, Recurrence, Summary
from seqnet.networks.base import Dimensions, Network

__all__ = ["HybridNetwork"]


class HybridNetwork(Network):
    """Convolution blocks → recurrent layers → summary over positions (and composition) → dense layers."""

    def __init__(self, dimensions: Dimensions, config: HybridConfig) -> None:
        super().__init__()
        self.stack = ConvolutionStack(dimensions.channels, config)
        self.recurrence = Recurrence(
            self.stack.channels,
            cell=config.cell,
            units=config.units,
            layers=config.layers,
            bidirectional=config.bidirectional,
            dropout=config.dropout_recurrent,
        )
        self.summary = Summary(self.recurrence.channels, config.summary)
        features = self.summary.channels + (dimensions.composition if config.composition else 0)
        self.head = Head(features, dimensions.classes, config)

    def forward(self, features: Tensor, lengths: Tensor | None, composition: Tensor | None) -> Tensor:
        """See `Network.forward`."""
        x, lengths = self.stack(features, lengths)
        x, _ = self.recurrence(x, lengths)
        x = self.summary(x, lengths)  # (B, F)
        if composition is not None:
            x = torch.cat([x, composition], dim=1)
        logits: Tensor = self.head(x)
        return logits
