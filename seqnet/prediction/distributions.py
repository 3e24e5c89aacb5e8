"""A summary of the predictions of any number of records, in counts of fixed size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from seqnet.datasets.length_counts import LENGTH_BINS, count_lengths
from seqnet.prediction.rows import PredictedRows

__all__ = ["PROBABILITY_BINS", "Distributions"]

PROBABILITY_BINS = 50
"""Number of equal bins of a probability; the last one includes 1."""


@dataclass(eq=False)
class Distributions:
    """Counts of the predictions of a model with K classes.

    Attributes:
        labels: (K + 1,) int64, records with each label; the last number is that of `uncertain` ones.
        expected: (K,) float64, sum of the probabilities of each class.
        probabilities: (K, 2, PROBABILITY_BINS) int64, records by the probability of each class; first those with
            another label (or `uncertain`), then those with the label.
        lengths: (2, LENGTH_BINS) int64, records by length as read; first those without a prediction, then those with
            one.
    """

    labels: NDArray[np.int64]
    expected: NDArray[np.float64]
    probabilities: NDArray[np.int64]
    lengths: NDArray[np.int64]

    @classmethod
    def empty(cls, class_count: int) -> Self:
        """Returns the counts of no records."""
        return cls(
            np.zeros(class_count + 1, np.int64),
            np.zeros(class_count),
            np.zeros((class_count, 2, PROBABILITY_BINS), np.int64),
            np.zeros((2, LENGTH_BINS), np.int64),
        )

    @classmethod
    def of(cls, rows: PredictedRows, lengths: NDArray[np.int64]) -> Self:
        """Returns the counts of N records.

        Args:
            rows: their predictions.
            lengths: (N,) int64, their lengths.
        """
        kinds = rows.probabilities.shape[1]
        classified = rows.labels >= 0
        labels, found = rows.labels[classified].copy(), rows.probabilities[classified]
        if rows.uncertain is not None:
            labels[rows.uncertain[classified]] = kinds
        counts = np.empty((kinds, 2, PROBABILITY_BINS), dtype=np.int64)
        # Class by class, because all at once would take several times the memory of the probabilities.
        for index in range(kinds):
            bins = np.minimum((found[:, index] * PROBABILITY_BINS).astype(np.int64), PROBABILITY_BINS - 1)
            cells = np.where(labels == index, PROBABILITY_BINS, 0) + bins
            counts[index] = np.bincount(cells, minlength=2 * PROBABILITY_BINS).reshape(2, PROBABILITY_BINS)
        return cls(
            np.bincount(labels, minlength=kinds + 1),
            found.sum(axis=0),
            counts,
            np.stack([count_lengths(lengths[~classified]), count_lengths(lengths[classified])]),
        )

    def add(self, following: Distributions) -> None:
        """Adds the counts of the records that follow."""
        for own, more in (
            (self.labels, following.labels),
            (self.expected, following.expected),
            (self.probabilities, following.probabilities),
            (self.lengths, following.lengths),
        ):
            np.add(own, more, out=own)
