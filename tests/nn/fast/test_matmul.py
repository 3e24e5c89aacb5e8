"""Products by oneDNN against plain ones, forwards and backwards."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from seqnet.nn.fast import matmul
from seqnet.nn.fast.capabilities import has
from seqnet.nn.fast.matmul import Dense


@pytest.mark.parametrize(("inputs", "outputs"), [(128, 64), (64, 128), (128, 128)])
@pytest.mark.parametrize("rows", [1, 700])
def test_a_dense_layer_is_that_of_torch(rows: int, inputs: int, outputs: int) -> None:
    torch.manual_seed(1)
    layer = Dense(inputs, outputs)
    ours = torch.randn(rows, inputs, requires_grad=True)
    theirs = ours.detach().clone().requires_grad_()
    weight, bias = (part.detach().clone().requires_grad_() for part in (layer.weight, layer.bias))
    wanted = torch.randn(rows, outputs)
    layer(ours).backward(wanted)
    functional.linear(theirs, weight, bias).backward(wanted)  # type: ignore[no-untyped-call]
    torch.testing.assert_close(layer(ours), functional.linear(theirs, weight, bias))
    for found, expected in ((ours, theirs), (layer.weight, weight), (layer.bias, bias)):
        torch.testing.assert_close(found.grad, expected.grad, rtol=1e-4, atol=1e-4)


def test_large_products_go_to_onednn_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    layer, large, small = Dense(256, 256), torch.randn(64, 256), torch.randn(63, 256)
    asked = []

    def times(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        asked.append(x)
        return x @ weight.t()

    monkeypatch.setattr(matmul, "onednn_product", times)
    layer(small)
    assert not asked
    layer(large)
    assert len(asked) == has("onednn_product")


def test_autocast_computes_in_bfloat16_and_keeps_gradients_in_float32() -> None:
    torch.manual_seed(2)
    layer, x = Dense(256, 128), torch.randn(256, 256, requires_grad=True)
    with torch.autocast("cpu", torch.bfloat16):
        low = layer(x)
    exact = layer(x)
    error = (low.float() - exact).abs().max()
    assert 1e-4 < error < 0.05
    low.float().sum().backward()
    assert x.grad is not None
    assert layer.weight.grad is not None
    assert x.grad.dtype == layer.weight.grad.dtype == torch.float32


def test_double_precision_stays_double() -> None:
    layer, x = Dense(256, 256).double(), torch.randn(100, 256, dtype=torch.float64)
    torch.testing.assert_close(layer(x), functional.linear(x, layer.weight, layer.bias), rtol=0, atol=0)
