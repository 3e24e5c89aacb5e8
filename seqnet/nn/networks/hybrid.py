"""Convolutions followed by a recurrent network."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from seqnet.configs.networks import HybridConfig
from seqnet.nn.layers import BatchNorm, ConvolutionStack, Head, Recurrence, Summary, activation
from seqnet.nn.networks.base import Dimensions, Network

__all__ = ["HybridNetwork"]


class HybridNetwork(Network):
    """Convolution blocks → recurrent layers → summary over positions (and a profile of the sequence) → dense layers."""

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
        self.profile: nn.Module = nn.Identity()
        beside = dimensions.profile
        if beside and config.profile_units:
            self.profile = nn.Sequential(
                BatchNorm(beside),
                nn.Dropout(config.dropout_profile),
                nn.Linear(beside, config.profile_units),
                activation(config.dense_activation),
            )
            beside = config.profile_units
        features = self.summary.channels + beside
        self.head = Head(features, dimensions.classes, config)

    def forward(self, features: Tensor, lengths: Tensor | None, profile: Tensor | None) -> Tensor:
        """See `Network.forward`."""
        x, lengths = self.stack(features, lengths)
        x, _ = self.recurrence(x, lengths)
        return self.of_states(x, lengths, profile)

    def of_states(self, x: Tensor, lengths: Tensor | None, profile: Tensor | None) -> Tensor:
        """Returns the logits (B, K) from the states (B, C, L) of the recurrence; see `Network.forward`."""
        x = self.summary(x, lengths)  # (B, F)
        if profile is not None:
            x = torch.cat([x, self.profile(profile)], dim=1)
        logits: Tensor = self.head(x)
        return logits
