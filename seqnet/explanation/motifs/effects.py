"""How much hits change what a model says: the logit with them, less the logit with background in their place."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from seqnet.core.ragged import Ragged
from seqnet.core.threads import check_wanted
from seqnet.explanation.margins import margins
from seqnet.explanation.motifs.matrices import Sites
from seqnet.models.probabilities import batch_logits, best_batch_tokens, evaluating
from seqnet.models.scoring import Scorer
from seqnet.nn.batching import TokenStore, buckets, part_counts, window_parts

__all__ = ["LogitsOf", "explained_logits", "mean_effect"]

LogitsOf = Callable[[Ragged, NDArray[np.int64]], NDArray[np.float64]]
"""Token sequences (M), and the class (M,) of each → the logit (M,) that is explained."""

_DRAWS = 5
"""Number of replacements that are averaged; one alone may make a motif of its own."""
_MOST = 500
"""Maximum number of sequences that are changed, the first ones."""


def mean_effect(
    sites: Sites,
    sequences: Ragged,
    targets: NDArray[np.int64],
    logits_of: LogitsOf,
    background: NDArray[np.float64],
    rng: np.random.Generator,
) -> float:
    """Returns the mean effect on the logit, over sequences with a hit, of all their hits together.

    Args:
        sites: the hits.
        sequences: N token sequences.
        targets: (N,) int64, class that is explained.
        logits_of: the model.
        background: (S,) float64, from which symbols are drawn in place of the hits.
        rng: source of them.
    """
    records = np.unique(sites.record)[:_MOST]
    chosen = sequences.take(records)
    hit = _covered(sites, chosen, records)
    as_it_is = logits_of(chosen, targets[records])
    replaced = np.zeros(len(records))
    for _ in range(_DRAWS):
        data = chosen.data.copy()
        data[hit] = rng.choice(len(background), size=len(hit), p=background) + 1
        replaced += logits_of(Ragged(data, chosen.offsets), targets[records]) / _DRAWS
    return float((as_it_is - replaced).mean())


def _covered(sites: Sites, chosen: Ragged, records: NDArray[np.int64]) -> NDArray[np.int64]:
    """Returns the places (P,) int64 in the data of the chosen records (R,) that are within hits."""
    own = sites.take(np.isin(sites.record, records))
    row = np.searchsorted(records, own.record)
    within = own.start[:, None] + np.arange(own.width)  # (M, W)
    inside = (within >= 0) & (within < chosen.lengths[row][:, None])
    return np.unique((within + chosen.offsets[row][:, None])[inside])


def explained_logits(
    members: Sequence[Scorer], weights: Sequence[float], tokens: Ragged, targets: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Returns the number (M,) float64 that is explained of M sequences, without attributions; see `margins`.

    Args:
        members: of the model.
        weights: share of each member in the mean over members.
        tokens: M token sequences, none empty.
        targets: (M,) int64, class of each.
    """
    store, window = TokenStore(tokens), members[0].window
    counts = part_counts(store.lengths, window)
    sequence, start, length = window_parts(store.lengths, window)
    total = np.zeros(len(tokens))
    for member, weight in zip(members, weights, strict=True):
        share = weight / counts  # (M,)
        padded = np.full_like(length, window) if member.flattens else length
        with evaluating(member):
            for batch in buckets(padded, best_batch_tokens(member)):
                check_wanted()
                of = sequence[batch]
                logits = batch_logits(member, *store.gather(store.starts[of] + start[batch], length[batch]))
                found = margins(logits.double(), torch.from_numpy(targets[of])).numpy()
                np.add.at(total, of, found * share[of])
    return total
