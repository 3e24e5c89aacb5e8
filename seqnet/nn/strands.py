"""Reverse complement of padded batches of DNA."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["reverse_complement"]


def reverse_complement(tokens: Tensor, lengths: Tensor | None, complement: Tensor) -> Tensor:
    """Returns the reverse complement of each sequence, padded at the end like the input.

    Args:
        tokens: (B, L) integer, padded with 0.
        lengths: (B,) int64; None if all are L.
        complement: (T,) of the tokens' type, complement of each token; 0 for padding.

    Returns:
        (B, L) of the tokens' type.
    """
    if lengths is None:
        return complement[tokens.flip(1).long()]
    source = lengths[:, None] - 1 - torch.arange(tokens.shape[1], device=tokens.device)  # (B, L)
    turned = tokens.gather(1, source.clamp(min=0))
    return complement[turned.long()].masked_fill(source < 0, 0)
