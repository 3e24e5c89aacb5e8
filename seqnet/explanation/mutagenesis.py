"""In-silico mutagenesis: the exact effect of every single substitution, for any network.

In: P token sequences that fit into the window of a model. Out: their margins (P,) and the change of the margin for each
symbol at each position (ΣL, S). Every variant can be scored as a sequence of its own. Where many sequences have one
length, or sequences are long, what variants share is computed once (`shared_variants`).

Source: Zhou & Troyanskaya 2015, doi:10.1038/nmeth.3547.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seqnet.core.ragged import Ragged
from seqnet.core.threads import check_wanted
from seqnet.explanation.effects import Effects
from seqnet.explanation.margins import margins
from seqnet.explanation.shared_variants import SharedVariants, can_share
from seqnet.models.probabilities import batch_logits, best_batch_tokens, evaluating
from seqnet.models.scoring import Scorer
from seqnet.nn.batching import TokenStore, buckets
from seqnet.nn.devices import moved, out_of_memory
from seqnet.nn.networks import Classifier
from seqnet.nn.strands import reverse_complement

__all__ = ["mutagenesis"]

_ENOUGH = 2048
"""Minimum number of variants of a group of sequences for which sharing is faster, because it needs many small steps."""
_LARGEST = 1 << 23
"""Maximum number of values of the widest layer of all variants at one position of a group."""


def mutagenesis(
    scorer: Scorer, parts: Ragged, targets: NDArray[np.int64], symbols: int, *, share: bool = True
) -> Effects:
    """Returns the effects of all substitutions.

    Args:
        scorer: the model.
        parts: P token sequences, none empty or longer than the window.
        targets: (P,) int64, class of each sequence.
        symbols: S, number of canonical symbols.
        share: whether what variants share may be computed once.
    """
    values = np.zeros((len(parts.data), symbols))
    found = np.empty(len(parts))
    store = TokenStore(parts)
    with evaluating(scorer):
        for chosen in buckets(_padded(scorer, parts.lengths), best_batch_tokens(scorer)):
            found[chosen] = _margins(batch_logits(scorer, *store.whole(chosen)), targets[chosen])
        left = np.ones(len(parts), dtype=bool)
        if share and isinstance(scorer, Classifier) and can_share(scorer):
            for group in _groups(scorer, parts.lengths, symbols):
                check_wanted()
                tokens, _ = store.whole(group)
                places = parts.offsets[group][:, None] + np.arange(tokens.shape[1])  # (G, L)
                if (scored := _shared(scorer, tokens, targets[group], symbols)) is not None:
                    values[places] = scored - found[group][:, None, None]
                    left[group] = False
        _score_each(scorer, parts, targets, np.flatnonzero(left), found, values)
        # The symbol that is there already is no substitution.
        at = np.flatnonzero(parts.data <= symbols)
        values[at, parts.data[at] - 1] = 0.0
    return Effects(found, values)


def _margins(logits: Tensor, targets: NDArray[np.int64]) -> NDArray[np.float64]:
    """Returns the margins (B,) float64 of logits (B, K)."""
    return margins(logits.double(), torch.from_numpy(targets)).numpy()


def _padded(scorer: Scorer, lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Returns the lengths (N,) int64 that sequences have in a batch of their own."""
    return np.full_like(lengths, scorer.window) if scorer.flattens else lengths


def _score_each(
    scorer: Scorer,
    parts: Ragged,
    targets: NDArray[np.int64],
    chosen: NDArray[np.int64],
    before: NDArray[np.float64],
    values: NDArray[np.float64],
) -> None:
    """Scores every variant of the chosen sequences as a sequence of its own, and fills in its row of `values`.

    Args:
        scorer: see `mutagenesis`.
        parts: see `mutagenesis`.
        targets: see `mutagenesis`.
        chosen: (M,) int64, indices of the sequences.
        before: (P,) float64, margins of the sequences.
        values: (ΣL, S) float64, where the effects go.
    """
    store, symbols = TokenStore(parts), values.shape[1]
    sequence = np.repeat(chosen, parts.lengths[chosen])  # (Q,)
    ends = np.cumsum(parts.lengths[chosen])
    position = np.arange(len(sequence)) - np.repeat(ends - parts.lengths[chosen], parts.lengths[chosen])  # (Q,)
    new = torch.arange(1, symbols + 1, dtype=torch.uint8)
    for batch in buckets(_padded(scorer, parts.lengths)[sequence] * symbols, best_batch_tokens(scorer)):
        check_wanted()
        of = sequence[batch]
        tokens, lengths = store.whole(of)  # (B, L), (B,)
        places = parts.offsets[of] + position[batch]
        variants = tokens[:, None, :].repeat(1, symbols, 1)  # (B, S, L)
        at = torch.from_numpy(position[batch])[:, None]
        variants[torch.arange(len(of))[:, None], torch.arange(symbols), at] = new
        other = torch.from_numpy(parts.data[places])[:, None] != new  # (B, S)
        row, symbol = (index.numpy() for index in other.nonzero(as_tuple=True))
        logits = batch_logits(scorer, variants[other], lengths[row])
        values[places[row], symbol] = _margins(logits, targets[of[row]]) - before[of[row]]


def _groups(classifier: Classifier, lengths: NDArray[np.int64], symbols: int) -> Iterator[NDArray[np.int64]]:
    """Yields the sequences (G,) int64 of one length whose variants are scored together, where that is worth it."""
    for length in np.unique(lengths):
        same = np.flatnonzero(lengths == length)
        most = max(_LARGEST // (int(length) * classifier.width * symbols), 1)
        for start in range(0, len(same), most):
            group = same[start : start + most]
            if len(group) * int(length) * (symbols - 1) >= _ENOUGH:
                yield group


def _shared(
    classifier: Classifier, tokens: Tensor, targets: NDArray[np.int64], symbols: int
) -> NDArray[np.float64] | None:
    """Returns the margins (G, L, S) of all variants of sequences (G, L), and any number for the symbol that is there.

    None if they do not fit into memory together.
    """
    tokens = moved(tokens, classifier.device)
    count, length = tokens.shape
    found = np.zeros((count, length, symbols))
    new = torch.arange(1, symbols + 1, dtype=torch.uint8, device=tokens.device)
    lengths = torch.full((count,), length, device=tokens.device)
    turning = classifier.turning
    try:
        given = SharedVariants(classifier, tokens)
        turned = None if turning is None else reverse_complement(tokens, lengths, turning)
        other = None if turned is None else SharedVariants(classifier, turned)
        for place in range(length):
            check_wanted()
            rows, symbol = (tokens[:, place, None] != new).nonzero(as_tuple=True)
            logits = given.logits(_with(tokens, rows, place, new[symbol]), rows, place)
            if turning is not None and turned is not None and other is not None:
                mirrored = length - 1 - place
                variants = _with(turned, rows, mirrored, turning[new[symbol].long()])
                logits = (logits + other.logits(variants, rows, mirrored)) / 2
            of = rows.cpu().numpy()
            found[of, place, symbol.cpu().numpy()] = _margins(logits.cpu(), targets[of])
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        return None
    return found


def _with(tokens: Tensor, rows: Tensor, place: int, symbols: Tensor) -> Tensor:
    """Returns the rows (B, L) of tokens (G, L) with symbols (B,) at one position."""
    found = tokens.index_select(0, rows)
    found[:, place] = symbols
    return found
