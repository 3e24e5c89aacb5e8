"""Shares of k-mers of a sequence: tokens (B, L) → k-mer profile (B, F) float32."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqnet.core.alphabets import Alphabet

__all__ = ["KmerProfile", "kmer_shares", "mixed_kmer_shares"]


class KmerProfile(nn.Module):
    """Share of each k-mer for k from 1 to a longest, and log length.

    A share is given as its distance from the one that uniform random sequences have, in standard deviations of such
    sequences of the window's length. So features of all k have about the same size. A k-mer with an ambiguity code is
    not counted.

    Args:
        alphabet: alphabet of the tokens.
        longest: k of the longest k-mers.
        window: W, the length that standard deviations are for, and whose logarithm becomes zero.

    Attributes:
        width: F = K + K² + … + 1.
    """

    def __init__(self, alphabet: Alphabet, longest: int, window: int) -> None:
        super().__init__()
        self.size, self.longest, self.window = alphabet.size, longest, window
        self.width = sum(self.size**k for k in range(1, longest + 1)) + 1

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Returns the profiles (B, F) of tokens (B, L) uint8 with lengths (B,) int64."""
        symbols = tokens.long()
        return self._joined([kmer_shares(symbols, lengths, self.size, k) for k in self._orders], lengths)

    def of_mixtures(self, symbols: Tensor, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Returns the same for positions that are mixtures of symbols, as a function with a gradient.

        Args:
            symbols: (B, L, K) float32, zeros for padding.
            tokens: (B, L) uint8; k-mers with an ambiguity code or padding are not counted.
            lengths: (B,) int64.
        """
        return self._joined([mixed_kmer_shares(symbols, tokens, lengths, k) for k in self._orders], lengths)

    @property
    def _orders(self) -> range:
        return range(1, self.longest + 1)

    def _joined(self, shares: list[Tensor], lengths: Tensor) -> Tensor:
        """Returns the profiles (B, F) from the shares (B, K^k) of each k."""
        parts = []
        for k, found in zip(self._orders, shares, strict=True):
            kinds = self.size**k
            parts.append((found - 1 / kinds) * math.sqrt(kinds * self.window))
        return torch.cat([*parts, ((lengths / self.window).log() / math.log(10))[:, None]], dim=1)


def kmer_shares(tokens: Tensor, lengths: Tensor, size: int, k: int) -> Tensor:
    """Returns the share (B, K^k) float32 of each k-mer of canonical symbols among the k-mers of a sequence.

    Args:
        tokens: (B, L) int64, padded with 0.
        lengths: (B,) int64.
        size: K, number of canonical symbols.
        k: length of a k-mer.
    """
    known, index = _known(tokens, size, k), torch.zeros_like(tokens)
    padded = functional.pad(tokens, (0, k - 1))
    for place in range(k):
        index = index * size + padded[:, place : place + tokens.shape[1]] - 1
    index = torch.where(known, index, size**k)
    counts = torch.zeros(tokens.shape[0], size**k + 1, device=tokens.device)
    counts.scatter_add_(1, index, counts.new_ones(index.shape))
    return counts[:, :-1] / _number(lengths, k)


def mixed_kmer_shares(symbols: Tensor, tokens: Tensor, lengths: Tensor, k: int) -> Tensor:
    """Returns the same (B, K^k) for mixtures of symbols (B, L, K), as a function with a gradient; see `kmer_shares`."""
    size, first = symbols.shape[2], k // 2
    known = _known(tokens, size, k)[:, :, None].to(symbols.dtype)  # (B, L, 1)
    last = _words(functional.pad(symbols, (0, 0, 0, k))[:, first:], k - first)[:, : tokens.shape[1]]
    if not first:
        return (known * last).sum(dim=1) / _number(lengths, k)
    counts = (_words(functional.pad(symbols, (0, 0, 0, first - 1)), first) * known).transpose(1, 2) @ last
    return counts.flatten(1) / _number(lengths, k)  # from (B, K^first, K^(k - first))


def _words(symbols: Tensor, k: int) -> Tensor:
    """Returns the weight (B, L - k + 1, K^k) of each k-mer at each position of mixtures (B, L, K)."""
    words = symbols
    for place in range(1, k):
        following = symbols[:, place:]
        words = (words[:, : following.shape[1], :, None] * following[:, :, None, :]).flatten(2)
    return words


def _known(tokens: Tensor, size: int, k: int) -> Tensor:
    """Returns whether the k symbols from each position on are canonical, (B, L) bool."""
    single = functional.pad((tokens >= 1) & (tokens <= size), (0, k - 1))
    known = single[:, : tokens.shape[1]]
    for place in range(1, k):
        known = known & single[:, place : place + tokens.shape[1]]
    return known


def _number(lengths: Tensor, k: int) -> Tensor:
    """Returns the number (B, 1) of k-mers in sequences of these lengths (B,), at least 1."""
    return (lengths - k + 1).clamp(min=1)[:, None]
