"""Detection of sequences that are unlike the training sequences, by length and by composition.

In: N token sequences of training. Out: a `Novelty`, which marks other sequences (N,) uint8 with a `RecordStatus`.
Marked records are still classified, but the model has seen no similar sequence.

The composition of L symbols is their shares x (F,): one for each canonical symbol, one for all codes together. Between
sequences of one source it varies with a covariance V. Because it is counted on L symbols, it also varies with that of a
multinomial, S / L, with S = diag(e) - e eᵀ of the expected shares e. Its distance from the mean m is (x - m)ᵀ (S / L +
V)⁻¹ (x - m), with the inverse taken in the subspace of sum zero. Its distribution is the same for short and long
sequences, approximately χ² with F - 1 degrees of freedom.

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
from seqnet.core.ragged import Ragged, chunks, pieces
from seqnet.datasets.tokenizing import RecordStatus

__all__ = ["MARKED_SHARE", "NOTABLE_SHARE", "Novelty", "composition_shares", "describe", "novelty_warning"]

Shares = NDArray[np.float64]

MARKED_SHARE = 0.001
"""Maximum share of the training distribution that is marked, by length and by composition each."""

NOTABLE_SHARE = 0.01
"""Minimum share of marked records for a warning: ten times what is expected by chance."""

_LENGTH_MARGIN = 1.1
"""Factor by which a sequence may be shorter or longer than training sequences: trimming a base does not matter."""

_LEAST_SHARE = 0.01
"""Minimum expected share of a symbol, or of all codes, so that a single N does not mark a sequence."""

_PART = 1 << 20
"""Maximum number of symbols that are counted at once."""

_BYTES, _BYTE = 4, 255
"""Number of one-byte counts in one packed number, and the largest value of a byte."""


@dataclass(frozen=True)
class Novelty:
    """Distribution of the training sequences.

    Attributes:
        shortest: shorter sequences are marked.
        longest: longer sequences are marked; None if longer sequences are meant to be seen window by window.
        shares: (F,) mean share m of each canonical symbol, then of all codes together.
        expected: (F,) expected shares e of the multinomial: the mean, but at least a minimum for rare symbols.
        covariance: (F, F) covariance V of the shares between sequences, beyond that of the multinomial.
        bound: sequences with a larger distance in composition are marked.
    """

    shortest: int
    longest: int | None
    shares: tuple[float, ...]
    expected: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    bound: float

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], alphabet: Alphabet) -> Self:
        """Returns the object for plain values.

        Raises:
            ValueError: the values are not valid for this alphabet.
            KeyError: a value is missing.
            TypeError: a value has the wrong type.
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
        """(F, F) and (F,): axes on which S is 1 and V is diagonal, and the diagonal of V.

        After scaling by e^(-1/2), S is the identity on all possible differences of shares.
        """
        scale = 1 / np.sqrt(np.array(self.expected))
        spread, turned = np.linalg.eigh(np.array(self.covariance) * scale * scale[:, None])
        return turned * scale[:, None], np.maximum(spread, 0)

    def distances(self, shares: Shares, lengths: NDArray[np.int64]) -> NDArray[np.float64]:
        """Returns the distance (N,) float64 from the mean of compositions (N, F) float64 of N lengths (N,) int64."""
        axes, spread = self._axes
        # Not a product of BLAS, which allocates memory for each thread that is in one at the same time.
        along = np.einsum("nf,fg->ng", shares - np.array(self.shares), axes)  # (N, F)
        return np.asarray((along**2 / (1 / np.maximum(lengths, 1)[:, None] + spread)).sum(axis=1))

    def marks(self, tokens: Ragged, alphabet: Alphabet) -> NDArray[np.uint8]:
        """Returns the `RecordStatus` (N,) uint8 of N token sequences: `OK` or an unusual status, length first.

        The length comes first because the bound of the composition is valid only for lengths of training.
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

    Padding and invalid tokens count as codes. All shares of an empty sequence are 0.
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
    """Returns the counts (N, F) int64 of each canonical symbol, and of codes, in N sequences."""
    kind = np.full(256, size, dtype=np.int64)
    kind[1 : size + 1] = np.arange(size)
    if len(tokens) == 1 and len(tokens.data) > _PART:  # in parts, because the code below takes many bytes per symbol
        counts = np.zeros((1, size + 1), dtype=np.int64)
        for part in pieces(tokens.data, _PART):
            counts += _counts(Ragged.from_lengths(part, np.array([len(part)])), size)
        return counts
    row = np.repeat(np.arange(0, len(tokens) * (size + 1), size + 1), tokens.lengths)
    return np.bincount(row + kind[tokens.data], minlength=len(tokens) * (size + 1)).reshape(-1, size + 1)


def _packed_counts(rows: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Returns the counts (N, F) uint8 of short sequences (N, L) of few symbols, in half of the time.

    Each symbol is a number with one byte for each kind of symbol, so that the sum of a row has all its counts.
    """
    weights = np.zeros(256, dtype="<u4")
    weights[1 : size + 1] = 1 << 8 * np.arange(size)
    sums = np.take(weights, rows, mode="clip").sum(axis=1, dtype="<u4")  # (N,)
    known = sums.view(np.uint8).reshape(-1, _BYTES)[:, :size]
    return np.column_stack([known, rows.shape[1] - known.sum(axis=1, dtype=np.uint8)])


def describe(
    training: Ragged, held_out: Ragged, alphabet: Alphabet, *, both_strands: bool = False, windows: bool = False
) -> Novelty:
    """Returns the distribution of training sequences, with a bound that `MARKED_SHARE` of the held-out ones exceed.

    Args:
        training: N token sequences, none empty, at least one.
        held_out: M other sequences; if they are too few to estimate one in a thousand, training sequences are added.
        alphabet: alphabet of the tokens.
        both_strands: whether the model treats a sequence and its reverse complement as equal.
        windows: whether training sequences are windows of longer ones; then longer sequences are not unusual.
    """
    shares, lengths = composition_shares(training, alphabet), training.lengths
    seen = np.concatenate([shares, _other_strand(shares, alphabet)]) if both_strands else shares
    mean = seen.mean(axis=0)
    expected = _expected(mean)
    covariance = _between(seen - mean, expected, np.tile(1 / lengths, len(seen) // len(shares)))
    low = float(np.quantile(lengths, MARKED_SHARE / 2, method="lower"))
    high = float(np.quantile(lengths, 1 - MARKED_SHARE / 2, method="higher"))
    found = Novelty(
        shortest=math.floor(low / _LENGTH_MARGIN),
        longest=None if windows else math.ceil(high * _LENGTH_MARGIN),
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
    """Returns a warning if more of the classified records are marked than expected by chance; otherwise None.

    Args:
        counts: status → number of records.
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
    """Returns shares (F,) that sum to 1, with a minimum of about `_LEAST_SHARE`."""
    floored = np.maximum(mean, _LEAST_SHARE)
    return np.asarray(floored / floored.sum())


def _other_strand(shares: Shares, alphabet: Alphabet) -> Shares:
    """Returns the shares (N, F) of the reverse complements; the share of codes is unchanged."""
    return shares[:, [*(alphabet.complement[1 : alphabet.size + 1].astype(np.int64) - 1), alphabet.size]]


def _between(centred: Shares, expected: Shares, noise: NDArray[np.float64]) -> Shares:
    """Returns the covariance (F, F) of shares beyond that of the multinomial, by the method of moments.

    Args:
        centred: (N, F) float64, the shares minus their mean.
        expected: (F,) float64, expected shares of the multinomial.
        noise: (N,) float64, 1 / length.
    """
    scale = 1 / np.sqrt(expected)
    whitened = centred * scale
    typical = 0.0
    # First all sequences have the same weight. Then those with more precise shares have a larger weight.
    for _ in range(2):
        weights = (noise + typical) ** -2.0 if typical else np.ones_like(noise)
        weights /= weights.sum()
        counting = float(weights @ noise)
        total, axes = np.linalg.eigh((whitened * weights[:, None]).T @ whitened)
        # Not less than its own uncertainty: with a variance of zero, all long sequences would be marked.
        spread = np.maximum(total - counting, counting * math.sqrt(2 * float(weights @ weights)))
        typical = float(spread.mean())
    return np.asarray((axes * spread) @ axes.T / (scale * scale[:, None]))


def _chance(degrees: int) -> float:
    """Returns the distance that a share of `MARKED_SHARE` of the sequences exceeds by chance."""
    # What scipy.stats.chi2 has for its inverse, without the time that its import takes.
    from scipy.special import chdtri

    return float(chdtri(degrees, MARKED_SHARE))
