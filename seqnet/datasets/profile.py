"""Overview of a dataset for reports: records, lengths and composition of each class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqnet.core.kmers import parts
from seqnet.datasets.dataset import Dataset
from seqnet.datasets.length_counts import LENGTH_BINS, count_lengths

__all__ = ["DatasetProfile", "profile_dataset"]


@dataclass(frozen=True, eq=False)
class DatasetProfile:
    """Records, lengths and composition of the K classes of a dataset.

    Attributes:
        classes: the K names.
        counts: (K, 3) int64, records of each class in each split.
        lengths: (K, LENGTH_BINS) int64, records of each class by length; see `length_counts`.
        extremes: (K, 3) float64, shortest, median and longest record of each class; NaN for a class without records.
        symbols: the S canonical symbols of the alphabet.
        composition: (K, S) float64, share of each symbol among those of a class, an ambiguity code as its mixture; NaN
            for a class without records.
    """

    classes: tuple[str, ...]
    counts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    extremes: NDArray[np.float64]
    symbols: str
    composition: NDArray[np.float64]


def profile_dataset(dataset: Dataset) -> DatasetProfile:
    """Returns what all records of a dataset are like; it reads each of them once."""
    kinds = len(dataset.classes)
    lengths = np.zeros((kinds, LENGTH_BINS), dtype=np.int64)
    extremes = np.full((kinds, 3), np.nan)
    composition = np.full((kinds, dataset.alphabet.size), np.nan)
    for label in range(kinds):
        members = np.flatnonzero(dataset.labels == label)
        if not len(members):
            continue
        own = dataset.tokens.lengths[members]
        lengths[label] = count_lengths(own)
        extremes[label] = own.min(), np.median(own), own.max()
        composition[label] = _composition(dataset, members)
    return DatasetProfile(dataset.classes, dataset.counts(), lengths, extremes, dataset.alphabet.canonical, composition)


def _composition(dataset: Dataset, members: NDArray[np.int64]) -> NDArray[np.float64]:
    """Returns the share (S,) float64 of each symbol in the records (M,) int64."""
    found = np.zeros(dataset.alphabet.token_count)
    for part in parts(dataset.tokens, members):
        found += np.bincount(part.data, minlength=dataset.alphabet.token_count)
    symbols = found @ dataset.alphabet.mixture.astype(np.float64)  # (S,)
    return np.asarray(symbols / symbols.sum())
