"""Classes whose records are shuffles of those of another class.

In: a dataset. Out: names of such classes. Many labelled negatives are shuffles of the positives that keep the counts of
neighbouring pairs of symbols. The counts prove it: hardly any two sequences of 100 bases have the same ones by chance.
They don't tell which of both is the shuffle. Triples do: in a shuffle they are as frequent as the pairs say, in real
sequences they are not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seqnet.core.alphabets import Alphabet
from seqnet.core.kmers import parts
from seqnet.core.ragged import Ragged
from seqnet.datasets.dataset import Dataset
from seqnet.datasets.simulation.shuffling import dinucleotide

__all__ = ["shuffled_classes"]

_SHUFFLED = 0.5
"""Minimum share of a class that has the pairs of a record of another class. The others may be shuffles of records that
are in another split."""

_BY_CHANCE = 0.1
"""Maximum share of the records of other classes with the pairs of another record of their class, as in short ones."""

_SYMBOLS = 50_000
"""Maximum number of symbols of a class in which triples are counted."""

_SHUFFLES = 12
"""Number of shuffles that a class is compared with."""

_REAL = 6.0
"""Sequences are not shuffles if their triples deviate by more standard deviations than this from those of shuffles."""

_USUAL = 3.0
_LITTLE = 0.1
"""A class of shuffles deviates by at most this many standard deviations, or this share of what the other classes do."""


def shuffled_classes(dataset: Dataset) -> tuple[str, ...]:
    """Returns the classes of the train split that are shuffles of records of the other classes, with their pairs.

    Classes that are known to be generated are neither tested nor compared with. The result depends on the dataset only.
    """
    members = dataset.members("train")
    labels = dataset.labels[members]
    known = [dataset.classes.index(name) for name in dataset.generators]
    members = members[~np.isin(labels, known)]
    if dataset.crop or not len(members):
        return ()
    labels = dataset.labels[members]
    found = _related(_pair_sums(dataset, members), labels, len(dataset.classes))
    rng = np.random.default_rng(0)

    def deviation(chosen: NDArray[np.bool_]) -> float:
        records = rng.permutation(members[chosen])
        enough = int(np.searchsorted(dataset.tokens.lengths[records].cumsum(), _SYMBOLS)) + 1
        return _deviation(dataset.tokens.take(np.sort(records[:enough])), dataset.alphabet, rng)

    def is_shuffled(label: int) -> bool:
        others = deviation(labels != label)
        return others > _REAL and deviation(labels == label) <= max(_USUAL, _LITTLE * others)

    return tuple(dataset.classes[label] for label in found.tolist() if is_shuffled(label))


def _related(sums: NDArray[np.uint64], labels: NDArray[np.int32], kinds: int) -> NDArray[np.int64]:
    """Returns the classes most of whose records have the pairs of a record of another class, and not by chance.

    Args:
        sums: (N,) uint64, equal for records with the same pairs.
        labels: (N,) int32.
        kinds: number of classes.
    """
    _, group, size = np.unique(sums, return_inverse=True, return_counts=True)
    _, place, alike = np.unique(group * kinds + labels, return_inverse=True, return_counts=True)
    own = alike[place]  # (N,) records of the same class with the same pairs, itself included
    total = np.bincount(labels, minlength=kinds)
    shared = np.bincount(labels, weights=size[group] > own, minlength=kinds)
    repeated = np.bincount(labels, weights=own > 1, minlength=kinds)
    by_chance = (repeated.sum() - repeated) <= _BY_CHANCE * (len(labels) - total)
    return np.flatnonzero((total > 0) & (shared >= _SHUFFLED * total) & by_chance)


def _pair_sums(dataset: Dataset, members: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Returns a number (M,) uint64 for each record, that only records with the same pairs of symbols have in common.

    It is the sum of random numbers, one for each kind of pair.
    """
    kinds = dataset.alphabet.token_count
    random = np.random.default_rng(0).integers(0, 1 << 64, kinds * kinds, dtype=np.uint64)
    found = []
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
