"""What all layers share: the mask of a padded batch, activations by name, and dropout.

Features x are (B, C, L) float; lengths are (B,) int64, or None where every position counts.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from seqnet.nn.devices import uses_cpu_kernels

__all__ = ["activation", "dropped", "mask_of", "masked", "unpadded"]

_ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "identity": nn.Identity,
}


def activation(name: str) -> nn.Module:
    """Returns the activation with this name."""
    return _ACTIVATIONS[name]()


def mask_of(lengths: Tensor, length: int) -> Tensor:
    """Returns the mask (B, 1, length) bool, true at the positions of the sequences."""
    return (torch.arange(length, device=lengths.device) < lengths[:, None])[:, None, :]


def dropped(dropout: nn.Module, x: Tensor) -> Tensor:
    """Returns x after dropout, which is called only if it has an effect: calls dominate the time of small steps."""
    assert isinstance(dropout, nn.Dropout | nn.Dropout1d)
    if not (dropout.p and dropout.training):
        return x
    found: Tensor = dropout(x)
    return found


def unpadded(lengths: Tensor | None, length: int) -> bool:
    """Returns whether all sequences are known to have the length of the batch, so that no mask is needed."""
    return lengths is None or (uses_cpu_kernels(lengths) and bool((lengths == length).all()))


def masked(x: Tensor, lengths: Tensor | None) -> Tensor:
    """Returns the features x (B, C, L) with zeros past the end of each sequence."""
    return x if lengths is None or unpadded(lengths, x.shape[2]) else x * mask_of(lengths, x.shape[2])
