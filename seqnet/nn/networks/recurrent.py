"""Recurrent networks."""

from __future__ import annotations

from torch import Tensor

from seqnet.configs.networks import RecurrentConfig
from seqnet.nn.layers import Head, Recurrence
from seqnet.nn.networks.base import Dimensions, Network

__all__ = ["RecurrentNetwork"]


class RecurrentNetwork(Network):
    """Recurrent layers, many to one: the last state of each direction → dense layers.

    Source: Neupert et al. 2021, arXiv:2102.04883.
    """

    def __init__(self, dimensions: Dimensions, config: RecurrentConfig) -> None:
        super().__init__()
        self.recurrence = Recurrence(
            dimensions.channels,
            cell=config.cell,
            units=config.units,
            layers=config.layers,
            bidirectional=config.bidirectional,
            dropout=config.dropout_recurrent,
        )
        self.head = Head(self.recurrence.channels, dimensions.classes, config)

    def forward(self, features: Tensor, lengths: Tensor | None, profile: Tensor | None) -> Tensor:
        """See `Network.forward`."""
        _, last = self.recurrence(features, lengths)
        logits: Tensor = self.head(last)
        return logits
