"""Lookup of the first convolution and its pooling: the result for every short word is computed only once.

A flattening network with one convolution sees a sequence as overlapping words: each word has the symbols of a kernel
and of the positions that are pooled together. If words are short, there are fewer different words than positions in a
batch. So each word is computed once, and its gradient is one sum over all its positions.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from seqnet.nn.devices import uses_cpu_kernels
from seqnet.nn.encoders import Embedding, Encoder, OneHot
from seqnet.nn.fast.gather_rows import sum_by_row
from seqnet.nn.layers import ConvolutionBlock, MaskedBatchNorm
from seqnet.nn.networks.base import Network
from seqnet.nn.networks.cnn import ConvolutionalNetwork

__all__ = ["KmerConvolution", "kmer_convolution_of"]

_LARGEST_BAND = 1 << 16
"""Maximum size of the matrix that computes all word numbers in one product."""


class KmerConvolution:
    """The words of a network, made by `kmer_convolution_of`; symbols start at 0 (padding) or at 1 (without padding).

    Args:
        encoder: encoder of the symbols.
        block: the convolution with its pooling.
        size: K, number of canonical symbols.
        places: P, number of words in a window.

    Attributes:
        kernel: W, number of symbols in a word.
        stride: distance between the starts of neighbouring words, in symbols.
        places: P.
    """

    def __init__(self, encoder: Encoder, block: ConvolutionBlock, size: int, places: int) -> None:
        self._encoder, self._block, self._size = encoder, block, size
        self._made: dict[tuple[int, torch.device], Tensor] = {}
        self._bands: dict[tuple[int, torch.device], Tensor] = {}
        self._short = block.convolution.convolution.kernel_size[0]
        self.stride, self.places = block.pool.width, places
        self.kernel = self._short + self.stride - 1

    def count(self, first: int) -> int:
        """Returns S, the number of different words of symbols from `first` (0 or 1) on."""
        return int((self._size + 1 - first) ** self.kernel)

    def table(self, first: int) -> Tensor:
        """Returns the features (S, F) float32 of all words, in the order of their symbols."""
        rows = self._unpooled(first)
        return _pooled(rows, self._size + 1 - first, self.stride)

    def features(self, tokens: Tensor) -> Tensor | None:
        """Returns the features (B, P, F) of tokens (B, window); None if some symbols are not in any word.

        None also if the batch has fewer positions than there are words, or if the features of a word depend on the
        batch.
        """
        block = self._block
        if isinstance(block.norm, MaskedBatchNorm) or block.dropout.p or not uses_cpu_kernels(tokens):
            return None
        lowest, highest = (int(value) for value in tokens.aminmax())
        first = min(lowest, 1)
        if highest > self._size or self.count(first) > len(tokens) * self.places:
            return None
        index = self.index(tokens, first)
        low = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else torch.float32
        # A sum of many gradients needs more than a low precision.
        with torch.autocast("cpu", enabled=False):
            short = self._unpooled(first)
        rows: Tensor = _PooledRows.apply(short, index, self._size + 1 - first, self.stride, low)  # type: ignore[no-untyped-call]
        return rows

    def index(self, tokens: Tensor, first: int) -> Tensor:
        """Returns the number (B, P) int32 of the word at each position of tokens (B, window), all known symbols."""
        base = self._size + 1 - first
        seen = (self.places - 1) * self.stride + self.kernel
        # float32 is exact here, because the word numbers are small enough.
        with torch.autocast(tokens.device.type, enabled=False):
            digits = (tokens - first).float()[:, :seen]
            if seen * self.places <= _LARGEST_BAND:
                numbers = digits @ self._band(base, seen, tokens.device)
            else:
                numbers = digits.unfold(1, self.kernel, self.stride) @ self._powers(base, tokens.device)
        return numbers.int()

    def _powers(self, base: int, device: torch.device) -> Tensor:
        """Returns the place value (W,) float32 of each symbol in the number of a word."""
        return torch.tensor([float(base**place) for place in range(self.kernel - 1, -1, -1)], device=device)

    def _band(self, base: int, seen: int, device: torch.device) -> Tensor:
        """Returns the place value (seen, P) float32 of each symbol of a window in the number of each word; cached."""
        if (base, device) not in self._bands:
            with torch.inference_mode(False):
                band = torch.zeros(seen, self.places, device=device)
                powers = self._powers(base, device)
                for place in range(self.places):
                    start = place * self.stride
                    band[start : start + self.kernel, place] = powers
            self._bands[base, device] = band
        return self._bands[base, device]

    def _unpooled(self, first: int) -> Tensor:
        """Returns the features (S', F) of every word with the length of a kernel."""
        device = self._block.convolution.convolution.weight.device
        found: Tensor = self._block.unpooled(self._encoded(first, device), None)
        return found[:, :, 0]

    def _encoded(self, first: int, device: torch.device) -> Tensor:
        """Returns the encoding (S', C, k) of every word with the length of a kernel; cached if it never changes."""
        if (first, device) in self._made:
            return self._made[first, device]
        base = self._size + 1 - first
        # Tensors of inference mode could not be used in training.
        with torch.inference_mode(False):
            powers = base ** torch.arange(self._short - 1, -1, -1, device=device)
            words = torch.arange(base**self._short, device=device)[:, None] // powers % base + first
            encoded: Tensor = self._encoder(words)
        if not any(True for _ in self._encoder.parameters()):
            self._made[first, device] = encoded
        return encoded


def kmer_convolution_of(encoder: Encoder, network: Network, size: int, window: int) -> KmerConvolution | None:
    """Returns the words of a network; None if its first layers cannot be computed from words.

    Args:
        encoder: encoder of the network.
        network: the network.
        size: number of canonical symbols.
        window: input length of the network.
    """
    if not (isinstance(network, ConvolutionalNetwork) and network.summary is None and len(network.stack.blocks) == 1):
        return None
    block = network.stack.blocks[0]
    assert isinstance(block, ConvolutionBlock)
    # The convolution pads with zeros, and an embedding has another vector for padding, so kernels must be inside the
    # window.
    plain = not any(block.convolution.ends) and block.convolution.convolution.dilation == (1,)
    if not plain or not isinstance(encoder, OneHot | Embedding):
        return None
    kernel = block.convolution.convolution.kernel_size[0]
    return KmerConvolution(encoder, block, size, (window - kernel + 1) // block.pool.width)


def _spread(rows: Tensor, base: int, width: int, place: int) -> Tensor:
    """Returns the rows (S', F) of the short word at a position of every long word, as a view that can be broadcast.

    A long word is its first `place` symbols, the short word, and the symbols after it. So the view has the shape
    (1, …, S', …, 1, F), with one axis of size `base` for each symbol of a long word.
    """
    symbols = round(math.log(len(rows), base))
    return rows.view(*[1] * place, *[base] * symbols, *[1] * (width - 1 - place), rows.shape[1])


def _pooled(rows: Tensor, base: int, width: int) -> Tensor:
    """Returns the maxima (S, F) of the rows (S', F) over the short words of each long word."""
    pooled = _spread(rows, base, width, 0)
    for place in range(1, width):
        pooled = torch.maximum(pooled, _spread(rows, base, width, place))
    return pooled.reshape(-1, rows.shape[1])


class _PooledRows(torch.autograd.Function):
    """Rows of the table of pooled words, with a gradient that is summed by word."""

    @staticmethod
    def forward(context: Any, rows: Tensor, index: Tensor, base: int, width: int, dtype: torch.dtype) -> Tensor:
        table = _pooled(rows, base, width)
        context.save_for_backward(rows, table, index)
        context.shape = base, width
        return functional.embedding(index, table.to(dtype))

    @staticmethod
    @once_differentiable
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, None, None, None, None]:
        rows, table, index = context.saved_tensors
        base, width = context.shape
        # In bfloat16, sums are computed in float32 and rounded once.
        left = sum_by_row(gradient, index, len(table)).to(table.dtype)
        found = torch.zeros_like(rows)
        left = left.view(*[base] * (_spread(rows, base, width, 0).dim() - 1), -1)
        table = table.view(left.shape)
        # As in max pooling, the first of equal maxima gets the gradient. Multiplying floats is faster than using
        # booleans.
        for place in range(width - 1):
            spread = _spread(rows, base, width, place)
            later = left * torch.sign(table - spread)
            found += (left - later).sum_to_size(spread.shape).view(found.shape)
            left = later
        found += left.sum_to_size(_spread(rows, base, width, width - 1).shape).view(found.shape)
        return found, None, None, None, None
