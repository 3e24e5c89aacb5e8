"""Normalisation of padded batches: over the batch, or over the channels of each position.

In: features (B, C, L) float; lengths (B,) int64, or None where every position counts. Out: features (B, C, L), with
zeros past the end of a sequence.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from seqnet.nn.layers.masking import mask_of, masked, unpadded

__all__ = ["MaskedBatchNorm", "MaskedLayerNorm"]


class MaskedBatchNorm(nn.BatchNorm1d):
    """Batch normalisation whose statistics ignore padding."""

    def folded(self, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        """Returns a kernel (F, C, k) and bias (F,) that include the normalisation after the convolution."""
        assert self.running_mean is not None
        assert self.running_var is not None
        scale = self.weight * (self.running_var + self.eps).rsqrt()  # (F,)
        return weight * scale[:, None, None], self.bias + (bias - self.running_mean) * scale

    def masked(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        """Returns the normalised features (B, C, L) of a training batch."""
        if lengths is None or unpadded(lengths, x.shape[2]):
            return masked(self(x), lengths)
        assert self.running_mean is not None
        assert self.running_var is not None
        dtype, mask = x.dtype, mask_of(lengths, x.shape[2])
        x = x.float()  # PyTorch's statistics are float32 in a lower precision, too
        count = mask.sum()
        mean = (x * mask).sum(dim=(0, 2)) / count  # (C,)
        centred = (x - mean[:, None]) * mask
        variance = centred.square().sum(dim=(0, 2)) / count  # (C,)
        momentum = self.momentum if self.momentum is not None else 0.1
        with torch.no_grad():
            self.running_mean.lerp_(mean, momentum)
            self.running_var.lerp_(variance * count / (count - 1).clamp(min=1), momentum)
        scaled = centred * (variance + self.eps).rsqrt()[:, None]
        return ((scaled * self.weight[:, None] + self.bias[:, None]) * mask).to(dtype)


class MaskedLayerNorm(nn.LayerNorm):
    """Layer normalisation over the channels of each position."""

    def forward(self, x: Tensor) -> Tensor:
        """Returns the normalised features (B, C, L), including padding."""
        return super().forward(x.transpose(1, 2)).transpose(1, 2)

    def masked(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        """Returns the normalised features (B, C, L)."""
        return masked(self(x), lengths)
