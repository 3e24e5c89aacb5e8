"""Convolution blocks: convolution, normalisation, activation, dropout and pooling of padded batches.

In: features (B, C, L) float; lengths (B,) int64, or None where every position counts (nothing is padded, or the network
takes one window length and sees padding as a symbol). Out: the same, with zeros past the end of a sequence.
"""

from __future__ import annotations

from functools import reduce

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqnet.configs.networks import ConvolutionConfig
from seqnet.nn.devices import uses_cpu_kernels
from seqnet.nn.fast.convolution_maxima import convolution_maxima, has_fast_maxima
from seqnet.nn.fast.matmul import linear
from seqnet.nn.layers.masking import activation, dropped, mask_of, masked, unpadded
from seqnet.nn.layers.normalization import MaskedBatchNorm, MaskedLayerNorm

__all__ = ["ConvolutionBlock", "ConvolutionStack", "MaskedConvolution", "MaskedMaxPool"]

_FEW = 64
"""If a kernel sees at most this many numbers, a convolution without gradients is faster as a matrix product."""


class MaskedConvolution(nn.Module):
    """A convolution over positions; `same` keeps the length, `valid` is for fixed windows."""

    def __init__(self, channels: int, filters: int, kernel: int, dilation: int = 1, padding: str = "same") -> None:
        super().__init__()
        reach = dilation * (kernel - 1) if padding == "same" else 0
        # An even kernel extends one position further to the right than to the left.
        self.ends = (reach // 2, reach - reach // 2)
        self.convolution = nn.Conv1d(channels, filters, kernel, dilation=dilation)

    def maxima(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        """Returns the maximum (B, filters) over the positions of each sequence."""
        weight, bias = self.convolution.weight, self.convolution.bias
        assert bias is not None
        if has_fast_maxima(x, weight) and self.convolution.dilation == (1,):
            x = functional.pad(x, self.ends) if any(self.ends) else x
            positions = x.shape[2] - weight.shape[2] + 1
            return convolution_maxima(x, weight, bias, None if unpadded(lengths, positions) else lengths)
        y: Tensor = self(x, lengths)
        if not unpadded(lengths, y.shape[2]):
            assert lengths is not None
            y = y.masked_fill(~mask_of(lengths, y.shape[2]), torch.finfo(y.dtype).min)
        return y.amax(dim=2)

    def forward(self, x: Tensor, lengths: Tensor | None, norm: MaskedBatchNorm | None = None) -> Tensor:
        """Returns (B, filters, L'), with L' = L for `same`; normalised with the statistics of `norm`, if given."""
        if x.requires_grad and norm is None and uses_cpu_kernels(x):
            return masked(self._as_image(x), lengths)
        x = functional.pad(x, self.ends) if any(self.ends) else x
        weight, bias = self.convolution.weight, self.convolution.bias
        assert bias is not None
        if norm is not None:
            weight, bias = norm.folded(weight, bias)
        dilation = self.convolution.dilation
        if weight[0].numel() <= _FEW and dilation == (1,) and not x.requires_grad:
            return masked(_as_product(x, weight, bias), lengths)
        return masked(functional.conv1d(x, weight, bias, dilation=dilation), lengths)

    def _as_image(self, x: Tensor) -> Tensor:
        """Returns the convolution (B, F, L') in the memory layout (B, L', F), where training is faster."""
        image = x.unsqueeze(2).contiguous(memory_format=torch.channels_last)  # (B, C, 1, L)
        image = functional.pad(image, self.ends) if any(self.ends) else image
        weight, dilation = self.convolution.weight.unsqueeze(2), (1, *self.convolution.dilation)
        return functional.conv2d(image, weight, self.convolution.bias, dilation=dilation).squeeze(2)


def _as_product(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Returns the convolution (B, F, L') as one matrix product of all inputs of the kernel (F, C, k)."""
    seen = x.unfold(2, weight.shape[2], 1).transpose(1, 2)  # (B, L', C, k)
    found = linear(seen.reshape(-1, weight[0].numel()), weight.flatten(1), bias)
    return found.view(len(x), -1, len(weight)).transpose(1, 2)


class MaskedMaxPool(nn.Module):
    """Max pooling over neighbouring positions; an incomplete pool at the end counts for a sequence, not for a window.

    Args:
        width: number of positions in a pool.
        positive: whether all features are at least zero, so that zeros of the padding never change a maximum.
        whole: whether an incomplete pool is left out.
    """

    def __init__(self, width: int, *, positive: bool = False, whole: bool = False) -> None:
        super().__init__()
        self.width, self.positive, self.whole = width, positive, whole

    def forward(self, x: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Returns ((B, C, L'), lengths'), with L' = ⌈L / width⌉, or ⌊L / width⌋ if only whole pools count."""
        if self.width == 1:
            return x, lengths
        if self.whole:
            return self._pooled(x), None
        harmless = self.positive or unpadded(lengths, x.shape[2])
        if lengths is not None and not harmless:
            x = x.masked_fill(~mask_of(lengths, x.shape[2]), torch.finfo(x.dtype).min)
        pooled = self._pooled(x)
        if lengths is None:
            return pooled, None
        lengths = torch.div(lengths + self.width - 1, self.width, rounding_mode="floor")
        if harmless:
            return pooled, lengths
        return pooled.masked_fill(~mask_of(lengths, pooled.shape[2]), 0.0), lengths

    def _pooled(self, x: Tensor) -> Tensor:
        """Returns the maxima (B, C, L')."""
        if x.requires_grad and x.stride(1) == 1:  # PyTorch is fast in this memory layout, but for images only
            return functional.max_pool2d(x.unsqueeze(2), (1, self.width), ceil_mode=not self.whole).squeeze(2)
        if x.shape[2] % self.width and not self.whole:
            x = functional.pad(x, (0, -x.shape[2] % self.width), value=torch.finfo(x.dtype).min)
        whole = x.shape[2] // self.width * self.width
        if not x.requires_grad:
            # PyTorch's own pooling takes twice as long in bfloat16, and changes the memory layout of a first
            # convolution.
            return reduce(torch.maximum, [x[:, :, place : whole : self.width] for place in range(self.width)])
        # This is a quarter faster with gradients.
        return x[:, :, :whole].reshape(*x.shape[:2], -1, self.width).max(dim=3)[0]


class ConvolutionBlock(nn.Module):
    """Convolution → normalisation → activation (+ residual) → dropout → pooling."""

    def __init__(self, channels: int, config: ConvolutionConfig, index: int) -> None:
        super().__init__()
        filters = config.filters[index]
        dilation = config.dilations[index] if config.dilations else 1
        self.convolution = MaskedConvolution(channels, filters, config.kernels[index], dilation, config.padding)
        self.norm: MaskedBatchNorm | MaskedLayerNorm | None = None
        if config.norm != "none":
            self.norm = MaskedBatchNorm(filters) if config.norm == "batch" else MaskedLayerNorm(filters)
        self.activation = activation(config.activation)
        self.shortcut: nn.Module | None = None
        if config.residual:
            self.shortcut = nn.Identity() if channels == filters else nn.Conv1d(channels, filters, 1, bias=False)
        self.dropout = nn.Dropout1d(config.dropout_conv)
        positive = config.activation in ("relu", "sigmoid") and not config.residual
        self.pool = MaskedMaxPool(config.pools[index], positive=positive, whole=config.flattens)

    def forward(self, x: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Returns the features and lengths after the block."""
        pooled: tuple[Tensor, Tensor | None] = self.pool(self.unpooled(x, lengths), lengths)
        return pooled

    def unpooled(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        """Returns the features (B, filters, L') before pooling."""
        folded = self.norm if isinstance(self.norm, MaskedBatchNorm) and not self.training else None
        y: Tensor = self.convolution(x, lengths, folded)
        if self.norm is not None and folded is None:
            y = self.norm.masked(y, lengths)
        y = self.activation(y)
        if isinstance(self.activation, nn.Sigmoid):  # the only activation that is not zero at zero
            y = masked(y, lengths)
        if self.shortcut is not None:
            y = y + self.shortcut(x)
        return dropped(self.dropout, y)


class ConvolutionStack(nn.Module):
    """A sequence of convolution blocks.

    Attributes:
        channels: number of output channels.
    """

    def __init__(self, channels: int, config: ConvolutionConfig) -> None:
        super().__init__()
        widths = [channels, *config.filters]
        self.blocks = nn.ModuleList(
            ConvolutionBlock(widths[index], config, index) for index in range(len(config.filters))
        )
        self.channels = widths[-1]

    def forward(self, x: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Returns the features (B, C', L') and lengths after all blocks."""
        for block in self.blocks:
            x, lengths = block(x, lengths)
        return x, lengths
