"""A trained network as a table: what its first layers make of every short window, looked up in place of computed.

A flattening network with one convolution sees a sequence as overlapping windows of a few symbols: a kernel and the
positions that are pooled with it. What convolution, normalisation, activation, pooling and the first dense layer make
of such a window at its position is one vector. The first dense layer's output is the sum of these vectors, one lookup
per window, and exact up to the order of a sum.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqnet.encoders import Embedding, OneHot
from seqnet.layers import ConvolutionBlock
from seqnet.networks.classifier import Classifier, mean_over_strands
from seqnet.networks.cnn import ConvolutionalNetwork

__all__ = ["Folded", "can_fold"]

_LARGEST = 1 << 25
"""Numbers in a table, at most."""


class Folded(nn.Module):
    """A classifier whose first layers are a table; what the table does not know goes through the classifier.

    Args:
        classifier: a trained one for which `can_fold`.
        dtype: of the table.

    Attributes:
        kernel: W, symbols in a window.
        stride: symbols from one window to the next.
        window: as in `Classifier`.
        flattens: as in `Classifier`.
    """

    table: Tensor
    firsts: Tensor

    def __init__(self, classifier: Classifier, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        assert isinstance(classifier.network, ConvolutionalNetwork)
        self.classifier, self.head = classifier, classifier.network.head
        self.window, self.flattens = classifier.window, classifier.flattens
        self.kernel, self.stride = _window(classifier.network)
        self.symbols = classifier.mixture.shape[1] + 1  # the canonical ones, and padding
        device, count = classifier.mixture.device, self.symbols**self.kernel
        powers = self.symbols ** torch.arange(self.kernel - 1, -1, -1, device=device)
        with torch.inference_mode():
            words = (torch.arange(count, device=device)[:, None] // powers % self.symbols).to(torch.uint8)  # (S^W, W)
            found, _ = classifier.network.stack(classifier.encoder(words), None)  # (S^W, F, 1)
            weight = self.head.first.weight.view(
                -1, found.shape[1], self.head.first.in_features // found.shape[1]
            )  # (H, F, P)
            table = torch.einsum("sf,hfp->psh", found[:, :, 0], weight).flatten(0, 1)  # (P · S^W, H)
        self.places = weight.shape[2]
        firsts = torch.arange(self.places, device=device, dtype=torch.int32) * count
        # Not a tensor of inference mode, which a thread outside of it could not use.
        self.register_buffer("table", table.to(dtype).clone(), persistent=False)
        self.register_buffer("firsts", firsts, persistent=False)
        self.train(classifier.training)

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return self.table.device

    def strand_logits(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """See `Classifier.strand_logits`."""
        return mean_over_strands(self.forward, tokens, lengths, self.classifier.turning)

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """See `Classifier.forward`."""
        unknown = (tokens >= self.symbols).any(dim=1)  # (B,), an ambiguity code
        if not bool(unknown.any()):
            return self._looked_up(tokens)
        logits: Tensor = self.classifier(tokens[unknown], lengths[unknown])
        found = logits.new_empty(len(tokens), logits.shape[1])
        found[unknown] = logits
        found[~unknown] = self._looked_up(tokens[~unknown])
        return found

    def _looked_up(self, tokens: Tensor) -> Tensor:
        """Returns the logits (B, K) of canonical symbols and padding."""
        padded = functional.pad(tokens, (0, self.window - tokens.shape[1])).to(torch.int32)  # (B, window)
        last = (self.places - 1) * self.stride + 1
        index = padded[:, : last : self.stride]  # (B, P)
        for step in range(1, self.kernel):
            index = index * self.symbols + padded[:, step : step + last : self.stride]
        index = index + self.firsts
        starts = torch.arange(len(index), device=index.device, dtype=torch.int32) * self.places
        summed = functional.embedding_bag(index.flatten(), self.table, starts, mode="sum")  # (B, H)
        return self.head.after_first(summed.float() + self.head.first.bias)


def can_fold(classifier: Classifier) -> bool:
    """Returns whether a classifier can be a table."""
    network = classifier.network
    if not (isinstance(network, ConvolutionalNetwork) and network.summary is None and len(network.stack.blocks) == 1):
        return False
    block = _block(network)
    # Zeros outside of the window are not the padding of an embedding, so that only whole kernels are known by symbols.
    plain = not any(block.convolution.ends) and block.convolution.convolution.dilation == (1,)
    if not plain or not isinstance(classifier.encoder, OneHot | Embedding):
        return False
    kernel, stride = _window(network)
    places = (classifier.window - (kernel - stride)) // stride
    numbers = int((classifier.mixture.shape[1] + 1) ** kernel * places * network.head.first.out_features)
    return numbers <= _LARGEST


def _block(network: ConvolutionalNetwork) -> ConvolutionBlock:
    block = network.stack.blocks[0]
    assert isinstance(block, ConvolutionBlock)
    return block


def _window(network: ConvolutionalNetwork) -> tuple[int, int]:
    """Returns how many symbols a pooled position sees, and how many lie between two."""
    block = _block(network)
    return block.convolution.convolution.kernel_size[0] + block.pool.width - 1, block.pool.width
