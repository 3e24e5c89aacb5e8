"""How a quantity is distributed in each class: the numbers of a histogram.

In: values (N,) and classes (N,). Out: a `Histogram` with bins that all classes share.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Histogram", "class_histogram"]

_BINS = 40


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """Counts by class and bin.

    Attributes:
        edges: (B + 1,) float64, ends of the bins.
        counts: (K, B) int64.
    """

    edges: NDArray[np.float64]
    counts: NDArray[np.int64]

    @property
    def shares(self) -> NDArray[np.float64]:
        """(K, B) float64, share of a class's records in each bin; 0 for a class without records."""
        return np.asarray(self.counts / np.maximum(self.counts.sum(axis=1, keepdims=True), 1))


def class_histogram(
    values: NDArray[np.float64] | NDArray[np.int64],
    labels: NDArray[np.int64],
    class_count: int,
    bounds: tuple[float, float] | None = None,
) -> Histogram:
    """Returns how the values of each class are distributed over bins of equal width.

    Args:
        values: (N,) numbers; whole numbers get bins of whole width.
        labels: (N,) int64, in 0..K-1.
        class_count: K.
        bounds: lower and upper end of all bins; None for those of the values.
    """
    low, high = bounds or (float(values.min()), float(values.max()))
    if np.issubdtype(values.dtype, np.integer) and bounds is None:
        width = max(1, int(np.ceil((high - low + 1) / _BINS)))
        edges = low + width * np.arange(int(np.ceil((high - low + 1) / width)) + 1, dtype=np.float64)
    else:
        edges = np.linspace(low, high if high > low else low + 1, _BINS + 1)
    counts = [np.histogram(values[labels == label], edges)[0] for label in range(class_count)]
    return Histogram(edges, np.stack(counts).astype(np.int64))
