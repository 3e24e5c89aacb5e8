"""Seqlets → clusters of similar ones, each an alignment.

Two seqlets are compared by the attributions of all symbols at their positions, those that are not there included: a
position at which the model accepts A or G looks alike in a seqlet with A and in one with G. The similarity is the
cosine in the best alignment, in both orientations for nucleotides with strands. The strongest seqlets are clustered by
average linkage; the others join the cluster that they resemble most.

Source: Shrikumar et al. 2018, arXiv:1811.00416 (the comparison by the attributions of all symbols).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from seqnet.core.alphabets import Alphabet
from seqnet.core.ragged import Ragged
from seqnet.explanation.motifs.matrices import Sites

__all__ = ["clusters"]

_MOST = 2000
"""Maximum number of seqlets that are compared with each other."""
_PART = 4000
"""Number of seqlets that are compared with the clusters together."""


class _Fits(NamedTuple):
    """The best alignment of M seqlets with each of K patterns.

    Attributes:
        similarity: (M, K) float32.
        shift: (M, K) int64, column of the pattern at which the seqlet begins.
        turned: (M, K) bool, whether the seqlet is reverse complemented.
    """

    similarity: NDArray[np.float32]
    shift: NDArray[np.int64]
    turned: NDArray[np.bool_]


def clusters(
    seqlets: Sites,
    values: NDArray[np.float32],
    sequences: Ragged,
    alphabet: Alphabet,
    similarity: float,
    least: int,
) -> list[Sites]:
    """Returns the aligned seqlets of each cluster, the largest cluster first.

    Args:
        seqlets: M seqlets, the strongest first.
        values: (ΣL, S) float32, attribution of each symbol at each position of the sequences.
        sequences: N token sequences.
        alphabet: of the sequences.
        similarity: lowest mean cosine within a cluster.
        least: fewest seqlets of a cluster.
    """
    if len(seqlets) < max(least, 2):
        return []
    vectors = _vectors(seqlets, values, sequences)  # (M, W, S)
    strongest = vectors[:_MOST]
    fits = _fits(strongest, strongest, alphabet)
    alike = np.maximum(fits.similarity, fits.similarity.T)
    distances = np.clip(1 - alike, 0, None)
    np.fill_diagonal(distances, 0)
    labels = fcluster(linkage(squareform(distances, checks=False), "average"), 1 - similarity, "distance")
    patterns = []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        # Each seqlet that is compared stands for as many of all.
        if len(members) * len(seqlets) >= least * len(strongest):
            patterns.append(_pattern(members, strongest, fits, alphabet))
    if not patterns:
        return []
    return _joined(seqlets, vectors, np.stack(patterns), alphabet, similarity, least)


def _vectors(seqlets: Sites, values: NDArray[np.float32], sequences: Ragged) -> NDArray[np.float32]:
    """Returns the attributions (M, W, S) float32 of each seqlet, less their mean at each position, with norm 1."""
    places = sequences.offsets[seqlets.record][:, None] + seqlets.start[:, None] + np.arange(seqlets.width)
    found = values[places]  # (M, W, S)
    found = found - found.mean(axis=2, keepdims=True)
    norms = np.sqrt(np.square(found).sum(axis=(1, 2), keepdims=True))
    return np.asarray(found / np.maximum(norms, 1e-12), dtype=np.float32)


def _turned(vectors: NDArray[np.float32], alphabet: Alphabet) -> NDArray[np.float32]:
    """Returns the vectors (M, W, S) of the reverse complements."""
    return vectors[:, ::-1, alphabet.complement[1 : alphabet.size + 1] - 1]


def _fits(seqlets: NDArray[np.float32], patterns: NDArray[np.float32], alphabet: Alphabet) -> _Fits:
    """Returns how seqlets (M, W, S) align best with patterns (K, W, S); at least half of the width must overlap."""
    M, W = seqlets.shape[:2]
    best = np.full((M, len(patterns)), -np.inf, dtype=np.float32)
    shift = np.zeros(best.shape, dtype=np.int64)
    turned = np.zeros(best.shape, dtype=bool)
    for orientation, read in enumerate([seqlets, _turned(seqlets, alphabet)] if alphabet.has_strands else [seqlets]):
        # The alignment without a shift comes first, so that it wins among equals.
        for step in sorted(range(-(W // 2), W // 2 + 1), key=abs):
            own, other = (slice(max(-step, 0), W - max(step, 0)), slice(max(step, 0), W - max(-step, 0)))
            product = read[:, own].reshape(M, -1) @ patterns[:, other].reshape(len(patterns), -1).T
            better = product > best + 1e-6
            best[better], shift[better], turned[better] = product[better], step, bool(orientation)
    return _Fits(best, shift, turned)


def _pattern(
    members: NDArray[np.int64], vectors: NDArray[np.float32], fits: _Fits, alphabet: Alphabet
) -> NDArray[np.float32]:
    """Returns the mean (W, S) of the members of a cluster, aligned to the one that all others resemble most."""
    inner = fits.similarity[np.ix_(members, members)]
    medoid = int(members[np.argmax(inner.sum(axis=0))])
    total = np.zeros(vectors.shape[1:], dtype=np.float32)
    W = len(total)
    for member in members.tolist():
        read = vectors[member : member + 1]
        read = _turned(read, alphabet)[0] if fits.turned[member, medoid] else read[0]
        step = int(fits.shift[member, medoid])
        total[max(step, 0) : W - max(-step, 0)] += read[max(-step, 0) : W - max(step, 0)]
    return np.asarray(total / np.linalg.norm(total), dtype=np.float32)


def _joined(
    seqlets: Sites,
    vectors: NDArray[np.float32],
    patterns: NDArray[np.float32],
    alphabet: Alphabet,
    similarity: float,
    least: int,
) -> list[Sites]:
    """Returns the seqlets that join each pattern (K, W, S), aligned to it."""
    parts = [_fits(vectors[start : start + _PART], patterns, alphabet) for start in range(0, len(vectors), _PART)]
    fits = _Fits(*(np.concatenate(column) for column in zip(*parts, strict=True)))
    nearest = fits.similarity.argmax(axis=1)
    rows = np.arange(len(seqlets))
    joins = fits.similarity[rows, nearest] >= similarity
    found = []
    for index in range(len(patterns)):
        chosen = np.flatnonzero(joins & (nearest == index))
        if len(chosen) < least:
            continue
        sites, turned, shift = seqlets.take(chosen), fits.turned[chosen, index], fits.shift[chosen, index]
        # A seqlet that begins at column 2 of the pattern begins two symbols earlier, or, reverse complemented, later.
        start = sites.start + np.where(turned, shift, -shift)
        found.append(Sites(sites.record, start, turned, sites.width))
    return sorted(found, key=len, reverse=True)
