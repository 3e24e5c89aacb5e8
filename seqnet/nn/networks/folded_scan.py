"""Logits of many windows of one sequence by a folded network, with the words of the sequence numbered only once.

Neighbouring windows share words (`nn.networks.kmer_convolution`). The number of the word at each position, which stands
for convolution, activation and pooling, is computed once for each strand, and not once for each window. The word at a
position has another row of the table in each window, because the first dense layer depends on the place in the window.
So the sum over the words of a window is made for each window. A folded network has no padding inside its window, so
words at the ends of a window are the same as elsewhere.
"""

from __future__ import annotations

import torch
from torch import Tensor

from seqnet.nn.networks.folded_classifier import FoldedClassifier

__all__ = ["scan_logits"]

_TOKENS = 1 << 16
"""Tokens of the windows that are summed together, so that their sums fit into the caches."""


def scan_logits(folded: FoldedClassifier, tokens: Tensor, starts: Tensor) -> Tensor:
    """Returns the logits (N, K) float32 of N windows of a sequence, as `FoldedClassifier.strand_logits` does.

    Args:
        folded: the network, on the CPU.
        tokens: (L,) uint8, the sequence; any token outside the windows.
        starts: (N,) int64, start of each window; windows are as long as `folded.window`.
    """
    window = folded.window
    known = tokens < folded.symbols
    before = torch.cat([torch.zeros(1, dtype=torch.int64), (~known).cumsum(0)])  # (L + 1,)
    coded = before[starts + window] > before[starts]  # (N,), windows with an ambiguity code
    words = _WordNumbers(folded, torch.where(known, tokens, torch.zeros_like(tokens)))
    parts = []
    count = max(_TOKENS // window, 1)
    for first in range(0, len(starts), count):
        some, odd = starts[first : first + count], coded[first : first + count]
        if not bool(odd.any()):
            parts.append(words.logits(some))
            continue
        plain = words.logits(some[~odd])
        found = plain.new_empty(len(some), plain.shape[1])
        found[~odd] = plain
        windows = tokens.unfold(0, window, 1)[some[odd]]  # (n, window)
        found[odd] = folded.strand_logits(windows, torch.full((len(windows),), window))
        parts.append(found)
    return torch.cat(parts)


class _WordNumbers:
    """The numbers of the words of a sequence, and the logits of windows.

    Args:
        folded: the network.
        tokens: (L,) uint8, canonical symbols; anything where no window is looked at.
    """

    def __init__(self, folded: FoldedClassifier, tokens: Tensor) -> None:
        self._folded = folded
        words, window = folded.words, folded.window
        steps = torch.arange(words.places) * words.stride  # (P,)
        self._strands = [(_numbers(tokens, folded, forward=True), steps)]
        complement = folded.classifier.turning
        if complement is not None:
            # The word at a place of the other strand ends where it starts on this one.
            turned = _numbers(complement[tokens.long()], folded, forward=False)
            self._strands.append((turned, window - words.kernel - steps))

    def logits(self, starts: Tensor) -> Tensor:
        """Returns the logits (N, K) of the windows at `starts` (N,) int64, the mean over the strands."""
        found = [
            self._folded.summed(numbers[starts[:, None] + places] + self._folded.firsts)
            for numbers, places in self._strands
        ]
        return found[0] if len(found) == 1 else (found[0] + found[1]) / 2


def _numbers(tokens: Tensor, folded: FoldedClassifier, *, forward: bool) -> Tensor:
    """Returns the number (L - W + 1,) int32 of the word of W symbols at each position of tokens (L,).

    Args:
        tokens: (L,) uint8.
        folded: the network that numbers words.
        forward: whether words are read from left to right.
    """
    width, count = folded.words.kernel, len(tokens) - folded.words.kernel + 1
    digits, numbers = tokens.int(), torch.zeros(count, dtype=torch.int32)
    for place in range(width) if forward else range(width - 1, -1, -1):
        numbers.mul_(folded.symbols).add_(digits[place : place + count])
    return numbers
