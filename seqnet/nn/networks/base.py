"""Base class of all networks."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from seqnet.nn.layers import Recurrence

__all__ = ["Dimensions", "Network"]


@dataclass(frozen=True, slots=True)
class Dimensions:
    """Sizes that a network needs besides its settings.

    Attributes:
        channels: C, channels of the features.
        window: the fixed input length of a network that flattens.
        profile: F, width of the profile.
        classes: K, number of classes.
    """

    channels: int
    window: int
    profile: int
    classes: int


class Network(nn.Module):
    """Base class of the networks; a subclass is constructed with (`Dimensions`, the settings of its family)."""

    @property
    def width(self) -> int:
        """Channels of the widest layer over positions; 0 without such a layer."""
        layers = (module for module in self.modules() if isinstance(module, Recurrence | nn.Conv1d))
        widths = (layer.out_channels if isinstance(layer, nn.Conv1d) else layer.channels for layer in layers)
        return max(widths, default=0)

    def forward(self, features: Tensor, lengths: Tensor | None, profile: Tensor | None) -> Tensor:
        """Returns the logits (B, K) float32.

        Args:
            features: (B, C, L) float32.
            lengths: (B,) int64; None if every position counts: there is no padding, or it is treated like a symbol.
            profile: (B, F) float32, see `nn.profiles.Profile`; None unless the settings of the network use it.
        """
        raise NotImplementedError
