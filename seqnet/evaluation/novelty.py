"""What training sequences are like, and which sequences are unlike them: by length, by composition.

In: N token sequences of training. Out: a `Novelty`, which marks others (N,) uint8 `RecordStatus`. A mark is no verdict:
the record is classified, by a model that has seen nothing of the kind.

The composition of L symbols is their shares x (F,): one for each canonical symbol, one for all codes together. Between
sequences of one source it varies with a covariance V, and, since it is counted on L symbols, with that of a
multinomial, S / L, S = diag(e) - e eᵀ of the expected shares e. Its distance from the mean m is
(x - m)ᵀ (S / L + V)⁻¹ (x - m), the inverse within what adds up to zero. It has one distribution for short and for long
sequences, about a χ² of F - 1 degrees of freedom.

Source: Mosimann 1962, doi:10.1093/biomet/49.1-2.65, for shares that vary more than a multinomial does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from seqnet.core.alphabets import Alphabet
from seqnet.core.records import Ragged, chunks, pieces
from seqnet.datasets.tokenizing import RecordStatus

__all__ = ["MARKED_SHARE", "NOTABLE_SHARE", "Novelty", "composition_shares", "describe", "novelty_warning"]

Shares = NDArray[np.float64]

MARKED_SHARE = 0.001
"""Share of the training distribution that is marked, at most: by length, and by composition."""

NOTABLE_SHARE = 0.01
"""Share of the records from which on marks are worth a warning: ten times what chance brings."""

_LENGTH_ROOM = 1.1
"""Factor by which a sequence may be shorter or longer than those of training: trimming a base makes nothing new."""

_LEAST_SHARE = 0.01
"""Share of codes, or of a symbol, that is expected where training has less: one N makes nothing new."""

_PART = 1 << 20
"""Symbols that are counted at once."""

_BYTES, _BYTE = 4, 255
"""Counts that fit into one number, a byte each, and the largest of a byte."""


@dataclass(frozen=True)
class Novelty:
    """What training sequences are like.

    Attributes:
        shortest: length below which a sequence is marked.
        longest: length above which it is; None where longer ones are meant to be seen window by window.
        shares: (F,) mean share m of each canonical symbol, then of all codes together.
        expected: (F,) shares e that counting is expected to vary about: the mean, with room for what is rare.
        covariance: (F, F) covariance V of the shares between sequences, beyond that of counting.
        bound: distance in composition beyond which a sequence is marked.
    """

    shortest: int
    longest: int | None
    shares: tuple[float, ...]
    expected: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    bound: float

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], alphabet: Alphabet) -> Self:
        """Returns the description in plain values.

        Raises:
            ValueError: it is not one of sequences of this alphabet.
            KeyError: something is missing.
            TypeError: a value is of the wrong type.
        """
        covariance = np.array(values["covariance"], dtype=np.float64)
        shares, expected = (np.array(values[name], dtype=np.float64) for name in ("shares", "expected"))
        bound, shortest = float(values["bound"]), int(values["shortest"])
        longest = None if values["longest"] is None else int(values["longest"])
        width = alphabet.size + 1
        if shares.shape != (width,) or expected.shape != (width,) or covariance.shape != (width, width):
            raise ValueError("novelty of another alphabet")
        if not (np.isfinite(covariance).all() and np.isfinite(shares).all() and (expected > 0).all()):
            raise ValueError("novelty without numbers")
        if not math.isfinite(bound) or (longest is not None and longest < shortest):
            raise ValueError("novelty without bounds")
        return cls(
            shortest,
            longest,
            tuple(shares.tolist()),
            tuple(expected.tolist()),
            tuple(map(tuple, covariance.tolist())),
            bound,
        )

    @cached_property
    def _axes(self) -> tuple[Shares, Shares]:
        """(F, F) and (F,): axes on which S is 1 and V diagonal, and V on them.

        Scaled by e^(-1/2), S is the identity on all that shares can differ by.
        """
        scale = 1 / np.sqrt(np.array(self.expected))
        spread, turned = np.linalg.eigh(np.array(self.covariance) * scale * scale[:, None])
        return turned * scale[:, None], np.maximum(spread, 0)

    def distances(self, shares: Shares, lengths: NDArray[np.int64]) -> NDArray[np.float64]:
        """Returns how far (N,) float64 compositions (N, F) float64 of so many symbols (N,) int64 are from the mean."""
        axes, spread = self._axes
        along = (shares - np.array(self.shares)) @ axes  # (N, F)
        return np.asarray((along**2 / (1 / np.maximum(lengths, 1)[:, None] + spread)).sum(axis=1))

    def marks(self, tokens: Ragged, alphabet: Alphabet) -> NDArray[np.uint8]:
        """Returns the `RecordStatus` (N,) uint8 of N token sequences: `OK`, or what is unusual; of both, the length.

        The bound of the composition holds for the lengths of training, so that length comes first.
        """
        lengths = tokens.lengths
        far = self.distances(composition_shares(tokens, alphabet), lengths) > self.bound
        marks = np.where(far, np.uint8(RecordStatus.UNUSUAL_COMPOSITION), np.uint8(RecordStatus.OK))
        marks[lengths < self.shortest] = RecordStatus.UNUSUAL_LENGTH
        if self.longest is not None:
            marks[lengths > self.longest] = RecordStatus.UNUSUAL_LENGTH
        return marks


def composition_shares(tokens: Ragged, alphabet: Alphabet) -> Shares:
    """Returns the shares (N, F) float64 of the canonical symbols and of all codes in N token sequences.

    Padding and invalid tokens count as codes; an empty sequence has none of anything.
    """
    counts = np.empty((len(tokens), alphabet.size + 1))
    for start, stop in chunks(tokens, _PART):
        part = tokens.slice(start, stop)
        rows = part.rows
        if rows is not None and rows.shape[1] <= _BYTE and alphabet.size <= _BYTES:
            counts[start:stop] = _packed_counts(rows, alphabet.size)
        else:
            counts[start:stop] = _counts(part, alphabet.size)
    return np.asarray(counts / np.maximum(tokens.lengths, 1)[:, None])


def _counts(tokens: Ragged, size: int) -> NDArray[np.int64]:
    """Returns how many (N, F) int64 of each canonical symbol, and of codes, N sequences have."""
    kind = np.full(256, size, dtype=np.int64)
    kind[1 : size + 1] = np.arange(size)
    if len(tokens) == 1 and len(tokens.data) > _PART:  # part by part: what follows takes many bytes a symbol
        counts = np.zeros((1, size + 1), dtype=np.int64)
        for part in pieces(tokens.data, _PART):
            counts += _counts(Ragged.from_lengths(part, np.array([len(part)])), size)
        return counts
    row = np.repeat(np.arange(0, len(tokens) * (size + 1), size + 1), tokens.lengths)
    return np.bincount(row + kind[tokens.data], minlength=len(tokens) * (size + 1)).reshape(-1, size + 1)


def _packed_counts(rows: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Returns the same (N, F) uint8 of short sequences (N, L) of few symbols, in half of the time.

    One number for each symbol has a byte for each kind, so that the sum of a row is its counts.
    """
    weights = np.zeros(256, dtype="<u4")
    weights[1 : size + 1] = 1 << 8 * np.arange(size)
    sums = np.take(weights, rows, mode="clip").sum(axis=1, dtype="<u4")  # (N,)
    known = sums.view(np.uint8).reshape(-1, _BYTES)[:, :size]
    return np.column_stack([known, rows.shape[1] - known.sum(axis=1, dtype=np.uint8)])


def describe(
    training: Ragged, held_out: Ragged, alphabet: Alphabet, *, both_strands: bool = False, windows: bool = False
) -> Novelty:
    """Returns what training sequences are like, with a bound that `MARKED_SHARE` of the held-out ones are beyond.

    Args:
        training: N token sequences, none empty, at least one.
        held_out: M others; where they are too few to tell one in a thousand, training sequences are added.
        alphabet: of the tokens.
        both_strands: whether a sequence and its reverse complement are the same to the model.
        windows: whether training sequences are windows of longer ones, which are no news then.
    """
    shares, lengths = composition_shares(training, alphabet), training.lengths
    seen = np.concatenate([shares, _other_strand(shares, alphabet)]) if both_strands else shares
    mean = seen.mean(axis=0)
    expected = _expected(mean)
    covariance = _between(seen - mean, expected, np.tile(1 / lengths, len(seen) // len(shares)))
    low = float(np.quantile(lengths, MARKED_SHARE / 2, method="lower"))
    high = float(np.quantile(lengths, 1 - MARKED_SHARE / 2, method="higher"))
    found = Novelty(
        shortest=math.floor(low / _LENGTH_ROOM),
        longest=None if windows else math.ceil(high * _LENGTH_ROOM),
        shares=tuple(mean.tolist()),
        expected=tuple(expected.tolist()),
        covariance=tuple(map(tuple, covariance.tolist())),
        bound=0.0,
    )
    distances = found.distances(composition_shares(held_out, alphabet), held_out.lengths)
    if len(distances) < 1 / MARKED_SHARE:
        distances = np.concatenate([distances, found.distances(shares, lengths)])
    bound = max(float(np.quantile(distances, 1 - MARKED_SHARE, method="higher")), _chance(alphabet.size))
    return replace(found, bound=bound)


def novelty_warning(counts: Mapping[RecordStatus, int]) -> str | None:
    """Returns a line where many of the classified records are marked, None where there are no more than may be.

    Args:
        counts: records by status.
    """
    classified = sum(count for status, count in counts.items() if status.classified)
    marked = {status: count for status, count in sorted(counts.items()) if status.unusual and count}
    unusual = sum(marked.values())
    if unusual <= NOTABLE_SHARE * classified:
        return None
    words = ", ".join(f"{count:,} {status.word}" for status, count in marked.items())
    return (
        f"{unusual:,} of {classified:,} classified records ({unusual / classified:.1%}) are unlike the sequences that "
        f"the model was trained on: {words}"
    )


def _expected(mean: Shares) -> Shares:
    """Returns shares (F,) that add up to 1, of which none is below about `_LEAST_SHARE`."""
    floored = np.maximum(mean, _LEAST_SHARE)
    return np.asarray(floored / floored.sum())


def _other_strand(shares: Shares, alphabet: Alphabet) -> Shares:
    """Returns the shares (N, F) of the reverse complements; codes stay codes."""
    return shares[:, [*(alphabet.complement[1 : alphabet.size + 1].astype(np.int64) - 1), alphabet.size]]


def _between(centred: Shares, expected: Shares, noise: NDArray[np.float64]) -> Shares:
    """Returns the covariance (F, F) of shares beyond what counting explains, by moments.

    Args:
        centred: (N, F) float64, the shares less their mean.
        expected: (F,) float64, shares that counting varies about.
        noise: (N,) float64, one by length.
    """
    scale = 1 / np.sqrt(expected)
    whitened = centred * scale
    typical = 0.0
    # At first all sequences weigh the same; then those more whose shares are counted well enough to show the rest.
    for _ in range(2):
        weights = (noise + typical) ** -2.0 if typical else np.ones_like(noise)
        weights /= weights.sum()
        counting = float(weights @ noise)
        total, axes = np.linalg.eigh((whitened * weights[:, None]).T @ whitened)
        # What so many sequences could not tell from zero is not taken for zero: long ones would all be marked.
        spread = np.maximum(total - counting, counting * math.sqrt(2 * float(weights @ weights)))
        typical = float(spread.mean())
    return np.asarray((axes * spread) @ axes.T / (scale * scale[:, None]))


def _chance(degrees: int) -> float:
    """Returns the distance that chance alone takes `MARKED_SHARE` of the sequences beyond."""
    # What scipy.stats.chi2 has for its inverse, without the time that its import takes.
    from scipy.special import chdtri

    return float(chdtri(degrees, MARKED_SHARE))
