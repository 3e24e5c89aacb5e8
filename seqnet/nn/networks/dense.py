"""Dense layers on the flattened window."""

from __future__ import annotations

from torch import Tensor

from seqnet.configs.networks import DenseConfig
from seqnet.nn.layers import Head
from seqnet.nn.networks.base import Dimensions, Network

__all__ = ["DenseNetwork"]


class DenseNetwork(Network):
    """Flatten → dense layers.

    Source: Neupert et al. 2021, arXiv:2102.04883.
    """

    def __init__(self, dimensions: Dimensions, config: DenseConfig) -> None:
        super().__init__()
        self.head = Head(dimensions.channels * dimensions.window, dimensions.classes, config)

    def forward(self, features: Tensor, lengths: Tensor | None, profile: Tensor | None) -> Tensor:
        """See `Network.forward`."""
        logits: Tensor = self.head(features.flatten(1))  # (B, C · window)
        return logits
