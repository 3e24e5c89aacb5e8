"""PyTorch's private operators, and whether each can be used here.

A private operator may be absent, or take other arguments, in another version or build of PyTorch. Each is tested once,
at first use, by comparison with public operators on a small case. If it is absent, raises, or gives other numbers,
`has` returns false and callers use the public operator. Opening a model tests none of them.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = [
    "CAPABILITIES",
    "add_to_all",
    "bytes_of_rows",
    "fused_adam",
    "has",
    "onednn_product",
    "recurrent",
    "resumed",
    "sums_of_byte_rows",
    "without",
]


def onednn_product(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Returns x (B, I) · weightᵀ (I, O) + bias (O,), computed by oneDNN."""
    product: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")
    return product


def bytes_of_rows(table: Tensor) -> Tensor:
    """Returns the rows (S, H) float32 as bytes (S, H + 8) uint8; each row has its own scale and offset."""
    found: Tensor = torch.ops.quantized.embedding_bag_byte_prepack(table)
    return found


def sums_of_byte_rows(table: Tensor, rows: Tensor, starts: Tensor) -> Tensor:
    """Returns the sums (B, H) float32 of rows of `bytes_of_rows`: `rows` (M,) int32, divided at `starts` (B,) int32."""
    found: Tensor = torch.ops.quantized.embedding_bag_byte_rowwise_offsets(table, rows, starts)
    return found


def add_to_all(tensors: list[Tensor], number: float) -> None:
    """Adds a number to all tensors, in place."""
    torch._foreach_add_(tensors, number)


def fused_adam(
    weights: list[Tensor],
    gradients: list[Tensor],
    means: list[Tensor],
    squares: list[Tensor],
    steps: list[Tensor],
    settings: Mapping[str, Any],
    *,
    decoupled: bool,
) -> None:
    """Makes a step of Adam, or of AdamW if the weight decay is decoupled, in place.

    Args:
        weights: the weights.
        gradients: gradient of each weight.
        means: `exp_avg` of each weight.
        squares: `exp_avg_sq` of each weight.
        steps: () float32 each, number of this step, from 1.
        settings: `lr`, `betas`, `weight_decay` and `eps`.
        decoupled: whether this is AdamW.
    """
    first, second = settings["betas"]
    (torch._fused_adamw_ if decoupled else torch._fused_adam_)(
        weights,
        gradients,
        means,
        squares,
        [],
        steps,
        lr=settings["lr"],
        beta1=first,
        beta2=second,
        weight_decay=settings["weight_decay"],
        eps=settings["eps"],
        amsgrad=False,
        maximize=False,
    )


def recurrent(
    kind: type[nn.RNNBase],
    steps: Tensor,
    start: Tensor,
    weights: Sequence[Tensor],
    layers: int,
    dropout: float,
    *,
    training: bool,
    both: bool,
) -> tuple[Tensor, Tensor]:
    """Returns states (B, L, directions · units) and last states (layers · directions, B, units) of inputs (B, L, C).

    Args:
        kind: `nn.LSTM`, `nn.GRU` or `nn.RNN`.
        steps: (B, L, C).
        start: (layers · directions, B, units), initial states; for an LSTM, also the initial cell states.
        weights: weights of each layer and direction, in the order of `kind`.
        layers: number of layers.
        dropout: dropout rate between layers.
        training: whether dropout is active.
        both: whether there are two directions.
    """
    fixed = (list(weights), True, layers, dropout, training, both, True)
    if issubclass(kind, nn.LSTM):
        states, last, _ = torch.lstm(steps, (start, start), *fixed)
    else:
        states, last = (torch.gru if issubclass(kind, nn.GRU) else torch.rnn_tanh)(steps, start, *fixed)
    return states, last


def resumed(
    kind: type[nn.RNNBase], steps: Tensor, start: tuple[Tensor, Tensor], weights: Sequence[Tensor]
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """Returns states (B, L, units) and the last state and cell state, (1, B, units) each, of one layer and direction.

    Args:
        kind: `nn.LSTM`, `nn.GRU` or `nn.RNN`.
        steps: (B, L, C).
        start: the state and the cell state before the first step, (1, B, units) each; only an LSTM has the latter.
        weights: weights of the layer, in the order of `kind`.
    """
    fixed = (list(weights), True, 1, 0.0, False, False, True)
    if issubclass(kind, nn.LSTM):
        states, last, cells = torch.lstm(steps, start, *fixed)
        return states, (last, cells)
    states, last = (torch.gru if issubclass(kind, nn.GRU) else torch.rnn_tanh)(steps, start[0], *fixed)
    return states, (last, last)


def _waves(*shape: int) -> Tensor:
    """Returns distinct numbers between -1 and 1, without using the random generator, whose state must not change."""
    count = torch.Size(shape).numel()
    return torch.sin(torch.arange(1, count + 1, dtype=torch.float32) * 1.7).reshape(shape)


def _multiplies(dtype: torch.dtype, tolerance: float) -> bool:
    if dtype == torch.bfloat16 and not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return False
    x, weight, bias, gradient = (part.to(dtype) for part in (_waves(5, 7), _waves(3, 7), _waves(3), _waves(5, 3)))
    # Forward, and backward to both factors, where they are transposed.
    for one, other, added in ((x, weight, bias), (gradient, weight.t(), None), (gradient.t(), x.t(), None)):
        found = onednn_product(one, other, added)
        if found.dtype != dtype or not torch.allclose(found, functional.linear(one, other, added), atol=tolerance):
            return False
    return torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call, no-any-return]


def _fast_in_bfloat16() -> bool:
    # oneDNN accepts bfloat16 on any x86 with AVX-512, but is slow if it has to emulate it.
    native = platform.machine().lower() not in ("x86_64", "amd64") or _multiplies_bfloat16_natively()
    return bool(native and torch.ops.mkldnn._is_mkldnn_bf16_supported())


def _multiplies_bfloat16_natively() -> bool:
    """Returns whether an x86 has instructions for products in bfloat16."""
    if hasattr(torch.cpu, "get_capabilities"):
        known = torch.cpu.get_capabilities()
        return bool(known.get("avx512_bf16") or known.get("amx_tile"))
    # Older versions of PyTorch have no public name for them.
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def _looks_up_bytes() -> bool:
    table, rows, starts = _waves(6, 8), torch.tensor([5, 0, 3, 3], dtype=torch.int32), torch.tensor([0, 3])
    found = sums_of_byte_rows(bytes_of_rows(table), rows, starts.int())
    # The error of a byte is at most half of a 255th of the range of 2, and three bytes are summed.
    return torch.allclose(found, functional.embedding_bag(rows, table, starts.int(), mode="sum"), atol=3 / 255 + 1e-5)


def _works_on_all() -> bool:
    ours, theirs = [_waves(3), _waves(2, 2)], [_waves(3), _waves(2, 2)]
    add_to_all(ours, 1)
    return all(torch.equal(one, other + 1) for one, other in zip(ours, theirs, strict=True))


def _steps_as_adam() -> bool:
    settings = {"lr": 0.1, "betas": (0.9, 0.99), "weight_decay": 0.2, "eps": 1e-6}
    for kind, decoupled in ((torch.optim.Adam, False), (torch.optim.AdamW, True)):
        weight, state = nn.Parameter(_waves(4, 3)), [torch.zeros(4, 3), torch.zeros(4, 3), torch.zeros(())]
        ours, (means, squares, steps) = weight.detach().clone(), state
        optimizer = kind([weight], foreach=False, fused=False, **settings)  # type: ignore[arg-type]
        for number in range(2):
            weight.grad = _waves(4, 3) * (number + 1)
            optimizer.step()
            add_to_all([steps], 1)
            fused_adam([ours], [weight.grad.clone()], [means], [squares], [steps], settings, decoupled=decoupled)
        if not torch.allclose(ours, weight.detach(), rtol=1e-5, atol=1e-6):
            return False
    return True


def _recurs() -> bool:
    for kind in (nn.LSTM, nn.GRU, nn.RNN):
        with torch.random.fork_rng(devices=[]):
            layer = kind(3, 2, num_layers=2, bidirectional=True, batch_first=True)
        weights = list(layer.parameters())
        steps, start = _waves(2, 4, 3), torch.zeros(4, 2, 2)
        states, last = recurrent(kind, steps, start, weights, 2, 0.0, training=False, both=True)
        expected, others = layer.eval()(steps)
        others = others[0] if kind is nn.LSTM else others
        if not (torch.allclose(states, expected, atol=1e-6) and torch.allclose(last, others, atol=1e-6)):
            return False
    return True


def _resumes() -> bool:
    for kind in (nn.LSTM, nn.GRU, nn.RNN):
        with torch.random.fork_rng(devices=[]):
            layer = kind(3, 2, batch_first=True)
        weights, steps, start = list(layer.parameters()), _waves(2, 4, 3), torch.zeros(1, 2, 2)
        first, between = resumed(kind, steps[:, :1], (start, start), weights)
        rest, _ = resumed(kind, steps[:, 1:], between, weights)
        if not torch.allclose(torch.cat([first, rest], dim=1), layer.eval()(steps)[0], atol=1e-6):
            return False
    return True


CAPABILITIES: Mapping[str, Callable[[], bool]] = {
    "onednn_product": lambda: _multiplies(torch.float32, 1e-5),
    "onednn_product_bfloat16": lambda: _multiplies(torch.bfloat16, 2e-2),
    "fast_bfloat16": _fast_in_bfloat16,
    "bytes_of_rows": _looks_up_bytes,
    "all_at_once": _works_on_all,
    "fused_adam": _steps_as_adam,
    "recurrent": _recurs,
    "resumed": _resumes,
}
"""Name → test, which returns whether the private operator gives the same result as public ones, or raises."""

_FOUND: dict[str, bool] = {}
_OFF: set[str] = set()


def has(name: str) -> bool:
    """Returns whether the private operators with this name, a row of `CAPABILITIES`, can be used here."""
    if name in _OFF:
        return False
    if name not in _FOUND:
        _FOUND[name] = _tried(CAPABILITIES[name])
    return _FOUND[name]


def _tried(trial: Callable[[], bool]) -> bool:
    # The test must not depend on the state of the caller: inference mode, autocast, meta device.
    with torch.inference_mode(False), torch.enable_grad(), torch.autocast("cpu", enabled=False), torch.device("cpu"):
        try:
            with torch.no_grad():
                return bool(trial())
        except Exception:  # raised by an operator that is absent or different
            return False


@contextmanager
def without(*names: str) -> Iterator[None]:
    """Makes callers use public operators instead of the named private ones, or of all, in all threads.

    Earlier test results are discarded, so that each operator is tested again afterwards.
    """
    before = set(_OFF)
    _OFF.update(names or CAPABILITIES)
    try:
        yield
    finally:
        _OFF.clear()
        _OFF.update(before)
        _FOUND.clear()
