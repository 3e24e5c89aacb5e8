from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from seqnet.nn.fast import convolution_maxima as module
from seqnet.nn.fast.convolution_maxima import convolution_maxima, has_fast_maxima
from seqnet.nn.layers.masking import mask_of


def case(count: int = 7, kernel: int = 5, length: int = 30) -> tuple[Tensor, Tensor, Tensor]:
    """Returns inputs (B, 4, L + k - 1), a kernel (6, 4, k) and a bias (6,)."""
    torch.manual_seed(1)
    weight, bias = torch.randn(6, 4, kernel), torch.randn(6)
    return torch.randn(count, 4, length + kernel - 1), weight.requires_grad_(), bias.requires_grad_()


def plain(x: Tensor, weight: Tensor, bias: Tensor, lengths: Tensor | None) -> Tensor:
    y = functional.conv1d(x, weight, bias)
    if lengths is not None:
        y = y.masked_fill(~mask_of(lengths, y.shape[2]), -torch.inf)
    return y.amax(dim=2)


def gradients(found: Tensor, weight: Tensor, bias: Tensor) -> tuple[Tensor, ...]:
    weights = torch.linspace(-1, 2, found.numel()).view_as(found)
    return torch.autograd.grad((found * weights).sum(), (weight, bias))


@pytest.mark.parametrize("lengths", [None, torch.tensor([30, 1, 7, 29, 30, 12, 3])])
@pytest.mark.parametrize("cached", [1, 400, 1 << 19])
def test_values_and_gradients_are_those_of_the_parts(
    lengths: Tensor | None, cached: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CACHED", cached)
    x, weight, bias = case()
    assert has_fast_maxima(x, weight)
    expected, found = plain(x, weight, bias, lengths), convolution_maxima(x, weight, bias, lengths)
    torch.testing.assert_close(found, expected)
    for one, other in zip(gradients(found, weight, bias), gradients(expected, weight, bias), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


def test_double_precision() -> None:
    x, weight, bias = (tensor.detach().double() for tensor in case(3, 3, 8))
    inputs = weight.requires_grad_(), bias.requires_grad_()
    assert torch.autograd.gradcheck(lambda w, b: convolution_maxima(x, w, b, torch.tensor([8, 2, 5])), inputs)


def test_of_equal_maxima_the_first_has_the_gradient() -> None:
    x = torch.ones(1, 1, 6)
    x[0, 0, 1] = 3  # windows of two: 4 at positions 0 and 1
    weight = torch.ones(1, 1, 2, requires_grad=True)
    found = convolution_maxima(x, weight, torch.zeros(1, requires_grad=True), None)
    (to_weight,) = torch.autograd.grad(found.sum(), weight)
    assert to_weight.tolist() == [[[1.0, 3.0]]]


def test_bfloat16() -> None:
    x, weight, bias = case()
    with torch.autocast("cpu", torch.bfloat16):
        found = convolution_maxima(x, weight, bias, None)
    expected = plain(x, weight, bias, None)
    torch.testing.assert_close(found.float(), expected, rtol=0.02, atol=0.02)
    (to_weight,) = torch.autograd.grad(found.float().sum(), weight)
    assert to_weight.dtype == torch.float32


def test_it_is_used_in_training_alone() -> None:
    x, weight, _ = case()
    assert has_fast_maxima(x, weight)
    assert not has_fast_maxima(x.requires_grad_(), weight)
    assert not has_fast_maxima(x.detach(), weight.detach())
    assert not has_fast_maxima(torch.randn(2, 4, 90), torch.randn(3, 4, 40, requires_grad=True))
    with torch.no_grad():
        assert not has_fast_maxima(x.detach(), weight)
