"""Matrix products on a CPU by the library that is fastest at them.

PyTorch multiplies float32 matrices on a CPU with MKL, which uses half of the vector width of processors that are not
Intel's. oneDNN, which comes with PyTorch too, uses all of it. Both compute in float32.
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
"""Multiplications of a product from which on oneDNN's start is paid back."""


_DTYPES = {torch.float32: "onednn_product", torch.bfloat16: "onednn_product_bfloat16"}
"""What oneDNN multiplies, and the capability that it takes."""


class _Product(torch.autograd.Function):
    """`functional.linear` of (B, I) by oneDNN, in float32 or bfloat16, and in that it returns it."""

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
        # The wider side is the one to spread over the vector registers.
        wide = x.shape[1] >= gradient.shape[1]
        to_weight = onednn_product(gradient.t(), x.t()) if wide else onednn_product(x.t(), gradient.t()).t()
        return to_x, to_weight, gradient.sum(dim=0), None


def linear(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Returns x (B, I) · weightᵀ (I, O) + bias (O,), as `functional.linear` does."""
    large = len(x) * weight.numel() >= _SMALLEST
    dtype = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else x.dtype
    if large and uses_cpu_kernels(x) and dtype in _DTYPES and has(_DTYPES[dtype]):
        product: Tensor = _Product.apply(x, weight, bias, dtype)  # type: ignore[no-untyped-call]
        return product
    return functional.linear(x, weight, bias)


class Dense(nn.Linear):
    """`nn.Linear`, faster on the CPU where there is much to multiply."""

    def forward(self, x: Tensor) -> Tensor:
        """Returns (B, O) of (B, I)."""
        return linear(x, self.weight, self.bias)
