"""A trained network with its first layers replaced by a lookup table.

The table has one vector for each word (`nn.networks.kmer_convolution`) at each position: the result of convolution,
normalisation, activation, pooling and the first dense layer. The output of the first dense layer is the sum of these
vectors, one lookup per word. It is exact except for the order of the sum.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqnet.nn.devices import uses_cpu_kernels
from seqnet.nn.fast.capabilities import bytes_of_rows, has, sums_of_byte_rows
from seqnet.nn.networks.classifier import Classifier, mean_over_strands
from seqnet.nn.networks.cnn import ConvolutionalNetwork

__all__ = ["FoldedClassifier", "can_be_bytes", "can_fold", "first_is_output"]

_LARGEST = 1 << 25
"""Maximum number of values in a table."""


class FoldedClassifier(nn.Module):
    """A classifier whose first layers are a table; sequences with other symbols use the original classifier.

    Args:
        classifier: a trained classifier for which `can_fold` is true.
        dtype: type of the table; with `torch.uint8` each row has its own scale and offset (CPU only).

    Attributes:
        window: as in `Classifier`.
        flattens: as in `Classifier`.
        width: as in `Classifier`.
        words: the words of the network.
        symbols: number of tokens that words are made of: padding and the canonical symbols.
        firsts: (P,) int32, row of the table where the words of each place begin.
    """

    table: Tensor
    firsts: Tensor

    def __init__(self, classifier: Classifier, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        assert isinstance(classifier.network, ConvolutionalNetwork)
        self.classifier, self.head = classifier, classifier.network.head
        self.window, self.flattens = classifier.window, classifier.flattens
        words = classifier.words
        assert words is not None
        self.width = -(-self.head.first.out_features // self.window)
        self.words, self.symbols = words, classifier.mixture.shape[1] + 1  # the canonical symbols and padding
        with torch.no_grad():
            table = self._hidden_rows(words.table(0))
        self.places = words.places
        firsts = torch.arange(self.places, device=table.device, dtype=torch.int32) * words.count(0)
        table = bytes_of_rows(table) if dtype == torch.uint8 else table.to(dtype)
        self.register_buffer("table", table, persistent=False)
        self.register_buffer("firsts", firsts, persistent=False)
        self.train(classifier.training)

    def _hidden_rows(self, found: Tensor) -> Tensor:
        """Returns the rows (P · S, H) of all words at all places, from the features (S, F) of the words.

        Each place is written into the result, because a product of all places would be in memory twice.
        """
        first, places = self.head.first, self.words.places
        weight = first.weight.view(-1, places, found.shape[1])  # (H, P, F)
        table = found.new_empty(places, len(found), len(weight))  # (P, S, H)
        for place in range(places):
            torch.mm(found, weight[:, place].T, out=table[place])
        table[0] += first.bias
        return table.flatten(0, 1)  # (P · S, H)

    @property
    def device(self) -> torch.device:
        """Device of the table."""
        return self.table.device

    def strand_logits(self, tokens: Tensor, lengths: Tensor | None) -> Tensor:
        """See `Classifier.strand_logits`."""
        return mean_over_strands(self.forward, tokens, lengths, self.classifier.turning)

    def forward(self, tokens: Tensor, lengths: Tensor | None) -> Tensor:
        """See `Classifier.forward`."""
        if not tokens.numel() or int(tokens.max()) < self.symbols:
            return self._looked_up(tokens)
        unknown = (tokens >= self.symbols).any(dim=1)  # (B,), an ambiguity code
        logits: Tensor = self.classifier(tokens[unknown], None if lengths is None else lengths[unknown])
        found = logits.new_empty(len(tokens), logits.shape[1])
        found[unknown] = logits
        found[~unknown] = self._looked_up(tokens[~unknown])
        return found

    def _looked_up(self, tokens: Tensor) -> Tensor:
        """Returns the logits (B, K) for canonical symbols and padding."""
        padded = functional.pad(tokens, (0, self.window - tokens.shape[1]))  # (B, window)
        return self.summed(self.words.index(padded, 0) + self.firsts)

    def summed(self, index: Tensor) -> Tensor:
        """Returns the logits (B, K) of the rows of the table at index (B, P) int32, one row for each word."""
        starts = torch.arange(len(index), device=index.device, dtype=torch.int32) * self.places
        rows = index.flatten()
        if self.table.dtype == torch.uint8:
            summed = sums_of_byte_rows(self.table, rows, starts)  # (B, H)
        else:
            summed = functional.embedding_bag(rows, self.table, starts, mode="sum")  # (B, H)
        return self.head.after_first(summed.float())


def can_fold(classifier: Classifier) -> bool:
    """Returns whether a classifier can be folded into a table."""
    if classifier.words is None or not uses_cpu_kernels(classifier.mixture):
        return False
    assert isinstance(classifier.network, ConvolutionalNetwork)
    hidden = classifier.network.head.first.out_features
    return classifier.words.count(0) * classifier.words.places * hidden <= _LARGEST


def first_is_output(classifier: Classifier) -> bool:
    """Returns whether the table of a classifier that can be folded includes its output layer."""
    assert isinstance(classifier.network, ConvolutionalNetwork)
    return classifier.network.head.first is classifier.network.head.output


def can_be_bytes(classifier: Classifier) -> bool:
    """Returns whether a classifier can be a table of 8-bit numbers, which needs an x86 processor."""
    x86 = "fbgemm" in torch.backends.quantized.supported_engines
    return x86 and can_fold(classifier) and has("bytes_of_rows")
