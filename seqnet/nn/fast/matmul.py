"""Matrix products on a CPU with the fastest library.

PyTorch multiplies float32 matrices on a CPU with MKL, which uses only half of the vector width on processors that are
not Intel's. oneDNN, which is also part of PyTorch, uses the full width. Both compute in float32.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from seqnet.nn.devices import uses_cpu_kernels
from seqnet.nn.fast.capabilities import has, onednn_product

__all__ = ["Dense", "linear"]

_SMALLEST = 1 << 22
"""Minimum number of multiplications in a product for which oneDNN is faster in spite of its overhead."""


_DTYPES = {torch.float32: "onednn_product", torch.bfloat16: "onednn_product_bfloat16"}
"""Types that oneDNN multiplies → the required capability."""


class _Product(torch.autograd.Function):
    """`functional.linear` of (B, I) by oneDNN, in float32 or bfloat16; the result has this type."""

    @staticmethod
    def forward(context: Any, x: Tensor, weight: Tensor, bias: Tensor, dtype: torch.dtype) -> Tensor:
        x, weight = x.to(dtype), weight.to(dtype)
        context.save_for_backward(x, weight)
        return onednn_product(x, weight, bias.to(dtype))

    @staticmethod
    @once_differentiable
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor, Tensor, None]:
        x, weight = context.saved_tensors
        to_x = onednn_product(gradient, weight.t()) if context.needs_input_grad[0] else None
        # The wider side is spread over the vector registers.
        wide = x.shape[1] >= gradient.shape[1]
        to_weight = onednn_product(gradient.t(), x.t()) if wide else onednn_product(x.t(), gradient.t()).t()
        return to_x, to_weight, gradient.sum(dim=0), None


def linear(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Returns x (B, I) · weightᵀ (I, O) + bias (O,), as `functional.linear` does."""
    if uses_cpu_kernels(x) and len(x) * weight.numel() >= _SMALLEST:
        dtype = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else x.dtype
        if dtype in _DTYPES and has(_DTYPES[dtype]):
            product: Tensor = _Product.apply(x, weight, bias, dtype)  # type: ignore[no-untyped-call]
            return product
    return functional.linear(x, weight, bias)


class Dense(nn.Linear):
    """`nn.Linear`, faster on the CPU for large products."""

    def forward(self, x: Tensor) -> Tensor:
        """Returns (B, O) for (B, I)."""
        return linear(x, self.weight, self.bias)
