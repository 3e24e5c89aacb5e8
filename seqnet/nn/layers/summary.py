"""Pooling over all positions: features (B, C, L) and lengths (B,) → one vector (B, C') for each sequence."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from seqnet.nn.layers.masking import mask_of, unpadded

__all__ = ["Summary"]


class Summary(nn.Module):
    """Summary of all positions in one vector: mean, maximum, attention-weighted mean, or several of these.

    Attributes:
        channels: number of output channels.
    """

    def __init__(self, channels: int, ways: Sequence[str]) -> None:
        super().__init__()
        self.ways = tuple(ways)
        # No bias: the softmax over positions would cancel it.
        self.score = nn.Conv1d(channels, 1, 1, bias=False) if "attention" in ways else None
        self.channels = channels * len(self.ways)

    def forward(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        """Returns (B, channels)."""
        if lengths is None or unpadded(lengths, x.shape[2]):
            mask, lengths = None, torch.full((x.shape[0],), x.shape[2], device=x.device)
        else:
            mask = mask_of(lengths, x.shape[2])
        return torch.cat([self._summarise(way, x, mask, lengths) for way in self.ways], dim=1)

    def _summarise(self, way: str, x: Tensor, mask: Tensor | None, lengths: Tensor) -> Tensor:
        if way == "mean":
            return (x if mask is None else x * mask).sum(dim=2) / lengths[:, None]
        lowest = torch.finfo(x.dtype).min
        if way == "max":
            return (x if mask is None else x.masked_fill(~mask, lowest)).amax(dim=2)
        assert self.score is not None
        scores: Tensor = self.score(x)  # (B, 1, L)
        if mask is not None:
            scores = scores.masked_fill(~mask, lowest)
        return (x * scores.softmax(dim=2)).sum(dim=2)
