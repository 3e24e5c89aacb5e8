"""How often a class is true where its probability has a certain value: the numbers of a reliability diagram.

In: scored records. Out: a `Reliability`: for each bin of the probability, its mean, the share of the records that are
of the class, and an interval of this share. With more than two classes, each class of each record counts, as in the
expected calibration error (`calibration.expected_calibration_error`), and in the same bins.

Source: Niculescu-Mizil & Caruana 2005, doi:10.1145/1102351.1102430.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqnet.configs.evaluation import EvaluationOptions
from seqnet.evaluation.bootstrap import bootstrap
from seqnet.evaluation.exact_intervals import intervals
from seqnet.evaluation.scored_records import ScoredRecords, in_canonical_order

__all__ = ["BINS", "Reliability", "reliability"]

BINS = 15
"""Number of bins of equal width."""


@dataclass(frozen=True, slots=True, eq=False)
class Reliability:
    """One row for each bin that is not empty, B in all.

    Attributes:
        mean: (B,) float64, mean probability.
        share: (B,) float64, share of the class.
        low: (B,) float64, lower end of the interval of the share; NaN without one.
        high: (B,) float64, upper end.
        count: (B,) int64, number of probabilities.
    """

    mean: NDArray[np.float64]
    share: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    count: NDArray[np.int64]


def reliability(scored: ScoredRecords, *, groups: NDArray[np.int64] | None, options: EvaluationOptions) -> Reliability:
    """Returns the reliability of the positive class, or of all of more than two classes.

    Args:
        scored: the N records.
        groups: (N,) int64, group of each record; whole groups are drawn. None if records are independent.
        options: replicates, confidence and seed of the intervals.
    """
    (ordered,), units = in_canonical_order([scored], groups)
    labels = np.arange(scored.class_count) if scored.positive is None else np.array([scored.positive])
    p = ordered.probabilities[:, labels]  # (N, C)
    true = ordered.labels[:, None] == labels  # (N, C)
    which = np.minimum((p * BINS).astype(np.int64), BINS - 1)
    record = np.repeat(np.arange(len(ordered)), len(labels))
    bins = which.ravel()
    cells = bins + BINS * true.ravel()

    def shares(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        others, own = np.bincount(cells, weights[record], 2 * BINS).reshape(2, BINS)
        with np.errstate(invalid="ignore"):
            return np.asarray(own / (own + others))

    samples = bootstrap(
        shares,
        len(ordered),
        groups=units,
        replicates=options.replicates,
        rng=np.random.default_rng(options.seed),
        classes=ordered.labels,
    )
    unit = record if units is None else units[record]
    trials = np.array([len(np.unique(unit[bins == index])) for index in range(BINS)], dtype=np.float64)
    values, count = shares(np.ones(len(ordered))), np.bincount(bins, minlength=BINS)
    low, high, _ = intervals(values, samples, np.where(trials > 0, trials, np.nan), options.confidence)
    kept = count > 0
    mean = np.bincount(bins, p.ravel(), BINS)[kept] / count[kept]
    return Reliability(mean, values[kept], low[kept], high[kept], count[kept])
