"""Sites of a motif in sequences, and the position weight matrix of their symbols.

A site is a stretch of a sequence, on either strand. All sites of a motif have one width, so that they are an alignment.
Its matrix has counts (W, S) float64: how often each of S canonical symbols stands at each of W positions. An ambiguity
code counts in parts; a position of a site outside the sequence counts nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqnet.core.alphabets import PADDING, Alphabet
from seqnet.core.ragged import Ragged

__all__ = ["Sites", "background_of", "consensus", "count_matrix", "frequencies", "information", "turned_matrix"]

_PSEUDOCOUNT = 1.0
"""Symbols that are added to each position, at the frequencies of the background."""


@dataclass(frozen=True)
class Sites:
    """M stretches of N sequences, all of one width.

    Attributes:
        record: (M,) int64, index of the sequence.
        start: (M,) int64, 0-based position on the given strand of the first symbol; may be outside the sequence.
        turned: (M,) bool, whether the site is read as its reverse complement.
        width: W, number of positions.
    """

    record: NDArray[np.int64]
    start: NDArray[np.int64]
    turned: NDArray[np.bool_]
    width: int

    def __len__(self) -> int:
        return len(self.record)

    def take(self, chosen: NDArray[np.int64] | NDArray[np.bool_]) -> Sites:
        """Returns the sites at indices, or where a mask (M,) is true."""
        return Sites(self.record[chosen], self.start[chosen], self.turned[chosen], self.width)

    def cut(self, first: int, width: int) -> Sites:
        """Returns the sites without their first columns, or with more in front, and with another width.

        Args:
            first: column that becomes the first one; negative for further columns.
            width: the new number of columns.
        """
        last = self.width - first - width  # columns removed at the end
        return Sites(self.record, self.start + np.where(self.turned, last, first), self.turned, width)

    def mirrored(self) -> Sites:
        """Returns the same sites, read on the other strand."""
        return Sites(self.record, self.start, ~self.turned, self.width)

    @staticmethod
    def joined(parts: Sequence[Sites]) -> Sites:
        """Returns the sites of all parts, which have one width, each place once."""
        record, start = (np.concatenate([getattr(part, name) for part in parts]) for name in ("record", "start"))
        turned = np.concatenate([part.turned for part in parts])
        # A palindrome is found on both strands; the first reading counts.
        _, first = np.unique(np.stack([record, start]), axis=1, return_index=True)
        chosen = np.sort(first)
        return Sites(record[chosen], start[chosen], turned[chosen], parts[0].width)

    def tokens(self, sequences: Ragged, alphabet: Alphabet) -> NDArray[np.uint8]:
        """Returns the tokens (M, W) uint8 of the sites, as they are read; padding outside a sequence."""
        steps = np.arange(self.width)
        within = np.where(self.turned[:, None], self.width - 1 - steps, steps) + self.start[:, None]  # (M, W)
        inside = (within >= 0) & (within < sequences.lengths[self.record][:, None])
        places = np.where(inside, within + sequences.offsets[self.record][:, None], 0)
        found = np.where(inside, sequences.data[places], np.uint8(PADDING))
        if alphabet.has_strands:
            found = np.where(self.turned[:, None], alphabet.complement[found], found)
        return np.asarray(found, dtype=np.uint8)


def count_matrix(tokens: NDArray[np.uint8], alphabet: Alphabet) -> NDArray[np.float64]:
    """Returns the counts (W, S) float64 of the tokens (M, W) uint8 of some sites."""
    kinds = alphabet.token_count
    cells = tokens + np.arange(tokens.shape[1]) * kinds  # (M, W)
    counts = np.bincount(cells.ravel(), minlength=tokens.shape[1] * kinds).reshape(-1, kinds)
    return np.asarray(counts @ alphabet.mixture.astype(np.float64))


def background_of(sequences: Ragged, alphabet: Alphabet, *, both_strands: bool) -> NDArray[np.float64]:
    """Returns the share (S,) float64 of each canonical symbol in N sequences; every symbol counts once more."""
    counts = np.bincount(sequences.data, minlength=alphabet.token_count)[: alphabet.token_count]
    shares = counts @ alphabet.mixture.astype(np.float64) + 1
    if both_strands:
        shares = shares + shares[alphabet.complement[1 : alphabet.size + 1] - 1]
    return np.asarray(shares / shares.sum())


def frequencies(counts: NDArray[np.float64], background: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the share (W, S) float64 of each symbol at each position, with a pseudocount of one symbol."""
    padded = counts + _PSEUDOCOUNT * background
    return np.asarray(padded / padded.sum(axis=1, keepdims=True))


def information(counts: NDArray[np.float64], background: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the information content (W,) float64 of each position in bits, relative to the background.

    That is the relative entropy, less what it is expected to be for as many symbols of the background, and at least 0.

    Source: Schneider et al. 1986, doi:10.1016/0022-2836(86)90165-8 (the correction for few sites).
    """
    shares = frequencies(counts, background)
    entropy = (shares * np.log2(shares / background)).sum(axis=1)
    expected = (counts.shape[1] - 1) / (2 * np.log(2) * np.maximum(counts.sum(axis=1), 1))
    return np.asarray(np.maximum(entropy - expected, 0))


def turned_matrix(matrix: NDArray[np.float64], alphabet: Alphabet) -> NDArray[np.float64]:
    """Returns the matrix (W, S) of the reverse complement."""
    return np.asarray(matrix[::-1, alphabet.complement[1 : alphabet.size + 1] - 1])


def consensus(counts: NDArray[np.float64], alphabet: Alphabet) -> str:
    """Returns the consensus of a matrix (W, S), one letter for each position.

    Nucleotides: one letter if it has more than half of the symbols and twice as many as the next one; else the code of
    two that have more than three quarters; else the code of the three that are there if one is missing; else N.
    Proteins: a letter with at least half of the symbols; else x.

    Source: Cavener 1987, doi:10.1093/nar/15.4.1353 (nucleotides).
    """
    return "".join(_letter(row, alphabet) for row in counts)


def _letter(row: NDArray[np.float64], alphabet: Alphabet) -> str:
    order = np.argsort(-row, kind="stable")
    total, first, second = row.sum(), row[order[0]], row[order[1]]
    if alphabet.name == "protein":
        return alphabet.canonical[order[0]] if total and first >= total / 2 else "x"
    if first > total / 2 and first > 2 * second:
        return alphabet.canonical[order[0]]
    kept = 3 if total and row[order[3]] == 0 else 4
    if total and first + second > 0.75 * total:
        kept = 2
    members = {alphabet.canonical[index] for index in order[:kept]}
    return next(code for code, meant in alphabet.ambiguous.items() if set(meant) == members)
