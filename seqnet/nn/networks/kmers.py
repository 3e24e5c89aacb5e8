"""Dense layers on the k-mers of a sequence."""

from __future__ import annotations

from torch import Tensor

from seqnet.configs.networks import KmersConfig
from seqnet.nn.layers import Head
from seqnet.nn.networks.base import Dimensions, Network

__all__ = ["KmerNetwork"]


class KmerNetwork(Network):
    """K-mer profile → dense layers; without dense layers, a logistic regression.

    Source: Cox 1958, doi:10.1111/j.2517-6161.1958.tb00292.x, for logistic regression.
    """

    def __init__(self, dimensions: Dimensions, config: KmersConfig) -> None:
        super().__init__()
        self.head = Head(dimensions.profile, dimensions.classes, config)

    def forward(self, features: Tensor, lengths: Tensor | None, profile: Tensor | None) -> Tensor:
        """See `Network.forward`."""
        assert profile is not None
        logits: Tensor = self.head(profile)  # (B, K)
        return logits
