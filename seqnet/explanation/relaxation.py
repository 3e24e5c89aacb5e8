"""A classifier as a differentiable function of mixtures of symbols.

In: symbols (B, L, S) float32, the share of each canonical symbol at each position. Out: the margins (B,). For one-hot
symbols the margins are those of the classifier. A k-mer has the product of the shares of its symbols, so that the
vector at a position is the mean over all k-mers.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from seqnet.core.errors import SettingError
from seqnet.explanation.margins import margins
from seqnet.nn.encoders import Embedding, Encoder, KmerEmbedding, LanguageModelStates
from seqnet.nn.networks import Classifier
from seqnet.nn.strands import reverse_complement

__all__ = ["Relaxation"]

_MOST_KMERS = 1 << 13
"""Maximum number of k-mers: at each position, each has its share."""


class Relaxation:
    """A classifier of mixtures.

    Args:
        classifier: the classifier, in evaluation mode.
        method: what it is needed for, in messages.

    Attributes:
        classifier: as given.
        width: numbers per symbol in the widest layer.

    Raises:
        SettingError: the classifier has a part without a gradient for symbols.
    """

    def __init__(self, classifier: Classifier, method: str) -> None:
        encoder = classifier.encoder
        kmers = encoder.size**encoder.k if isinstance(encoder, KmerEmbedding) else 0
        why = ""
        if classifier.trees is not None:
            why = "the model has decision trees beside its network, which have no gradient"
        elif isinstance(encoder, LanguageModelStates):
            why = "the model has a language model, which takes whole residues"
        elif kmers > _MOST_KMERS:
            why = f"the model has {kmers:,} k-mers, and this method can use {_MOST_KMERS:,}"
        if why:
            problem = f"{method} can't be used: {why}; use --method mutagenesis"
            raise SettingError("explain.method", method, problem=problem)
        self.classifier = classifier
        self.width = max(classifier.width, kmers)

    def margins(self, symbols: Tensor, tokens: Tensor, lengths: Tensor, targets: Tensor) -> Tensor:
        """Returns the margins (B,) float64, of both strands where the classifier predicts over both.

        Args:
            symbols: (B, L, S) float32, zeros for padding.
            tokens: (B, L) uint8; they show where padding and ambiguity codes are.
            lengths: (B,) int64.
            targets: (B,) int64, the classes.
        """
        logits = self._logits(symbols, tokens, lengths)
        complement = self.classifier.turning
        if complement is not None:
            other = reverse_complement(tokens, lengths, complement)
            logits = (logits + self._logits(_turned(symbols, lengths, complement), other, lengths)) / 2
        return margins(logits.double(), targets)

    def _logits(self, symbols: Tensor, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Returns the logits (B, K) of one strand."""
        model = self.classifier
        if model.flattens:
            missing = model.window - tokens.shape[1]
            tokens = functional.pad(tokens, (0, missing))  # (B, window)
            symbols = functional.pad(symbols, (0, 0, 0, missing))  # (B, window, S)
        profile = None if model.profile is None else model.profile.of_mixtures(symbols, tokens, lengths)
        return model.of_features(_features(model.encoder, symbols, tokens), tokens, lengths, profile)


def _turned(symbols: Tensor, lengths: Tensor, complement: Tensor) -> Tensor:
    """Returns the reverse complements (B, L, S) of mixtures (B, L, S), padded at the end like these."""
    source = lengths[:, None] - 1 - torch.arange(symbols.shape[1], device=symbols.device)  # (B, L)
    turned = symbols.gather(1, source.clamp(min=0)[:, :, None].expand_as(symbols))
    paired = complement[1 : symbols.shape[2] + 1].long() - 1
    return turned[:, :, paired] * (source >= 0)[:, :, None]


def _features(encoder: Encoder, symbols: Tensor, tokens: Tensor) -> Tensor:
    """Returns the features (B, C, L) of mixtures (B, L, S)."""
    if isinstance(encoder, Embedding):
        padding = (tokens == 0)[:, :, None] * encoder.weight[0]
        return (symbols @ encoder.weight[1:] + padding).transpose(1, 2)
    if isinstance(encoder, KmerEmbedding):
        return _kmer_features(encoder, symbols, tokens)
    return symbols.transpose(1, 2)


def _kmer_features(encoder: KmerEmbedding, symbols: Tensor, tokens: Tensor) -> Tensor:
    """Returns the mean vectors (B, C, L) over all k-mers; k-mers with a code or beyond the end have the common one."""
    length = symbols.shape[1]
    symbols = functional.pad(symbols, (0, 0, 0, encoder.k - 1))
    known = functional.pad((tokens >= 1) & (tokens <= encoder.size), (0, encoder.k - 1))
    shares = symbols[:, :length]  # (B, L, S)
    for place in range(1, encoder.k):
        # The first symbol of a k-mer has the smallest place value.
        following = symbols[:, place : place + length, :, None]
        shares = (following * shares[:, :, None, :]).flatten(2)  # (B, L, S^(place + 1))
    inside = known.unfold(1, encoder.k, 1).all(dim=2)[:, :, None]  # (B, L, 1)
    vectors = torch.where(inside, shares @ encoder.weight[:-1], encoder.weight[-1])
    return vectors.transpose(1, 2)
