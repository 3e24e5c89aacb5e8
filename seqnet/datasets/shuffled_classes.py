"""Classes whose records are shuffles of those of other classes.

In: a dataset. Out: names of such classes. Many labelled negatives are shuffles of the positives that keep the counts of
neighbouring pairs of symbols. Two different sequences of 100 bases hardly ever have the same counts by chance. The
counts don't tell which of the two is the shuffle. Triples do: in a shuffle they are as frequent as the pairs say, in
real sequences they are not. Records without a partner are shuffles, too, if their triples say so; they may belong to
records of another split.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqnet.core.alphabets import Alphabet
from seqnet.core.kmers import parts
from seqnet.core.ragged import Ragged, gather_ranges
from seqnet.datasets.dataset import Dataset
from seqnet.datasets.simulation.shuffling import dinucleotide
from seqnet.similarity import sequence_hashes

__all__ = ["shuffled_classes"]

_LONGEST = 1 << 20
"""Datasets with longer records are not examined."""

_PARTNERED = 0.5
"""Minimum share of a class whose records have the pairs of a record of another class."""

_FEW = 0.1
"""Maximum share of a class with sequences of other classes, of other records with the pairs of a further one of their
class, as short ones have by chance, and of records that are too few to tell whether they are shuffles."""

_SYMBOLS = 50_000
"""Maximum number of symbols in which triples are counted."""

_SHUFFLES = 12
"""Number of shuffles that records are compared with."""

_LEAST_OF_REAL = 6.0
"""The triples of real sequences deviate by more standard deviations than this from those of shuffles."""

_MOST_OF_SHUFFLES = 3.0
_MOST_SHARE = 0.1
"""Those of shuffles deviate by at most this many standard deviations, or this share of what real sequences do."""


@dataclass(frozen=True)
class _Records:
    """N different sequences of the train split, without those that are in several classes.

    Attributes:
        dataset: that they are of.
        index: (N,) int64, in the dataset.
        labels: (N,) int64.
        group: (N,) int64, equal for records with the same pairs of symbols.
        mixed: (K,) bool, classes in which too many records have the sequence of a record of another class.
    """

    dataset: Dataset
    index: NDArray[np.int64]
    labels: NDArray[np.int64]
    group: NDArray[np.int64]
    mixed: NDArray[np.bool_]


def shuffled_classes(dataset: Dataset) -> tuple[str, ...]:
    """Returns the classes of the train split whose records are shuffles of those of other classes.

    Classes that are known to be generated are neither tested nor compared with. The result depends on the dataset only.
    """
    if dataset.crop or dataset.tokens.lengths.max(initial=0) > _LONGEST:
        return ()
    records = _different_records(dataset)
    return tuple(
        dataset.classes[label]
        for label, partners in _partnered(records).items()
        if _is_shuffled(records, label, partners)
    )


def _different_records(dataset: Dataset) -> _Records:
    members = dataset.members("train")
    known = [dataset.classes.index(name) for name in dataset.generators]
    members = members[~np.isin(dataset.labels[members], known)]
    labels = dataset.labels[members].astype(np.int64)
    hashes = [sequence_hashes(part) for part in parts(dataset.tokens, members)]
    each = np.concatenate([np.empty(0, np.uint64), *hashes])
    _, first, which = np.unique(each, return_index=True, return_inverse=True)
    several = np.zeros(len(first), dtype=bool)
    several[which[labels != labels[first][which]]] = True
    total, shared = (np.bincount(labels, weights=one, minlength=len(dataset.classes)) for one in (None, several[which]))
    kept = np.sort(first[~several])
    group = np.unique(_pair_sums(dataset, members[kept]), return_inverse=True)[1]
    return _Records(dataset, members[kept], labels[kept], group, shared > _FEW * total)


def _partnered(records: _Records) -> dict[int, NDArray[np.bool_]]:
    """Returns the classes most of whose records have partners, with a mask (N,) of these records and their partners.

    A partner is a record of another class with the same pairs. A class in which records have the same pairs by chance,
    or that has several shuffles of each sequence, has no partners.
    """
    labels, group, kinds = records.labels, records.group, len(records.dataset.classes)
    _, place, alike = np.unique(group * kinds + labels, return_inverse=True, return_counts=True)
    total = np.bincount(labels, minlength=kinds)
    repeated = np.bincount(labels, weights=alike[place] > 1, minlength=kinds) > _FEW * total
    single = ~repeated[labels]
    size = np.bincount(group[single], minlength=group.max(initial=-1) + 1)
    others = size[group] - np.where(single, alike[place], 0)  # (N,) possible partners of each record
    shared = np.bincount(labels, weights=others > 0, minlength=kinds)
    found = {}
    for label in np.flatnonzero((shared >= _PARTNERED * total) & (shared > 0) & ~records.mixed).tolist():
        own = labels == label
        inside = np.zeros(len(size), dtype=bool)
        inside[group[own & (others > 0)]] = True
        found[label] = inside[group] & (own | single)
    return found


def _is_shuffled(records: _Records, label: int, chosen: NDArray[np.bool_]) -> bool:
    """Returns whether the records of a class are shuffles, and their partners are not.

    Args:
        records: all of them.
        label: the class.
        chosen: (N,), its records with partners, and their partners.
    """
    own, rng = records.labels == label, np.random.default_rng(0)
    lengths = records.dataset.tokens.lengths[records.index]
    size = min(_SYMBOLS, int(lengths[chosen & own].sum()), int(lengths[chosen & ~own].sum()))

    def deviation(which: NDArray[np.bool_], most: int) -> float:
        sample = _sample(records.dataset.tokens, rng.permutation(records.index[which]), most)
        return _deviation(sample, records.dataset.alphabet, rng)

    def usual(which: NDArray[np.bool_], most: int, real: float) -> bool:
        return deviation(which, most) <= max(_MOST_OF_SHUFFLES, _MOST_SHARE * real)

    real = deviation(chosen & ~own, size)
    if real <= _LEAST_OF_REAL or not usual(chosen & own, size, real):
        return False
    rest = own & ~chosen
    left = min(size, int(lengths[rest].sum()))
    # The deviation grows with the number of symbols.
    if real * left / size <= _LEAST_OF_REAL:
        return int(rest.sum()) <= _FEW * int(own.sum())
    return usual(rest, left, real * left / size)


def _sample(tokens: Ragged, order: NDArray[np.int64], most: int) -> Ragged:
    """Returns the first sequences in an order, `most` symbols in all; the last one is cut."""
    lengths = tokens.lengths[order]
    count = int(np.searchsorted(lengths.cumsum(), most)) + 1
    order, lengths = order[:count], lengths[:count].copy()
    lengths[-1] -= max(int(lengths.sum()) - most, 0)
    return Ragged.from_lengths(gather_ranges(tokens.data, tokens.offsets[order], lengths), lengths)


def _pair_sums(dataset: Dataset, members: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Returns a number (M,) uint64 for each record, that only records with the same pairs of symbols have in common.

    It is the sum of random numbers, one for each kind of pair.
    """
    kinds = dataset.alphabet.token_count
    random = np.random.default_rng(0).integers(0, 1 << 64, kinds * kinds, dtype=np.uint64)
    found = [np.empty(0, np.uint64)]
    for part in parts(dataset.tokens, members):
        pairs = part.data[:-1].astype(np.uint16) * np.uint16(kinds) + part.data[1:]
        total = np.concatenate([np.zeros(1, np.uint64), np.cumsum(random[pairs], dtype=np.uint64)])  # wraps around
        found.append(total[part.offsets[1:] - 1] - total[part.offsets[:-1]])
    return np.concatenate(found)


def _deviation(records: Ragged, alphabet: Alphabet, rng: np.random.Generator) -> float:
    """Returns by how many standard deviations the triples of symbols are less like those of shuffles than shuffles are.

    The measure is the sum of (n - e)² / e over all triples, with n of the records and e of the shuffles.
    """
    frequencies = np.full(alphabet.size, 1 / alphabet.size)  # not used by these shuffles
    shuffles = [dinucleotide(records, alphabet, rng, frequencies) for _ in range(_SHUFFLES)]
    counts = np.array([_triples(each, alphabet.token_count) for each in (records, *shuffles)])
    sums = np.empty(len(counts))
    for number, each in enumerate(counts):
        expected = np.delete(counts, [0, number], axis=0).mean(axis=0)
        sums[number] = ((each - expected) ** 2 / np.maximum(expected, 1)).sum()
    spread = float(sums[1:].std(ddof=1))
    return float(sums[0] - sums[1:].mean()) / spread if spread else 0.0


def _triples(records: Ragged, kinds: int) -> NDArray[np.float64]:
    """Returns the counts (kinds³,) float64 of the triples of neighbouring symbols within the records."""
    digits = records.data.astype(np.int64)
    codes = (digits[:-2] * kinds + digits[1:-1]) * kinds + digits[2:]
    left = np.repeat(records.offsets[1:], records.lengths)[: len(codes)] - np.arange(len(codes))
    return np.bincount(codes[left >= 3], minlength=kinds**3).astype(np.float64)
