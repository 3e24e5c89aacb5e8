"""Metrics of subsets of the records, binned by length or by similarity to the train split.

In: scored records, and the bin (N,) of each. Out: a `Stratum` for each bin. A mean over all records can hide that a
model does well only on long records, or only on records that are similar to training records.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqnet.configs.evaluation import EvaluationOptions
from seqnet.evaluation.evaluation import Estimate
from seqnet.evaluation.paired_metrics import estimate_metrics
from seqnet.evaluation.scored_records import ScoredRecords

__all__ = ["SIMILARITY_EDGES", "Stratum", "stratify_by_length", "stratify_by_similarity"]

SIMILARITY_EDGES = (0.0, 0.1, 0.3, 0.5, 0.8, 1.0)
"""Bounds of the bins of similarity; a bin includes its lower bound, and the last bin also its upper bound."""

_LENGTH_BINS = 4
_METRICS = ("accuracy", "auroc")


@dataclass(frozen=True, slots=True, eq=False)
class Stratum:
    """The records of one bin.

    Attributes:
        low: lower bound of the bin.
        high: upper bound of the bin.
        n: number of records.
        metrics: accuracy and AUROC; NaN without records.
    """

    low: float
    high: float
    n: int
    metrics: Mapping[str, Estimate]

    def to_json(self) -> dict[str, Any]:
        """Returns everything as plain values, None for NaN."""
        metrics = {name: estimate.to_json() for name, estimate in self.metrics.items()}
        return {"low": self.low, "high": self.high, "n": self.n, **metrics}


def stratify_by_length(
    scored: ScoredRecords, lengths: NDArray[np.int64], *, groups: NDArray[np.int64] | None, options: EvaluationOptions
) -> tuple[Stratum, ...]:
    """Returns the metrics by quarter of the lengths (N,) int64; bins include both bounds and are not empty.

    Records of equal length are in one bin, so there are fewer bins if one length is frequent.
    """
    quantiles = np.quantile(lengths, np.linspace(0, 1, _LENGTH_BINS + 1)[1:], method="inverted_cdf")
    upper = np.unique(quantiles).astype(np.int64)  # (S,)
    which = np.searchsorted(upper, lengths)
    bounds = [(int(lengths[which == index].min()), int(high)) for index, high in enumerate(upper)]
    return _stratify(scored, which, bounds, groups, options)


def stratify_by_similarity(
    scored: ScoredRecords, shares: NDArray[np.float64], *, groups: NDArray[np.int64] | None, options: EvaluationOptions
) -> tuple[Stratum, ...]:
    """Returns the metrics by similarity (N,) float64 to the train split; NaN is in no bin."""
    which = np.searchsorted(SIMILARITY_EDGES[1:-1], shares, side="right")
    which[np.isnan(shares)] = -1
    bounds = list(itertools.pairwise(SIMILARITY_EDGES))
    return _stratify(scored, which, bounds, groups, options)


def _stratify(
    scored: ScoredRecords,
    which: NDArray[np.int64],
    bounds: Sequence[tuple[float, float]],
    groups: NDArray[np.int64] | None,
    options: EvaluationOptions,
) -> tuple[Stratum, ...]:
    """Returns the metrics of each bin; `which` (N,) int64 is the bin of each record."""
    strata = []
    for index, (low, high) in enumerate(bounds):
        members = np.flatnonzero(which == index)
        metrics = {name: Estimate(np.nan) for name in _METRICS}
        if len(members):
            units = None if groups is None else groups[members]
            metrics = estimate_metrics(scored.take(members), groups=units, metrics=_METRICS, options=options)
        strata.append(Stratum(low, high, len(members), metrics))
    return tuple(strata)
