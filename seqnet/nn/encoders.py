"""Tokens → features: tokens (B, L) integer → features (B, C, L) float32.

Ambiguity codes are probability mixtures of canonical symbols: R is half an A and half a G in one-hot, and the mean of
their vectors in an embedding. All k-mers with an ambiguity code have the same vector. Padding is a zero column in
one-hot and has its own row in an embedding. A language model has its own tokens for some codes
(`seqnet.nn.plm.vocabulary`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqnet.configs.encoders import ENCODERS, EncoderConfig
from seqnet.core.alphabets import Alphabet
from seqnet.core.errors import SettingError
from seqnet.nn.fast.gather_rows import gather_rows
from seqnet.nn.plm import FrozenFeatures, Notify

__all__ = ["Embedding", "Encoder", "KmerEmbedding", "LanguageModelStates", "OneHot", "make_encoder"]

_MOST_KMERS = 1 << 22


class Encoder(nn.Module):
    """Base class of the encoders.

    Attributes:
        channels: C, the number of feature channels.
        shortest: minimum length of a sequence.
        shapes_only: set if only shapes are needed: features may then be zero, and no language model is needed.
    """

    channels: int
    shortest: int = 1
    shapes_only: bool = False

    def prepare(self, notify: Notify, named: Sequence[str] = ()) -> None:
        """Loads what is needed before the first batch, and reports downloads; see `FrozenFeatures.prepare`.

        Raises:
            SeqnetError: it is not available.
        """

    def forward(self, tokens: Tensor) -> Tensor:
        """Returns the features (B, C, L) float32 of tokens (B, L) integer."""
        raise NotImplementedError


class OneHot(Encoder):
    """One channel per canonical symbol."""

    table: Tensor

    def __init__(self, alphabet: Alphabet, config: EncoderConfig) -> None:
        super().__init__()
        self.channels = alphabet.size
        self.register_buffer("table", torch.tensor(alphabet.mixture), persistent=False)  # (T, K)

    def forward(self, tokens: Tensor) -> Tensor:
        """See `Encoder.forward`."""
        return functional.embedding(tokens.int(), self.table).transpose(1, 2)  # (B, K, L)


def _vectors(count: int, dimension: int) -> nn.Parameter:
    """Returns a table (count, dimension) float32 of normal random numbers with standard deviation 0.5.

    On the meta device, which is used for shapes only, no numbers are drawn. PyTorch would import its compiler for that,
    which takes a second.
    """
    table = torch.empty(count, dimension)
    return nn.Parameter(table if table.is_meta else table.normal_(std=0.5))


class Embedding(Encoder):
    """A learned vector per canonical symbol, and one for padding."""

    mixture: Tensor

    def __init__(self, alphabet: Alphabet, config: EncoderConfig) -> None:
        super().__init__()
        self.channels = config.dimension
        mixture = torch.zeros(alphabet.token_count, alphabet.size + 1)
        mixture[:, 1:] = torch.tensor(alphabet.mixture)
        mixture[0, 0] = 1.0
        self.register_buffer("mixture", mixture, persistent=False)  # (T, K + 1)
        self.weight = _vectors(alphabet.size + 1, config.dimension)

    def forward(self, tokens: Tensor) -> Tensor:
        """See `Encoder.forward`."""
        table = self.mixture @ self.weight  # (T, C)
        return gather_rows(table, tokens).transpose(1, 2)  # (B, C, L)


class KmerEmbedding(Encoder):
    """A learned vector per overlapping k-mer, at the position of its first symbol.

    A k-mer with an ambiguity code, or that extends beyond the end of the sequence, has one common vector.

    Raises:
        SettingError: there are more k-mers than the table of vectors may have rows.
    """

    powers: Tensor

    def __init__(self, alphabet: Alphabet, config: EncoderConfig) -> None:
        super().__init__()
        longest = int(math.log(_MOST_KMERS, alphabet.size))
        if config.k > longest:
            raise SettingError("encoder.k", config.k, f"at most {longest} for {alphabet.name}")
        self.channels = config.dimension
        self.size, self.k, self.shortest = alphabet.size, config.k, config.k
        powers = torch.tensor([self.size**place for place in range(config.k)])
        self.register_buffer("powers", powers, persistent=False)  # (k,) int64
        self.weight = _vectors(self.size**config.k + 1, config.dimension)

    def forward(self, tokens: Tensor) -> Tensor:
        """See `Encoder.forward`."""
        padded = functional.pad(tokens.long(), (0, self.k - 1))  # (B, L + k - 1)
        kmers = padded.unfold(1, self.k, 1)  # (B, L, k)
        known = ((kmers >= 1) & (kmers <= self.size)).all(dim=2)  # (B, L)
        index = ((kmers - 1) * self.powers).sum(dim=2)
        index = torch.where(known, index, self.size**self.k)
        return gather_rows(self.weight, index).transpose(1, 2)  # (B, C, L)


class LanguageModelStates(Encoder):
    """The last hidden states of a frozen protein language model, which is not part of the encoder's state.

    Raises:
        SettingError: the sequences are not proteins, or the settings do not identify the model (see `nn.plm.settled`).
    """

    def __init__(self, alphabet: Alphabet, config: EncoderConfig) -> None:
        super().__init__()
        self.channels = config.dimension
        self.features = FrozenFeatures(alphabet, config)

    def prepare(self, notify: Notify, named: Sequence[str] = ()) -> None:
        """See `Encoder.prepare`."""
        self.features.prepare(notify, named)

    def forward(self, tokens: Tensor) -> Tensor:
        """See `Encoder.forward`; features of padding are zero."""
        if self.shapes_only:
            return torch.zeros(len(tokens), self.channels, tokens.shape[1], device=tokens.device)
        return self.features(tokens)


def make_encoder(alphabet: Alphabet, config: EncoderConfig) -> Encoder:
    """Returns the encoder for the settings."""
    encoder: Encoder = ENCODERS.load(config.name)(alphabet, config)
    return encoder
