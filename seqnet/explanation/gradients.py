"""Attributions from gradients: gradient × input, and integrated gradients.

In: P token sequences that fit into the window of a model. Out: their margins (P,) and the contribution of each symbol
at each position (ΣL, S). The attribution of a position is the contribution of the symbol that it has.

*Gradient*: the gradient of the margin for the symbol, minus the mean gradient of all symbols at this position. Only
this difference matters, because the shares of the symbols always add up to 1.

*Integrated*: the gradient is averaged over points on the straight line from the background composition to the sequence,
and its mean over the background is subtracted. The attributions of a sequence add up to its margin minus that of the
background.

Source: Simonyan et al. 2014, arXiv:1312.6034; Majdandzic et al. 2023, doi:10.1186/s13059-023-02956-3; Sundararajan et
al. 2017, arXiv:1703.01365.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seqnet.core.ragged import Ragged
from seqnet.core.threads import check_wanted
from seqnet.explanation.effects import Effects
from seqnet.explanation.relaxation import Relaxation
from seqnet.models.bundles import Bundle
from seqnet.models.probabilities import best_batch_tokens
from seqnet.nn.batching import TokenStore, buckets
from seqnet.nn.devices import moved

__all__ = ["background", "gradient", "integrated"]

Gradient = Callable[[Tensor], Tensor]
"""Symbols (B, L, S) → gradient (B, L, S) of their margins."""


def background(bundle: Bundle) -> NDArray[np.float32]:
    """Returns the share (S,) float32 of each canonical symbol in the training sequences.

    A model over both strands has that of both strands. Models that do not store it have equal shares.
    """
    size = bundle.alphabet.size
    shares = np.array(bundle.novelty.shares[:size]) if bundle.novelty is not None else np.ones(size)
    if bundle.both_strands:
        shares = shares + shares[bundle.alphabet.complement[1 : size + 1].astype(np.int64) - 1]
    return np.asarray(shares / shares.sum(), dtype=np.float32)


def gradient(relaxation: Relaxation, parts: Ragged, targets: NDArray[np.int64]) -> Effects:
    """Returns the contributions of symbols to first order.

    Args:
        relaxation: the model.
        parts: P token sequences, none empty or longer than the window.
        targets: (P,) int64, class of each sequence.
    """

    def contributions(symbols: Tensor, tokens: Tensor, slope: Gradient) -> Tensor:
        found = slope(symbols)
        return found - found.mean(dim=2, keepdim=True)

    return _attributed(relaxation, parts, targets, contributions)


def integrated(
    relaxation: Relaxation, parts: Ragged, targets: NDArray[np.int64], start: NDArray[np.float32], steps: int
) -> Effects:
    """Returns the contributions of symbols along the way from the background.

    Args:
        relaxation: the model.
        parts: P token sequences, none empty or longer than the window.
        targets: (P,) int64, class of each sequence.
        start: (S,) float32, the background.
        steps: number of points at which gradients are computed.
    """
    composition = torch.from_numpy(start).to(relaxation.classifier.device)

    def contributions(symbols: Tensor, tokens: Tensor, slope: Gradient) -> Tensor:
        before = composition * (tokens != 0)[:, :, None]  # (B, L, S)
        total = torch.zeros_like(symbols)
        for step in range(steps):
            check_wanted()
            total += slope(before + (step + 0.5) / steps * (symbols - before))
        mean = total / steps
        return mean - (mean * composition).sum(dim=2, keepdim=True)

    return _attributed(relaxation, parts, targets, contributions)


def _attributed(
    relaxation: Relaxation,
    parts: Ragged,
    targets: NDArray[np.int64],
    contributions: Callable[[Tensor, Tensor, Gradient], Tensor],
) -> Effects:
    """Returns what `contributions` makes of symbols (B, L, S), tokens (B, L) and the gradient, batch by batch."""
    model, store = relaxation.classifier, TokenStore(parts)
    size = model.mixture.shape[1]
    values, found = np.empty((len(parts.data), size)), np.empty(len(parts))
    # The layers keep about four numbers for each one that they compute, and there are two strands.
    most = max(best_batch_tokens(model) * model.width // (4 * relaxation.width), 1)
    with torch.enable_grad(), _plain_recurrences(model.device):
        for chosen in buckets(parts.lengths, most):
            check_wanted()
            tokens, lengths = (moved(part, model.device) for part in store.whole(chosen))
            labels = moved(torch.from_numpy(targets[chosen]), model.device)
            symbols = model.mixture[tokens.long()]  # (B, L, S)
            slope = _Slope(relaxation, tokens, lengths, labels)
            with torch.no_grad():
                found[chosen] = relaxation.margins(symbols, tokens, lengths, labels).cpu().numpy()
            each = contributions(symbols, tokens, slope).double().cpu().numpy()  # (B, L, S)
            for row, part in enumerate(chosen.tolist()):
                first, last = parts.offsets[part : part + 2]
                values[first:last] = each[row, : last - first]
    return Effects(found, values)


class _Slope:
    """The gradient of the margins of a batch.

    Args:
        relaxation: the model.
        tokens: (B, L) uint8.
        lengths: (B,) int64.
        targets: (B,) int64, the classes.
    """

    def __init__(self, relaxation: Relaxation, tokens: Tensor, lengths: Tensor, targets: Tensor) -> None:
        self._relaxation, self._batch = relaxation, (tokens, lengths, targets)

    def __call__(self, symbols: Tensor) -> Tensor:
        """Returns the gradient (B, L, S) at symbols (B, L, S)."""
        at = symbols.detach().requires_grad_()
        # Sequences do not depend on each other, so the gradient of the sum has the gradient of each.
        (found,) = torch.autograd.grad(self._relaxation.margins(at, *self._batch).sum(), at)
        return found


def _plain_recurrences(device: torch.device) -> AbstractContextManager[None]:
    """Returns a context in which recurrences have gradients in evaluation mode, which those of cuDNN do not."""
    if device.type != "cuda":
        return nullcontext()
    return torch.backends.cudnn.flags(enabled=False)
