"""Convolutional networks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqnet.configs.networks import CnnConfig, ParallelConfig
from seqnet.core.errors import SettingError
from seqnet.nn.layers import BatchNorm, ConvolutionStack, Head, MaskedConvolution, Summary, activation
from seqnet.nn.networks.base import Dimensions, Network

__all__ = ["ConvolutionalNetwork", "ParallelNetwork"]


class ConvolutionalNetwork(Network):
    """Convolution blocks → flatten or summary → dense layers."""

    def __init__(self, dimensions: Dimensions, config: CnnConfig) -> None:
        super().__init__()
        self.stack = ConvolutionStack(dimensions.channels, config)
        self.summary: Summary | None = None
        if config.flattens:
            features = self.stack.channels * _length_after(dimensions.window, config)
        else:
            self.summary = Summary(self.stack.channels, config.summary)
            features = self.summary.channels
        self.head = Head(features, dimensions.classes, config)

    def forward(self, features: Tensor, lengths: Tensor | None, profile: Tensor | None) -> Tensor:
        """See `Network.forward`."""
        x, lengths = self.stack(features, lengths)
        # Position-major order, so that features that are looked up by position need no transposition.
        x = x.transpose(1, 2).flatten(1) if self.summary is None else self.summary(x, lengths)  # (B, F)
        logits: Tensor = self.head(x)
        return logits


def _length_after(window: int, config: CnnConfig) -> int:
    """Returns the number of positions after all blocks for an input of the window's length."""
    length = window
    dilations = config.dilations or (1,) * len(config.kernels)
    for kernel, dilation, pool in zip(config.kernels, dilations, config.pools, strict=True):
        if config.padding == "valid":
            length -= dilation * (kernel - 1)
        length //= pool
    if length < 1:
        raise SettingError("network.window", window, problem=f"{window} is too short for these kernels and pools")
    return length


_RISING = (nn.Identity, nn.ReLU, nn.LeakyReLU)
"""Activations that never fall, to the last bit."""


class ParallelNetwork(Network):
    """Parallel convolutions of several widths → maximum over positions → normalisation → activation → dense layers.

    Source: Khurana et al. 2018, doi:10.1093/bioinformatics/bty166, without the normalisation. With it, whether a
    filter is active depends on how well it fits the sequence compared with the others.
    """

    def __init__(self, dimensions: Dimensions, config: ParallelConfig) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(
            MaskedConvolution(dimensions.channels, filters, kernel)
            for filters, kernel in zip(config.filters, config.kernels, strict=True)
        )
        batch = config.norm == "batch"
        self.norms = nn.ModuleList(BatchNorm(filters) if batch else nn.Identity() for filters in config.filters)
        self.activation = activation(config.activation)
        self.summary = Summary(sum(config.filters), ("max",))
        self.head = Head(sum(config.filters), dimensions.classes, config)

    @property
    def width(self) -> int:
        """See `Network.width`; the convolutions are parallel, so their widths are added."""
        return self.summary.channels

    def forward(self, features: Tensor, lengths: Tensor | None, profile: Tensor | None) -> Tensor:
        """See `Network.forward`."""
        branches = [cast(MaskedConvolution, branch) for branch in self.convolutions]
        if self.training and (self._normalises or isinstance(self.activation, _RISING)):
            # Without normalisation, the activation of the maximum is the maximum of the activations.
            maxima = [branch.maxima(features, lengths) for branch in branches]
            x = self.activation(self._normalised(maxima))
        elif self._normalises:
            maxima = [self.summary(branch(features, lengths), lengths) for branch in branches]
            x = self.activation(self._normalised(maxima))
        else:
            x = torch.cat([self.activation(branch(features, lengths)) for branch in branches], dim=1)
            x = self.summary(x, lengths)  # (B, F) of (B, F, L)
        logits: Tensor = self.head(x)
        return logits

    def fits(self, index: int, features: Tensor, lengths: Tensor | None) -> Tensor:
        """Returns how well each position fits the filters of a convolution (B, F, L).

        If the factor of a filter in the normalisation is negative, its absolute value is used, so that the position
        that fits best has the highest value.
        """
        x: Tensor = self.convolutions[index](features, lengths)
        norm = self.norms[index]
        if isinstance(norm, BatchNorm):
            factor = norm.weight.abs()
            x = functional.batch_norm(x, norm.running_mean, norm.running_var, factor, norm.bias, eps=norm.eps)
        found: Tensor = self.activation(x)
        return found

    @property
    def _normalises(self) -> bool:
        return isinstance(self.norms[0], BatchNorm)

    def _normalised(self, maxima: Sequence[Tensor]) -> Tensor:
        """Returns all maxima (B, F) of the convolutions, normalised if the network does so."""
        return torch.cat([norm(own) for norm, own in zip(self.norms, maxima, strict=True)], dim=1)
