"""Masked building blocks: padding never changes what comes out at the positions of a sequence.

Features x are (B, C, L) float; lengths are (B,) int64, or None where every position counts (networks that take one
window length see padding as a symbol). Every block returns zeros past the end of a sequence.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import islice, pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqnet.configs.networks import ConvolutionConfig, NetworkConfig
from seqnet.nn.devices import uses_cpu_kernels
from seqnet.nn.fast.capabilities import has, recurrent
from seqnet.nn.fast.matmul import Dense, linear

__all__ = [
    "ConvolutionBlock",
    "ConvolutionStack",
    "Head",
    "MaskedBatchNorm",
    "MaskedConvolution",
    "MaskedMaxPool",
    "Recurrence",
    "Summary",
    "activation",
    "dropped",
    "mask_of",
]

_ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "identity": nn.Identity,
}


_CELLS: dict[str, type[nn.RNN] | type[nn.LSTM] | type[nn.GRU]] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
_FEW = 64
"""Numbers that a kernel sees, up to which a convolution is faster as a matrix product, unless they have gradients."""
_WEIGHTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def activation(name: str) -> nn.Module:
    """Returns the activation of that name."""
    return _ACTIVATIONS[name]()


def mask_of(lengths: Tensor, length: int) -> Tensor:
    """Returns the mask (B, 1, length) bool that is true at the positions of the sequences."""
    return (torch.arange(length, device=lengths.device) < lengths[:, None])[:, None, :]


def dropped(dropout: nn.Module, x: Tensor) -> Tensor:
    """Returns x after dropout, which is not called where it would do nothing: small steps are made of calls."""
    assert isinstance(dropout, nn.Dropout | nn.Dropout1d)
    if not (dropout.p and dropout.training):
        return x
    found: Tensor = dropout(x)
    return found


def _unpadded(lengths: Tensor | None, length: int) -> bool:
    """Returns whether sequences are known to fill their batch, so that nothing needs a mask."""
    return lengths is None or (uses_cpu_kernels(lengths) and bool((lengths == length).all()))


def _masked(x: Tensor, lengths: Tensor | None) -> Tensor:
    return x if lengths is None or _unpadded(lengths, x.shape[2]) else x * mask_of(lengths, x.shape[2])


class MaskedConvolution(nn.Module):
    """A convolution over positions; `same` keeps the length, `valid` is for windows."""

    def __init__(self, channels: int, filters: int, kernel: int, dilation: int = 1, padding: str = "same") -> None:
        super().__init__()
        reach = dilation * (kernel - 1) if padding == "same" else 0
        # An even kernel reaches one position further to the right than to the left.
        self.ends = (reach // 2, reach - reach // 2)
        self.convolution = nn.Conv1d(channels, filters, kernel, dilation=dilation)

    def forward(self, x: Tensor, lengths: Tensor | None, norm: MaskedBatchNorm | None = None) -> Tensor:
        """Returns (B, filters, L'), L' = L for `same`, normalised by what `norm` has learnt, if there is one."""
        x = functional.pad(x, self.ends) if any(self.ends) else x
        weight, bias = self.convolution.weight, self.convolution.bias
        assert bias is not None
        if norm is not None:
            weight, bias = norm.folded(weight, bias)
        dilation = self.convolution.dilation
        if weight[0].numel() <= _FEW and dilation == (1,) and not x.requires_grad:
            return _masked(_as_product(x, weight, bias), lengths)
        return _masked(functional.conv1d(x, weight, bias, dilation=dilation), lengths)


def _as_product(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Returns the convolution (B, F, L') as one matrix product of everything that the kernel (F, C, k) sees."""
    seen = x.unfold(2, weight.shape[2], 1).transpose(1, 2)  # (B, L', C, k)
    found = linear(seen.reshape(-1, weight[0].numel()), weight.flatten(1), bias)
    return found.view(len(x), -1, len(weight)).transpose(1, 2)


class MaskedMaxPool(nn.Module):
    """Max pooling over neighbouring positions; a part of a pool at the end of a sequence counts, of a window not.

    Args:
        width: of a pool.
        positive: whether no feature is below zero, so that the zeros of the padding are no maximum of anything else.
    """

    def __init__(self, width: int, *, positive: bool = False) -> None:
        super().__init__()
        self.width, self.positive = width, positive

    def forward(self, x: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Returns ((B, C, L'), lengths'), L' = ⌈L / width⌉, or ⌊L / width⌋ for a window."""
        if self.width == 1:
            return x, lengths
        if lengths is None:
            return self._pooled(x), None
        lowest = torch.finfo(x.dtype).min
        unpadded = self.positive or _unpadded(lengths, x.shape[2])
        if not unpadded:
            x = x.masked_fill(~mask_of(lengths, x.shape[2]), lowest)
        if x.shape[2] % self.width:
            x = functional.pad(x, (0, -x.shape[2] % self.width), value=lowest)
        pooled = self._pooled(x)
        lengths = torch.div(lengths + self.width - 1, self.width, rounding_mode="floor")
        if unpadded:
            return pooled, lengths
        return pooled.masked_fill(~mask_of(lengths, pooled.shape[2]), 0.0), lengths

    def _pooled(self, x: Tensor) -> Tensor:
        """Returns the maxima (B, C, ⌊L / width⌋)."""
        whole = x.shape[2] // self.width * self.width
        if not x.requires_grad:
            # PyTorch's own pooling is half as fast in bfloat16, and does not keep the layout of a first convolution.
            return reduce(torch.maximum, [x[:, :, place : whole : self.width] for place in range(self.width)])
        # A quarter faster with gradients.
        return x[:, :, :whole].reshape(*x.shape[:2], -1, self.width).max(dim=3)[0]


class MaskedBatchNorm(nn.BatchNorm1d):
    """Batch normalisation whose statistics leave out the padding."""

    def folded(self, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        """Returns a kernel (F, C, k) and bias (F,) that do what they do and the normalisation after them."""
        assert self.running_mean is not None
        assert self.running_var is not None
        scale = self.weight * (self.running_var + self.eps).rsqrt()  # (F,)
        return weight * scale[:, None, None], self.bias + (bias - self.running_mean) * scale

    def masked(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        """Returns the features (B, C, L) of a training batch, normalised."""
        if lengths is None or _unpadded(lengths, x.shape[2]):
            return _masked(self(x), lengths)
        assert self.running_mean is not None
        assert self.running_var is not None
        dtype, mask = x.dtype, mask_of(lengths, x.shape[2])
        x = x.float()  # as PyTorch's own counts in a lower precision
        count = mask.sum()
        mean = (x * mask).sum(dim=(0, 2)) / count  # (C,)
        centred = (x - mean[:, None]) * mask
        variance = centred.square().sum(dim=(0, 2)) / count  # (C,)
        momentum = self.momentum if self.momentum is not None else 0.1
        with torch.no_grad():
            self.running_mean.lerp_(mean, momentum)
            self.running_var.lerp_(variance * count / (count - 1).clamp(min=1), momentum)
        scaled = centred * (variance + self.eps).rsqrt()[:, None]
        return ((scaled * self.weight[:, None] + self.bias[:, None]) * mask).to(dtype)


class _LayerNorm(nn.LayerNorm):
    """Layer normalisation over the channels of each position."""

    def forward(self, x: Tensor) -> Tensor:
        """Returns the normalised features (B, C, L), padding and all."""
        return super().forward(x.transpose(1, 2)).transpose(1, 2)

    def masked(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        """Returns the normalised features (B, C, L)."""
        return _masked(self(x), lengths)


class ConvolutionBlock(nn.Module):
    """Convolution → normalisation → activation (+ residual) → dropout → pooling."""

    def __init__(self, channels: int, config: ConvolutionConfig, index: int) -> None:
        super().__init__()
        filters = config.filters[index]
        dilation = config.dilations[index] if config.dilations else 1
        self.convolution = MaskedConvolution(channels, filters, config.kernels[index], dilation, config.padding)
        self.norm: MaskedBatchNorm | _LayerNorm | None = None
        if config.norm != "none":
            self.norm = MaskedBatchNorm(filters) if config.norm == "batch" else _LayerNorm(filters)
        self.activation = activation(config.activation)
        self.shortcut: nn.Module | None = None
        if config.residual:
            self.shortcut = nn.Identity() if channels == filters else nn.Conv1d(channels, filters, 1, bias=False)
        self.dropout = nn.Dropout1d(config.dropout_conv)
        positive = config.activation in ("relu", "sigmoid") and not config.residual
        self.pool = MaskedMaxPool(config.pools[index], positive=positive)

    def forward(self, x: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Returns the features and lengths after the block."""
        pooled: tuple[Tensor, Tensor | None] = self.pool(self.unpooled(x, lengths), lengths)
        return pooled

    def unpooled(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        """Returns the features (B, filters, L') before pooling."""
        folded = self.norm if isinstance(self.norm, MaskedBatchNorm) and not self.training else None
        y: Tensor = self.convolution(x, lengths, folded)
        if self.norm is not None and folded is None:
            y = self.norm.masked(y, lengths)
        y = self.activation(y)
        if isinstance(self.activation, nn.Sigmoid):  # the only one that is not zero at zero
            y = _masked(y, lengths)
        if self.shortcut is not None:
            y = y + self.shortcut(x)
        return dropped(self.dropout, y)


class ConvolutionStack(nn.Module):
    """Convolution blocks one after the other.

    Attributes:
        channels: number of channels that come out.
    """

    def __init__(self, channels: int, config: ConvolutionConfig) -> None:
        super().__init__()
        widths = [channels, *config.filters]
        self.blocks = nn.ModuleList(
            ConvolutionBlock(widths[index], config, index) for index in range(len(config.filters))
        )
        self.channels = widths[-1]

    def forward(self, x: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Returns the features (B, C', L') and lengths after all blocks."""
        for block in self.blocks:
            x, lengths = block(x, lengths)
        return x, lengths


class Recurrence(nn.Module):
    """Recurrent layers over positions.

    The backward direction reads each sequence from its own last position, so that batches stay rectangles: those go
    through the fused kernels, which packed sequences do not.

    Attributes:
        channels: number of channels that come out, both directions together.
    """

    def __init__(
        self, channels: int, *, cell: str, units: int, layers: int, bidirectional: bool, dropout: float
    ) -> None:
        super().__init__()
        # Holds the weights; the directions are computed one by one.
        self.recurrent = _CELLS[cell](channels, units, num_layers=layers, batch_first=True, bidirectional=bidirectional)
        self.dropout = nn.Dropout(dropout)
        self.directions = ("", "_reverse") if bidirectional else ("",)
        self.channels = len(self.directions) * units

    def forward(self, x: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor]:
        """Returns the states (B, C', L) and the last state of each direction (B, C')."""
        steps = x.transpose(1, 2)  # (B, L, C)
        if _unpadded(lengths, x.shape[2]):
            return self._all_at_once(steps)
        assert lengths is not None
        positions = torch.arange(x.shape[2], device=x.device)
        mirrored = (lengths[:, None] - 1 - positions).clamp(min=0)[:, :, None]  # (B, L, 1)
        last = (lengths - 1)[:, None, None]  # (B, 1, 1)
        finals: list[Tensor] = []
        for layer in range(self.recurrent.num_layers):
            found = []
            finals = []
            for direction in self.directions:
                turned = _rows_at(steps, mirrored) if direction else steps
                states = self._states(turned, f"l{layer}{direction}")  # (B, L, units)
                finals.append(_rows_at(states, last)[:, 0])
                found.append(_rows_at(states, mirrored) if direction else states)
            steps = torch.cat(found, dim=2)
            if layer + 1 < self.recurrent.num_layers:
                steps = self.dropout(steps)
        return _masked(steps.transpose(1, 2), lengths), torch.cat(finals, dim=1)

    def _all_at_once(self, steps: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the same of sequences (B, L, C) that fill their batch, all layers and directions in one call."""
        layers = range(self.recurrent.num_layers)
        weights = [
            getattr(self.recurrent, f"{kind}_l{layer}{direction}")
            for layer in layers
            for direction in self.directions
            for kind in _WEIGHTS
        ]
        states, last = self._computed(steps, weights, len(layers), len(self.directions))
        return states.transpose(1, 2), torch.cat(list(last[-len(self.directions) :]), dim=1)

    def _states(self, steps: Tensor, name: str) -> Tensor:
        """Returns the states (B, L, units) of one layer in one direction."""
        weights = [getattr(self.recurrent, f"{kind}_{name}") for kind in _WEIGHTS]
        return self._computed(steps, weights, 1, 1)[0]

    def _computed(self, steps: Tensor, weights: list[Tensor], layers: int, directions: int) -> tuple[Tensor, Tensor]:
        """Returns states (B, L, directions · units) and last states (layers · directions, B, units)."""
        start = steps.new_zeros(layers * directions, steps.shape[0], self.recurrent.hidden_size)
        if steps.is_meta and not torch.is_grad_enabled():  # shapes alone; PyTorch would go through all positions
            return steps.new_empty(*steps.shape[:2], directions * self.recurrent.hidden_size), start
        kind, both, rate = type(self.recurrent), directions == 2, self.dropout.p
        # A trial is nothing to compile.
        if torch.compiler.is_compiling() or has("recurrent"):
            return recurrent(kind, steps, start, weights, layers, rate, training=self.training, both=both)
        with torch.device("meta"):
            shape = {"num_layers": layers, "bidirectional": both, "dropout": rate if layers > 1 else 0.0}
            module = kind(steps.shape[2], self.recurrent.hidden_size, batch_first=True, **shape).train(self.training)
        names = (name for name, _ in module.named_parameters())
        states, last = torch.func.functional_call(module, dict(zip(names, weights, strict=True)), (steps,))
        return states, last[0] if kind is nn.LSTM else last


def _rows_at(steps: Tensor, positions: Tensor) -> Tensor:
    """Returns the rows (B, P, C) of (B, L, C) at positions (B, P, 1) int64."""
    return steps.gather(1, positions.expand(-1, -1, steps.shape[2]))


class Summary(nn.Module):
    """Positions → one vector: the mean, the maximum, an attention-weighted mean, or several of these.

    Attributes:
        channels: number of channels that come out.
    """

    def __init__(self, channels: int, ways: Sequence[str]) -> None:
        super().__init__()
        self.ways = tuple(ways)
        # The softmax over positions takes out whatever a bias would add.
        self.score = nn.Conv1d(channels, 1, 1, bias=False) if "attention" in ways else None
        self.channels = channels * len(self.ways)

    def forward(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        """Returns (B, channels)."""
        if lengths is None or _unpadded(lengths, x.shape[2]):
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


class Head(nn.Module):
    """Dense layers and the output: (B, F) → logits (B, K).

    The sigmoid head has one unit z for two classes; its logits are (0, z), so that softmax gives 1 − σ(z) and σ(z).

    Attributes:
        hidden: the dense layers before the output.
    """

    def __init__(self, features: int, classes: int, config: NetworkConfig) -> None:
        super().__init__()
        widths = [features, *config.dense]
        rates = list(config.dropout_dense) or [0.0]
        rates = rates * (len(config.dense) + 1) if len(rates) == 1 else rates
        self.hidden = nn.ModuleList(Dense(a, b) for a, b in pairwise(widths))
        self.dropouts = nn.ModuleList(nn.Dropout(rate) for rate in rates)
        self.activation = activation(config.dense_activation)
        self.single = config.head == "sigmoid"
        self.output = nn.Linear(widths[-1], 1 if self.single else classes)

    @property
    def first(self) -> nn.Linear:
        """The layer that sees the features."""
        layer = self.hidden[0] if len(self.hidden) else self.output
        assert isinstance(layer, nn.Linear)
        return layer

    def forward(self, x: Tensor) -> Tensor:
        """Returns the logits (B, K)."""
        return self.after_first(self.first(dropped(self.dropouts[0], x)))

    @torch.no_grad()
    def shift(self, offsets: Tensor) -> None:
        """Adds offsets (K,) to the logits of every input from now on."""
        self.output.bias.add_(offsets[1] - offsets[0] if self.single else offsets)

    def after_first(self, x: Tensor) -> Tensor:
        """Returns the logits (B, K) of the output of the first layer."""
        if len(self.hidden):
            x = self.activation(x)
            # A slice of modules would be made anew for every batch.
            for dropout, layer in islice(zip(self.dropouts, [*self.hidden, self.output], strict=True), 1, None):
                x = layer(dropped(dropout, x))
                x = x if layer is self.output else self.activation(x)
        return functional.pad(x, (1, 0)) if self.single else x
