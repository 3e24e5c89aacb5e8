"""Layers that are exported in another form: without choices that depend on the shape of a batch.

An exported graph is for batches of all shapes. Our own layers choose the fastest way for the shape at hand, and PyTorch
exports a recurrence as one step after another, for one length only. The layers here do the same in one way for all
shapes.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqnet.nn.encoders import KmerEmbedding
from seqnet.nn.layers import MaskedBatchNorm, MaskedConvolution, MaskedMaxPool, Recurrence
from seqnet.nn.layers.masking import mask_of, masked
from seqnet.nn.networks import Classifier

__all__ = ["exportable_copy"]

_GATES = {"RNN": (0,), "GRU": (1, 0, 2), "LSTM": (0, 3, 1, 2)}
"""ONNX's order of gates, as indices of PyTorch's: GRU has z, r, h for r, z, n; LSTM has i, o, f, c for i, f, g, o."""


class _Convolution(nn.Module):
    """`MaskedConvolution` as a convolution."""

    def __init__(self, layer: MaskedConvolution) -> None:
        super().__init__()
        self.ends, self.convolution = layer.ends, layer.convolution

    def forward(self, x: Tensor, lengths: Tensor | None, norm: MaskedBatchNorm | None = None) -> Tensor:
        """See `MaskedConvolution.forward`."""
        weight, bias = self.convolution.weight, self.convolution.bias
        assert bias is not None
        if norm is not None:
            weight, bias = norm.folded(weight, bias)
        x = functional.pad(x, self.ends)
        return masked(functional.conv1d(x, weight, bias, dilation=self.convolution.dilation), lengths)


class _MaxPool(nn.Module):
    """`MaskedMaxPool` as a pooling."""

    def __init__(self, layer: MaskedMaxPool) -> None:
        super().__init__()
        self.width = layer.width

    def forward(self, x: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """See `MaskedMaxPool.forward`."""
        if self.width == 1:
            return x, lengths
        if lengths is None:
            return self._pooled(x), None
        lowest = torch.finfo(x.dtype).min
        x = x.masked_fill(~mask_of(lengths, x.shape[2]), lowest)
        # One place less than a pool, so that the last pool is complete, and there is none more.
        pooled = self._pooled(functional.pad(x, (0, self.width - 1), value=lowest))
        lengths = torch.div(lengths + self.width - 1, self.width, rounding_mode="floor")
        return pooled.masked_fill(~mask_of(lengths, pooled.shape[2]), 0.0), lengths

    def _pooled(self, x: Tensor) -> Tensor:
        # PyTorch exports a pooling of one dimension for one length only.
        return functional.max_pool2d(x[:, :, None], (1, self.width))[:, :, 0]


class _Kmers(nn.Module):
    """`KmerEmbedding` with its k-mers as shifted sequences."""

    def __init__(self, layer: KmerEmbedding) -> None:
        super().__init__()
        self.layer, self.channels, self.shortest = layer, layer.channels, layer.shortest

    def forward(self, tokens: Tensor) -> Tensor:
        """See `KmerEmbedding.forward`."""
        layer, length = self.layer, tokens.shape[1]
        padded = functional.pad(tokens, (0, layer.k - 1))  # (B, L + k - 1)
        kmers = torch.stack([padded[:, place : place + length] for place in range(layer.k)], dim=2)  # (B, L, k)
        known = ((kmers >= 1) & (kmers <= layer.size)).all(dim=2)  # (B, L)
        index = ((kmers - 1) * layer.powers).sum(dim=2)
        index = torch.where(known, index, layer.size**layer.k)
        return functional.embedding(index, layer.weight).transpose(1, 2)  # (B, C, L)


class _OnnxRecurrence(nn.Module):
    """`Recurrence` as one operator of ONNX for each layer, which reads each sequence to its own end."""

    def __init__(self, layer: Recurrence) -> None:
        super().__init__()
        self.kind, self.units = type(layer.recurrent).__name__, layer.recurrent.hidden_size
        self.layers, self.directions = layer.recurrent.num_layers, layer.directions
        for index in range(self.layers):
            for name, kinds in (("w", ("weight_ih",)), ("r", ("weight_hh",)), ("b", ("bias_ih", "bias_hh"))):
                found = [
                    torch.cat([self._gates(getattr(layer.recurrent, f"{kind}_l{index}{direction}")) for kind in kinds])
                    for direction in self.directions
                ]
                self.register_buffer(f"{name}{index}", torch.stack(found))

    def _gates(self, weights: Tensor) -> Tensor:
        """Returns weights (G · H, …) of one direction with the gates in the order of ONNX."""
        gates = weights.detach().chunk(len(_GATES[self.kind]))
        return torch.cat([gates[index] for index in _GATES[self.kind]])

    def forward(self, x: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor]:
        """See `Recurrence.forward`."""
        assert lengths is not None
        steps = x.permute(2, 0, 1)  # (L, B, C)
        count, batch, ways = x.shape[2], x.shape[0], len(self.directions)
        attributes: dict[str, Any] = {
            "hidden_size": self.units,
            "direction": "bidirectional" if ways == 2 else "forward",
        }
        if self.kind == "GRU":
            attributes["linear_before_reset"] = 1  # as PyTorch computes it
        shapes = [(count, ways, batch, self.units), (ways, batch, self.units), (ways, batch, self.units)]
        outputs = 3 if self.kind == "LSTM" else 2
        last = x
        for index in range(self.layers):
            states, last, *_ = torch.onnx.ops.symbolic_multi_out(
                self.kind,
                (steps, *(self.get_buffer(f"{name}{index}") for name in "wrb"), lengths.int()),
                attributes,
                dtypes=[torch.float32] * outputs,
                shapes=shapes[:outputs],
            )
            steps = states.transpose(1, 2).flatten(2)  # (L, D, B, H) → (L, B, D · H)
        return masked(steps.permute(1, 2, 0), lengths), last.transpose(0, 1).flatten(1)  # (B, D · H)


def exportable_copy(classifier: Classifier, *, onnx: bool) -> Classifier:
    """Returns a copy of a classifier in evaluation mode, on the CPU, that can be exported for batches of all shapes.

    Args:
        classifier: without a language model.
        onnx: whether recurrences are operators of ONNX; otherwise they are exported for one length.
    """
    copied = copy.deepcopy(classifier).cpu().eval()
    # Tokens are integers of one type in the whole graph.
    copied.complement = copied.complement.long()
    for parent in list(copied.modules()):
        for name, child in parent.named_children():
            if isinstance(child, MaskedConvolution):
                parent.add_module(name, _Convolution(child))
            elif isinstance(child, MaskedMaxPool):
                parent.add_module(name, _MaxPool(child))
            elif isinstance(child, KmerEmbedding):
                parent.add_module(name, _Kmers(child))
            elif isinstance(child, Recurrence) and onnx:
                parent.add_module(name, _OnnxRecurrence(child))
    return copied
