"""Normalisation of padded batches: over the batch, or over the channels of each position.

In: features (B, C, L) float; lengths (B,) int64, or None where every position counts. Out: features (B, C, L), with
zeros past the end of a sequence.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from seqnet.nn.layers.masking import mask_of, masked, unpadded

__all__ = ["BatchNorm", "MaskedBatchNorm", "MaskedLayerNorm", "share_statistics"]

Gather = Callable[[Tensor], Tensor]
"""A vector (F,) of each of P processes → all of them (P, F); gradients flow through it."""


class BatchNorm(nn.BatchNorm1d):
    """Batch normalisation of features (B, C) or (B, C, L), of a batch that several processes may share."""

    gather: Gather | None = None
    """Gathers the statistics of the processes that share the batch; None for a batch of this process alone."""

    def forward(self, x: Tensor) -> Tensor:
        """Returns the normalised features, of the shape of `x`."""
        if self.gather is None or not self.training:
            # PyTorch is fast in both memory layouts of images (B, C, 1, L) only.
            return super().forward(x) if x.dim() == 2 else super().forward(x.unsqueeze(2)).squeeze(2)
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
        each = x if x.dim() == 3 else x[:, :, None]  # (B, C, L)
        everywhere = torch.ones((len(x), 1, each.shape[2]), dtype=torch.bool, device=x.device)
        return self.normalised(each, everywhere).view_as(x)

    def _check_input_dim(self, input: Tensor) -> None:
        """Accepts features (B, C, 1, L), too."""

    def normalised(self, x: Tensor, mask: Tensor) -> Tensor:
        """Returns the features (B, C, L), normalised by the positions of the whole batch that count.

        Args:
            x: (B, C, L), of a training batch.
            mask: (B, 1, L) bool, true at the positions that count.
        """
        assert self.running_mean is not None
        assert self.running_var is not None
        dtype = x.dtype
        x = x.float()  # PyTorch's statistics are float32 in a lower precision, too
        count = mask.sum()
        mean = (x * mask).sum(dim=(0, 2)) / count  # (C,)
        centred = (x - mean[:, None]) * mask
        squares = centred.square().sum(dim=(0, 2))  # (C,)
        if self.gather is not None:
            count, mean, squares = _combined(self.gather(torch.cat([count[None].float(), mean, squares])))
            centred = (x - mean[:, None]) * mask
        variance = squares / count
        momentum = self.momentum if self.momentum is not None else 0.1
        with torch.no_grad():
            self.running_mean.lerp_(mean, momentum)
            self.running_var.lerp_(variance * count / (count - 1).clamp(min=1), momentum)
        scaled = centred * (variance + self.eps).rsqrt()[:, None]
        return ((scaled * self.weight[:, None] + self.bias[:, None]) * mask).to(dtype)


class MaskedBatchNorm(BatchNorm):
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
        return self.normalised(x, mask_of(lengths, x.shape[2]))


class MaskedLayerNorm(nn.LayerNorm):
    """Layer normalisation over the channels of each position."""

    def forward(self, x: Tensor) -> Tensor:
        """Returns the normalised features (B, C, L), including padding."""
        return super().forward(x.transpose(1, 2)).transpose(1, 2)

    def masked(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        """Returns the normalised features (B, C, L)."""
        return masked(self(x), lengths)


def _combined(parts: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Returns count (), mean (C,) and squared distances from it (C,), from the same of P parts (P, 1 + 2 C).

    Source: Chan, Golub and LeVeque 1983, doi:10.1080/00031305.1983.10483115.
    """
    channels = parts.shape[1] // 2
    counts, means, squares = parts[:, :1], parts[:, 1 : 1 + channels], parts[:, 1 + channels :]
    count = counts.sum()
    mean = (counts * means).sum(dim=0) / count
    return count, mean, (squares + counts * (means - mean).square()).sum(dim=0)


def share_statistics(module: nn.Module, gather: Gather | None) -> None:
    """Makes all batch normalisations in a module use the statistics of a batch that several processes share.

    Args:
        module: whose normalisations.
        gather: gathers the statistics of these processes; None for batches of this process alone.
    """
    for one in module.modules():
        if isinstance(one, BatchNorm):
            one.gather = gather
