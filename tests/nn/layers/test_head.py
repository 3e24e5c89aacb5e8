from __future__ import annotations

import pytest
import torch
from torch import nn

from seqnet.configs.networks import DenseConfig
from seqnet.nn.layers import Head
from tests.nn.layers.examples import close


def test_a_head_is_its_dense_layers() -> None:
    head = Head(3, 2, DenseConfig(dense=(4, 5), dense_activation="tanh")).eval()
    assert [tuple(layer.weight.shape) for layer in (*head.hidden, head.output)] == [(4, 3), (5, 4), (2, 5)]
    x = torch.randn(6, 3, generator=torch.Generator().manual_seed(1))
    expected = nn.Sequential(head.hidden[0], nn.Tanh(), head.hidden[1], nn.Tanh(), head.output)(x)
    assert torch.equal(head(x), expected)


def test_a_sigmoid_head_gives_sigma_of_z() -> None:
    head = Head(3, 2, DenseConfig(dense=(), head="sigmoid"))
    assert head.output.out_features == 1
    x = torch.randn(6, 3, generator=torch.Generator().manual_seed(1))
    z = head.output(x)[:, 0]
    close(head(x).softmax(dim=1), torch.stack([1 - z.sigmoid(), z.sigmoid()], dim=1))


@pytest.mark.parametrize(
    ("dense", "rates", "expected"),
    [
        ((), (), [0.0]),
        ((), (0.2,), [0.2]),
        ((4, 5), (), [0.0, 0.0, 0.0]),
        ((4, 5), (0.3,), [0.3, 0.3, 0.3]),
        ((4, 5), (0.1, 0.0, 0.5), [0.1, 0.0, 0.5]),
    ],
)
def test_dropout_is_before_each_dense_layer_and_the_output(
    dense: tuple[int, ...], rates: tuple[float, ...], expected: list[float]
) -> None:
    head = Head(3, 2, DenseConfig(dense=dense, dropout_dense=rates))
    assert [dropout.p for dropout in head.dropouts if isinstance(dropout, nn.Dropout)] == expected
    order: list[str] = []
    for name, module in head.named_modules():
        if isinstance(module, nn.Dropout | nn.Linear):
            module.register_forward_hook(lambda *args, name=name: order.append(name.partition(".")[0]))
    head(torch.ones(1, 3))
    layers = ["hidden"] * len(dense) + ["output"]
    # Dropout that would do nothing is not called.
    assert order == [
        name for rate, layer in zip(expected, layers, strict=True) for name in ["dropouts"] * (rate > 0) + [layer]
    ]
