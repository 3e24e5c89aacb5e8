"""How similar two matrices are in their best alignment, and motifs that are merged because they are similar.

Matrices are compared by their shares of symbols less the background, so that a position that says nothing is zero, and
so is everything outside a matrix. The similarity is the cosine: 1 for equal matrices, about 0 for unrelated ones, and
less where a position of one has no counterpart in the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.core.alphabets import Alphabet
from seqnet.core.ragged import Ragged
from seqnet.explanation.motifs.matrices import Sites, count_matrix, frequencies, turned_matrix

__all__ = ["Alignment", "Merged", "best_alignment", "merged_sites"]


class Alignment(NamedTuple):
    """The best alignment of a matrix with another one.

    Attributes:
        similarity: cosine, from -1 to 1.
        shift: column of the other matrix at which the first column of this one is; may be negative.
        turned: whether this one is reverse complemented.
    """

    similarity: float
    shift: int
    turned: bool


def best_alignment(
    one: NDArray[np.float64], other: NDArray[np.float64], alphabet: Alphabet, *, turning: bool
) -> Alignment:
    """Returns how a matrix (W, S) aligns best with another one (V, S), both less the background.

    Args:
        one: shares less the background.
        other: the same.
        alphabet: of both.
        turning: whether the reverse complement is tried, too.
    """
    norm = float(np.linalg.norm(one) * np.linalg.norm(other)) or 1.0
    readings = [one, turned_matrix(one, alphabet)] if turning else [one]
    best = Alignment(-np.inf, 0, False)
    for turned, matrix in enumerate(readings):
        scores = matrix @ other.T  # (W, V)
        for shift in range(1 - len(one), len(other)):
            similarity = float(np.trace(scores, shift)) / norm
            if similarity > best.similarity + 1e-9:
                best = Alignment(similarity, shift, bool(turned))
    return best


class Merged(NamedTuple):
    """Similar candidates as one.

    Attributes:
        members: indices of the candidates, the first one first.
        sites: the sites of all, aligned to those of the first.
    """

    members: list[int]
    sites: Sites


def merged_sites(
    candidates: Sequence[Sites],
    sequences: Ragged,
    alphabet: Alphabet,
    background: NDArray[np.float64],
    similarity: float,
) -> list[Merged]:
    """Returns the candidates, each with later ones that are at least so similar to its matrix.

    Args:
        candidates: sites of each candidate, the most important one first.
        sequences: N token sequences that the sites are of.
        alphabet: of the sequences; nucleotides with strands are compared in both orientations.
        background: (S,) float64, share of each symbol.
        similarity: the least cosine, see `best_alignment`.
    """

    def matrix_of(sites: Sites) -> NDArray[np.float64]:
        return frequencies(count_matrix(sites.tokens(sequences, alphabet), alphabet), background) - background

    found: list[tuple[Merged, NDArray[np.float64]]] = []
    for index, sites in enumerate(candidates):
        matrix = matrix_of(sites)
        fits = [best_alignment(matrix, one, alphabet, turning=alphabet.has_strands) for _, one in found]
        best = max(range(len(fits)), key=lambda place: fits[place].similarity, default=None)
        if best is None or fits[best].similarity < similarity:
            found.append((Merged([index], sites), matrix))
            continue
        group = found[best][0]
        fit = fits[best]
        aligned = (sites.mirrored() if fit.turned else sites).cut(-fit.shift, group.sites.width)
        group = Merged([*group.members, index], Sites.joined([group.sites, aligned]))
        found[best] = group, matrix_of(group.sites)
    return [group for group, _ in found]
