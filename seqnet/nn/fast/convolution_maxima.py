"""The maximum over positions of a convolution in training on a CPU, without its output at all positions in memory.

A convolution with hundreds of filters writes far more than it reads, and its gradient is zero except where a filter has
its maximum. So some sequences at a time are multiplied and reduced while the product is in the cache, and the gradient
of the kernel is a sum over one window for each sequence and filter. Measured in docs/results.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from seqnet.nn.devices import uses_cpu_kernels
from seqnet.nn.fast.matmul import linear

__all__ = ["convolution_maxima", "has_fast_maxima"]

_WIDEST = 128
"""Numbers that a kernel may see; for more, a window for each sequence and filter is more than the whole output."""

_CACHED = 1 << 19
"""Numbers of the product that are made at a time."""


def has_fast_maxima(x: Tensor, weight: Tensor) -> bool:
    """Returns whether `convolution_maxima` is faster than its parts: in training, for inputs that need no gradient."""
    trained = torch.is_grad_enabled() and weight.requires_grad and not x.requires_grad
    return trained and weight[0].numel() <= _WIDEST and uses_cpu_kernels(x)


def convolution_maxima(x: Tensor, weight: Tensor, bias: Tensor, lengths: Tensor | None) -> Tensor:
    """Returns the maximum (B, F) over positions of a convolution; of equal ones, the first has the gradient.

    Args:
        x: (B, C, L + k - 1), padded for the kernel.
        weight: (F, C, k).
        bias: (F,).
        lengths: (B,) int64, number of positions that count; None for all L.
    """
    found: Tensor = _Maxima.apply(x, weight, bias, lengths)  # type: ignore[no-untyped-call]
    return found


class _Maxima(torch.autograd.Function):
    """See `convolution_maxima`."""

    @staticmethod
    def forward(context: Any, x: Tensor, weight: Tensor, bias: Tensor, lengths: Tensor | None) -> Tensor:
        windows = x.unfold(2, weight.shape[2], 1).transpose(1, 2)  # (B, L, C, k)
        length, filters = windows.shape[1], len(weight)
        kernel = weight.flatten(1)
        maxima, places = [], []
        for some, counted in _pieces(windows, lengths, max(1, _CACHED // (length * filters))):
            product = linear(some.reshape(-1, kernel.shape[1]), kernel, bias).view(-1, length, filters)
            if counted is not None:
                beyond = torch.arange(length)[:, None] >= counted[:, None, None]  # (B, L, 1)
                product = product.masked_fill(beyond, torch.finfo(product.dtype).min)
            highest, place = product.max(dim=1)
            maxima.append(highest)
            places.append(place)
        context.save_for_backward(x, torch.cat(places))
        context.kernel, context.dtype = weight.shape[2], weight.dtype
        return torch.cat(maxima)

    @staticmethod
    @once_differentiable
    def backward(context: Any, gradient: Tensor) -> tuple[None, Tensor, Tensor, None]:
        x, places = context.saved_tensors
        windows = x.unfold(2, context.kernel, 1).transpose(1, 2)  # (B, L, C, k)
        count, length, channels, width = windows.shape
        rows = torch.arange(count)[:, None] * length + places  # (B, F)
        flat = windows.reshape(count * length, channels * width)
        gradient = gradient.to(context.dtype)
        to_weight = gradient.new_zeros(gradient.shape[1], flat.shape[1])
        size = max(1, _CACHED // to_weight.numel())
        for start in range(0, count, size):
            some = slice(start, start + size)
            to_weight += torch.einsum("bf,bfk->fk", gradient[some], flat[rows[some]].to(context.dtype))
        return None, to_weight.view(-1, channels, width), gradient.sum(dim=0), None


def _pieces(windows: Tensor, lengths: Tensor | None, size: int) -> Iterator[tuple[Tensor, Tensor | None]]:
    """Yields some sequences at a time, and their lengths."""
    for start in range(0, len(windows), size):
        yield windows[start : start + size], None if lengths is None else lengths[start : start + size]
