"""In-silico mutagenesis: the exact effect of every single substitution, for any network.

In: P token sequences that fit into the window of a model. Out: their margins (P,) and the change of the margin for each
symbol at each position (ΣL, S). Every variant is scored as a sequence of its own.

Source: Zhou & Troyanskaya 2015, doi:10.1038/nmeth.3547.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from seqnet.core.records import Ragged
from seqnet.core.threads import check_wanted
from seqnet.explanation.effects import Effects
from seqnet.explanation.margins import margins
from seqnet.models.probabilities import batch_logits, best_batch_tokens, evaluating
from seqnet.models.scoring import Scorer
from seqnet.nn.batching import TokenStore, buckets

__all__ = ["mutagenesis"]


def mutagenesis(scorer: Scorer, parts: Ragged, targets: NDArray[np.int64], symbols: int) -> Effects:
    """Returns the effects of all substitutions.

    Args:
        scorer: the model.
        parts: P token sequences, none empty or longer than the window.
        targets: (P,) int64, class of each sequence.
        symbols: S, number of canonical symbols.
    """
    values = np.zeros((len(parts.data), symbols))
    found = np.empty(len(parts))
    store = TokenStore(parts)
    with evaluating(scorer):
        for chosen in buckets(_padded(scorer, parts.lengths), best_batch_tokens(scorer)):
            found[chosen] = _margins(scorer, *store.whole(chosen), targets[chosen])
        sequence = np.repeat(np.arange(len(parts)), parts.lengths)  # (ΣL,)
        for places in _batches(scorer, parts, sequence, symbols):
            check_wanted()
            of = sequence[places]
            tokens, lengths = store.whole(of)  # (Q, L), (Q,)
            variants = tokens[:, None, :].repeat(1, symbols, 1)  # (Q, S, L)
            at = torch.from_numpy(places - parts.offsets[of])
            new = torch.arange(1, symbols + 1, dtype=torch.uint8)
            variants[torch.arange(len(of))[:, None], torch.arange(symbols), at[:, None]] = new
            # The symbol that is there already is no variant.
            other = parts.data[places][:, None] != new.numpy()  # (Q, S)
            row, symbol = np.nonzero(other)
            scored = _margins(scorer, variants[torch.from_numpy(other)], lengths[row], targets[of[row]])
            values[places[row], symbol] = scored - found[of[row]]
    return Effects(found, values)


def _padded(scorer: Scorer, lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Returns the lengths (N,) int64 that sequences have in a batch of their own."""
    return np.full_like(lengths, scorer.window) if scorer.flattens else lengths


def _batches(scorer: Scorer, parts: Ragged, sequence: NDArray[np.int64], symbols: int) -> Iterator[NDArray[np.int64]]:
    """Yields the positions (Q,) int64, indices into the data of all parts, whose variants are scored together."""
    lengths = _padded(scorer, parts.lengths)[sequence] * symbols
    yield from buckets(lengths, best_batch_tokens(scorer))


def _margins(
    scorer: Scorer, tokens: torch.Tensor, lengths: torch.Tensor, targets: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Returns the margins (B,) float64 of a batch."""
    logits = batch_logits(scorer, tokens, lengths)
    return margins(logits.double(), torch.from_numpy(targets)).numpy()
