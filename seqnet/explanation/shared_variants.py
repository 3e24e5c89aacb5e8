"""The logits of variants that differ from a sequence at one position, without computing again what they share with it.

A substitution changes the outputs of a convolution only within reach of its kernel, and the states of a recurrence only
from the first changed step on, in each direction. The rest is that of the sequence itself. The logits are those of the
classifier, but for rounding.

Source: Nair et al. 2022, doi:10.1093/bioinformatics/btac135, for convolutions.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from seqnet.nn.encoders import Embedding, KmerEmbedding, OneHot
from seqnet.nn.fast.capabilities import has, resumed
from seqnet.nn.layers import ConvolutionBlock, Recurrence
from seqnet.nn.networks import Classifier
from seqnet.nn.networks.cnn import ConvolutionalNetwork
from seqnet.nn.networks.hybrid import HybridNetwork
from seqnet.nn.networks.recurrent import RecurrentNetwork

__all__ = ["SharedVariants", "can_share"]

_WEIGHTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def can_share(classifier: object) -> bool:
    """Returns whether `SharedVariants` can be used for a classifier."""
    if not isinstance(classifier, Classifier) or classifier.flattens:
        return False
    if not isinstance(classifier.encoder, OneHot | Embedding | KmerEmbedding):
        return False
    network = classifier.network
    if isinstance(network, ConvolutionalNetwork):
        return True
    if not isinstance(network, HybridNetwork | RecurrentNetwork):
        return False
    return network.recurrence.recurrent.num_layers == 1 and has("resumed")


class SharedVariants:
    """Sequences of one length and one strand, and what their variants share with them.

    Args:
        classifier: a classifier for which `can_share` is true, in evaluation mode.
        tokens: (G, L) uint8, the sequences.
    """

    def __init__(self, classifier: Classifier, tokens: Tensor) -> None:
        self._model, self._network = classifier, classifier.network
        network = classifier.network
        stack = network.stack if isinstance(network, ConvolutionalNetwork | HybridNetwork) else None
        self._blocks: list[Any] = [] if stack is None else list(stack.blocks)
        self._inputs: list[Tensor] = []
        x: Tensor = classifier.encoder(tokens)  # (G, C, L)
        for block in self._blocks:
            self._inputs.append(x)
            x, _ = block(x, _lengths(x))
        self._features = x  # (G, C', T)
        self._directions: list[_Direction] = []
        if isinstance(network, HybridNetwork | RecurrentNetwork):
            recurrence = network.recurrence
            self._directions = [_Direction(recurrence, name, x) for name in recurrence.directions]

    def logits(self, variants: Tensor, rows: Tensor, place: int) -> Tensor:
        """Returns the logits (B, K) of variants.

        Args:
            variants: (B, L) uint8, sequences that differ at one position.
            rows: (B,) int64, the sequence that each is a variant of.
            place: the position.
        """
        encoder, lengths = self._model.encoder, _lengths(variants[:, None])
        # A k-mer is at the position of its first symbol.
        first, last = max(place - encoder.shortest + 1, 0), place
        x = encoder(variants[:, first : place + encoder.shortest])[:, :, : last - first + 1]
        for block, before in zip(self._blocks, self._inputs, strict=True):
            x, first, last = _changed(block, before, rows, x, first, last)
        profile = self._model.profiles(variants, lengths)
        return self._model.with_trees(self._of_changed(x, rows, first, last, profile), profile, variants, lengths)

    def _of_changed(self, x: Tensor, rows: Tensor, first: int, last: int, profile: Tensor | None) -> Tensor:
        """Returns the logits (B, K) of features that are x (B, C, M) from step `first` to `last`."""
        network = self._network
        if isinstance(network, ConvolutionalNetwork):
            whole = _replaced(self._features, rows, x, first)
            assert network.summary is not None
            found: Tensor = network.head(network.summary(whole, _lengths(whole)))
            return found
        states = [one.states(rows, x, first, last) for one in self._directions]  # (B, T, units) each
        if isinstance(network, RecurrentNetwork):
            ends = [state[:, 0 if one.reversed else -1] for one, state in zip(self._directions, states, strict=True)]
            logits: Tensor = network.head(torch.cat(ends, dim=1))
            return logits
        assert isinstance(network, HybridNetwork)
        joined = torch.cat(states, dim=2).transpose(1, 2)  # (B, C, T)
        return network.of_states(joined, _lengths(joined), profile)


def _lengths(x: Tensor) -> Tensor:
    """Returns the lengths (B,) int64 of sequences without padding, from features (B, C, L)."""
    return torch.full((len(x),), x.shape[2], device=x.device)


def _replaced(base: Tensor, rows: Tensor, x: Tensor, first: int) -> Tensor:
    """Returns the rows (B, C, L) of base (G, C, L) with x (B, C, M) in place of what is there from `first` on."""
    found = base.index_select(0, rows)
    found[:, :, first : first + x.shape[2]] = x
    return found


def _changed(
    block: ConvolutionBlock, before: Tensor, rows: Tensor, x: Tensor, first: int, last: int
) -> tuple[Tensor, int, int]:
    """Returns the outputs (B, C', M') of a block that a change of its inputs reaches, and the first and last of them.

    Args:
        block: the block.
        before: (G, C, L), its inputs without the change.
        rows: (B,) int64, the row of each variant.
        x: (B, C, M), the changed inputs.
        first: position of the first of them.
        last: position of the last of them.
    """
    end, width = before.shape[2] - 1, block.pool.width
    left, right = block.convolution.ends
    start, stop = max(first - right, 0), min(last + left, end)
    start, stop = start - start % width, min(stop + width - 1 - stop % width, end)  # whole pools
    low, high = max(start - left, 0), min(stop + right, end)
    seen = _replaced(before[:, :, low : high + 1], rows, x, first - low)
    # At the ends of what is seen, the block has padding, which only outputs outside of the range see.
    reached = block.unpooled(seen, None)[:, :, start - low : stop + 1 - low]
    pooled, _ = block.pool(reached, _lengths(reached))
    return pooled, start // width, stop // width


class _Direction:
    """One direction of a recurrence, with its states before every step of the sequences.

    Args:
        recurrence: the layer.
        name: suffix of its weights.
        features: (G, C, T), the inputs.

    Attributes:
        reversed: whether it reads from the last step to the first.
    """

    def __init__(self, recurrence: Recurrence, name: str, features: Tensor) -> None:
        self.reversed = bool(name)
        self._kind = type(recurrence.recurrent)
        self._weights = [getattr(recurrence.recurrent, f"{kind}_l0{name}") for kind in _WEIGHTS]
        self._steps = self._turned(features.transpose(1, 2))  # (G, T, C), in the order of reading
        start = features.new_zeros(1, len(features), recurrence.recurrent.hidden_size)
        self._before = [(start, start)]
        states = []
        for step in torch.split(self._steps, 1, dim=1):
            state, last = resumed(self._kind, step, self._before[-1], self._weights)
            states.append(state)
            self._before.append(last)
        self._states = torch.cat(states, dim=1)  # (G, T, units)

    def _turned(self, steps: Tensor) -> Tensor:
        """Returns (B, T, …) in the order of reading, or back."""
        return steps.flip(1) if self.reversed else steps

    def states(self, rows: Tensor, x: Tensor, first: int, last: int) -> Tensor:
        """Returns the states (B, T, units) of variants; see `SharedVariants`."""
        changed = self._turned(x.transpose(1, 2))  # (B, M, C)
        if self.reversed:
            first, last = self._steps.shape[1] - 1 - last, self._steps.shape[1] - 1 - first
        after = self._steps[:, last + 1 :].index_select(0, rows)
        state, cell = (one.index_select(1, rows) for one in self._before[first])
        found, _ = resumed(self._kind, torch.cat([changed, after], dim=1), (state, cell), self._weights)
        return self._turned(torch.cat([self._states[:, :first].index_select(0, rows), found], dim=1))
