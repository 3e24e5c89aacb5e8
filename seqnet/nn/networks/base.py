"""What all networks have in common."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from seqnet.nn.layers import Recurrence

__all__ = ["Dimensions", "Network"]


@dataclass(frozen=True, slots=True)
class Dimensions:
    """What a network must know of its surroundings.

    Attributes:
        channels: C, channels of the features.
        window: the one input length of a network that flattens.
        profile: F, width of the profile.
        classes: K, number of classes.
    """

    channels: int
    window: int
    profile: int
    classes: int


class Network(nn.Module):
    """Base of the networks; a subclass is made with (`Dimensions`, the settings of its family)."""

    @property
    def width(self) -> int:
        """Channels of the widest layer over positions, 0 where there is none."""
        layers = (module for module in self.modules() if isinstance(module, Recurrence | nn.Conv1d))
        widths = (layer.out_channels if isinstance(layer, nn.Conv1d) else layer.channels for layer in layers)
        return max(widths, default=0)

    def forward(self, features: Tensor, lengths: Tensor | None, profile: Tensor | None) -> Tensor:
        """Returns the logits (B, K) float32.

        Args:
            features: (B, C, L) float32.
            lengths: (B,) int64; None where every position counts.
            profile: (B, F) float32, see `nn.profiles.Profile`; None unless the settings of the network ask for it.
        """
        raise NotImplementedError
