"""Exact intervals, for cases in which a bootstrap interval would be too narrow.

The percentile bootstrap can only draw observed records. An accuracy of 1 is 1 in every replicate, and with two errors
in fifty records a 95 % interval contains the true value in only about 80 % of cases. So a proportion with fewer than
`FEW` successes or failures has the interval of Clopper and Pearson. It counts independent units, which are groups if
records depend on each other. An AUROC of 1 or 0 has an exact interval, too: positives and negatives form min(m, n)
disjoint pairs. Each pair is in the right order with probability AUROC, so all are with this probability to the power of
min(m, n).

In: values (S,), those of replicates (R, S), and the number of trials (S,) of each. Out: ends (S,) float64, and which of
the intervals are exact, (S,) bool.

Source: Clopper & Pearson 1934, doi:10.1093/biomet/26.4.404; with an effective number of records, Korn & Graubard 1998,
https://www150.statcan.gc.ca/n1/pub/12-001-x/1998002/article/4356-eng.pdf.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from seqnet.evaluation.bootstrap import percentile_intervals
from seqnet.evaluation.scored_records import ScoredRecords

__all__ = ["FEW", "intervals", "trial_count", "unit_count"]

FEW = 5
"""With fewer successes or failures, the interval of a proportion is exact."""

Units = NDArray[np.int64] | None

_OF_RECORDS: Mapping[str, Callable[[ScoredRecords, int], NDArray[np.bool_]]] = {
    "precision": lambda scored, label: scored.predicted == label,
    "recall": lambda scored, label: scored.labels == label,
    "specificity": lambda scored, label: scored.labels != label,
}
"""Metric → for a class, (N,) bool, the records that the metric is a proportion of."""


def unit_count(chosen: NDArray[np.bool_], units: Units) -> int:
    """Returns the number of independent units of the chosen records.

    Args:
        chosen: (N,) bool, the chosen records.
        units: (N,) int64, group of each record; None if records are independent.
    """
    return int(chosen.sum()) if units is None else len(np.unique(units[chosen]))


def trial_count(name: str, label: int | None, value: float, scored: ScoredRecords, units: Units) -> float:
    """Returns the number of trials of a metric; NaN if it is not a proportion.

    Args:
        name: name of the metric.
        label: the class, for a metric of one class against the rest; None for a mean over classes.
        value: value of the metric.
        scored: the N records.
        units: (N,) int64, group of each record; None if records are independent.
    """
    if name == "accuracy":
        return unit_count(np.ones(len(scored), dtype=bool), units)
    if label is not None and name in _OF_RECORDS:
        return unit_count(_OF_RECORDS[name](scored, label), units)
    if label is not None and name == "auroc" and value in (0, 1):
        own = scored.labels == label
        return min(unit_count(own, units), unit_count(~own, units))
    return math.nan


def intervals(
    values: NDArray[np.float64], samples: NDArray[np.float64], trials: NDArray[np.float64], confidence: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Returns the lower and upper ends (S,) float64, NaN without an interval, and which intervals are exact, (S,) bool.

    Args:
        values: (S,) float64, values for all records; a value with a number of trials is a proportion.
        samples: (R, S) float64, values of the replicates; without replicates there are no intervals.
        trials: (S,) float64, number of independent trials of each value; NaN if it is not a proportion.
        confidence: confidence of the intervals.
    """
    low, high = percentile_intervals(samples, confidence)
    if not len(samples):
        return low, high, np.zeros(len(values), dtype=bool)
    exact_low, exact_high = _exact_ends(values, trials, confidence)
    exact = ~np.isnan(exact_low)
    return np.where(exact, exact_low, low), np.where(exact, exact_high, high), exact


def _exact_ends(
    values: NDArray[np.float64], trials: NDArray[np.float64], confidence: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns the lower and upper ends (S,) float64 of proportions with few successes or failures; NaN for others.

    Args:
        values: (S,) float64, proportions; NaN if undefined.
        trials: (S,) float64, number of independent trials of each value; NaN if it is not a proportion.
        confidence: confidence of the intervals.
    """
    # scipy.stats has the same interval of whole numbers only: of groups, the successes may be a fraction of one.
    from scipy.special import betaincinv

    low, high = np.full(len(values), np.nan), np.full(len(values), np.nan)
    tail = (1 - confidence) / 2
    known = ~np.isnan(values) & (trials > 0)
    right = np.where(known, values * np.where(known, trials, 1), np.nan)
    wrong = np.where(known, trials, np.nan) - right
    # Counts of successes and failures may differ from whole numbers by rounding errors.
    for index in np.flatnonzero(known & (np.minimum(right, wrong) < FEW - 1e-9)):
        a, b = max(float(right[index]), 0.0), max(float(wrong[index]), 0.0)
        low[index] = betaincinv(a, b + 1, tail) if a > 1e-9 else 0.0
        high[index] = betaincinv(a + 1, b, 1 - tail) if b > 1e-9 else 1.0
    return low, high
