"""Global features of a sequence: tokens (B, L) → profile (B, F) float32."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqnet.configs.networks import ProfileConfig
from seqnet.core.alphabets import Alphabet
from seqnet.nn.kmer_profiles import kmer_shares, mixed_kmer_shares

__all__ = ["Profile"]


class Profile(nn.Module):
    """Share of each canonical symbol, log length, and optional parts.

    The order is: composition (K), log length (1), compositions of the first and the last n symbols for each n of
    `end_composition` (2 · K each), shares of neighbouring pairs (K²), symbols at the start and, from the last one
    inwards, at the end (2 · ends · K). An ambiguity code is a mixture; a pair with an ambiguity code is not counted.

    Args:
        alphabet: alphabet of the tokens.
        config: which parts are included.
        window: length whose logarithm becomes zero.

    Attributes:
        width: F.
    """

    mixture: Tensor

    def __init__(self, alphabet: Alphabet, config: ProfileConfig, window: int) -> None:
        super().__init__()
        self.config, self.window, self.size = config, window, alphabet.size
        self.register_buffer("mixture", torch.tensor(alphabet.mixture), persistent=False)  # (T, K)
        pairs = self.size**2 if config.pairs else 0
        self.width = self.size + 1 + 2 * self.size * (len(config.end_composition) + config.ends) + pairs

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Returns the profiles (B, F) of tokens (B, L) uint8 with lengths (B,) int64."""
        symbols = functional.embedding(tokens.long(), self.mixture)  # (B, L, K), zeros for padding
        pairs = kmer_shares(tokens.long(), lengths, self.size, 2) if self.config.pairs else None
        return self._joined(symbols, lengths, pairs)

    def of_mixtures(self, symbols: Tensor, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Returns the same for positions that are mixtures of symbols (B, L, K), as a function with a gradient.

        Args:
            symbols: (B, L, K) float32, zeros for padding.
            tokens: (B, L) uint8; pairs with an ambiguity code or padding are not counted.
            lengths: (B,) int64.
        """
        pairs = mixed_kmer_shares(symbols, tokens, lengths, 2) if self.config.pairs else None
        return self._joined(symbols, lengths, pairs)

    def _joined(self, symbols: Tensor, lengths: Tensor, pairs: Tensor | None) -> Tensor:
        """Returns the profiles (B, F) of symbols (B, L, K) with the shares (B, K²) of their pairs."""
        parts = [symbols.sum(dim=1) / lengths[:, None], ((lengths / self.window).log() / math.log(10))[:, None]]
        if self.config.end_composition:
            parts.append(self._of_ends(symbols, lengths))
        if pairs is not None:
            parts.append(pairs)
        if self.config.ends:
            parts += [self._at(symbols, lengths, turned=False), self._at(symbols, lengths, turned=True)]
        return torch.cat(parts, dim=1)

    def _of_ends(self, symbols: Tensor, lengths: Tensor) -> Tensor:
        """Returns the compositions (B, 2 · K · E) of the first and last symbols, for each of E lengths."""
        positions = torch.arange(symbols.shape[1], device=symbols.device)
        widths = torch.tensor(self.config.end_composition, device=symbols.device)[None, :, None]  # (1, S, 1)
        first = positions < widths  # (1, S, L)
        last = positions >= lengths[:, None, None] - widths  # (B, S, L)
        inside = torch.cat([first.expand_as(last), last], dim=1).to(symbols.dtype)  # (B, 2S, L)
        counted = torch.minimum(lengths[:, None, None], torch.cat([widths, widths], dim=1))
        return (inside @ symbols / counted).flatten(1)

    def _at(self, symbols: Tensor, lengths: Tensor, *, turned: bool) -> Tensor:
        """Returns the one-hot symbols (B, ends · K) at the start, or at the end from the last one inwards."""
        steps = torch.arange(self.config.ends, device=symbols.device)
        places = (lengths[:, None] - 1 - steps) if turned else steps.expand(lengths.shape[0], -1)  # (B, ends)
        there = (places >= 0) & (places < lengths[:, None])
        chosen = places.clamp(min=0, max=symbols.shape[1] - 1)[:, :, None].expand(-1, -1, symbols.shape[2])
        return (symbols.gather(1, chosen) * there[:, :, None]).flatten(1)
