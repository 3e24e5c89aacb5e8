"""Percentile bootstrap intervals of any statistics of weighted records.

A replicate draws units with replacement, as many as there are, and weights each record by the number of times that its
unit was drawn. The unit is the record. If records depend on each other (reads of one genome, proteins of one family),
the unit is the group, and the width of the intervals depends on the number of groups and not of records. If each group
holds records of one class only, groups are drawn within each class. Otherwise, if one class had few large groups and
another had single records, replicates would differ mainly in their class proportions, which the dataset fixes.

A replicate in which a statistic is undefined (NaN) is left out of its interval. If more than half of the replicates are
undefined, or if there is only one unit, there is no interval. A statistic that is the same in every replicate, such as
an accuracy of 1, also has no interval, because an interval without width would be misleading. Proportions have an exact
interval instead (`exact_intervals`).

Source: Efron & Tibshirani 1993, An Introduction to the Bootstrap, chapter 13, doi:10.1201/9780429246593;
groups: Field & Welsh 2007, doi:10.1111/j.1467-9868.2007.00593.x.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["bootstrap", "percentile_intervals"]

_SAME = 1e-12
"""Maximum rounding difference between equal replicates."""


def bootstrap(
    statistics: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    record_count: int,
    *,
    groups: NDArray[np.int64] | None,
    replicates: int,
    rng: np.random.Generator,
    classes: NDArray[np.int64] | None = None,
) -> NDArray[np.float64]:
    """Returns the statistics of each replicate.

    Args:
        statistics: takes weights (N,) float64, returns (M,) float64; NaN for an undefined statistic.
        record_count: N.
        groups: (N,) int64, group of each record; None if records are independent.
        replicates: R, number of replicates.
        rng: source of all draws. With groups, the draws depend on their sorted ids; without, on the order of records.
        classes: (N,) int64, class of each record; groups are drawn within classes. None to draw among all groups.

    Returns:
        (R, M) float64; (0, M) if fewer than two units can be drawn.
    """
    unit = np.arange(record_count) if groups is None else np.unique(groups, return_inverse=True)[1]  # (N,)
    count = int(unit.max()) + 1
    if replicates == 0 or count < 2:
        return np.empty((0, len(statistics(np.ones(record_count)))))
    strata = [np.arange(count)] if groups is None or classes is None else _strata(unit, classes, count)
    rows = []
    for _ in range(replicates):
        chosen = np.concatenate([stratum[rng.integers(len(stratum), size=len(stratum))] for stratum in strata])
        drawn = np.bincount(chosen, minlength=count).astype(np.float64)  # (units,)
        rows.append(statistics(drawn if groups is None else drawn[unit]))
    return np.stack(rows)


def _strata(unit: NDArray[np.int64], classes: NDArray[np.int64], count: int) -> list[NDArray[np.int64]]:
    """Returns the units of each class, or all units as one part.

    They are one part if some units hold several classes, or if a class has only one unit, which would be in every
    replicate exactly once.
    """
    held = np.zeros((count, int(classes.max()) + 1), dtype=np.int64)
    np.add.at(held, (unit, classes), 1)
    only = held.argmax(axis=1)
    parts = [np.flatnonzero(only == label) for label in np.unique(only)]
    pure = bool(((held > 0).sum(axis=1) == 1).all())
    return parts if pure and min(map(len, parts)) > 1 else [np.arange(count)]


def percentile_intervals(
    samples: NDArray[np.float64], confidence: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns the lower and upper ends, (M,) float64 each; NaN without an interval or if it has no width.

    Args:
        samples: (R, M) float64, statistics of the replicates; NaN if undefined.
        confidence: share of the replicates between the ends, in (0, 1); the shares below and above are equal.
    """
    ends = np.full((2, samples.shape[1]), np.nan)
    tail = (1 - confidence) / 2
    for index, column in enumerate(samples.T):
        defined = column[~np.isnan(column)]
        same = len(defined) and np.ptp(defined) <= _SAME * max(1.0, float(np.abs(defined).max()))
        if len(defined) and 2 * len(defined) >= len(column) and not same:
            ends[:, index] = np.quantile(defined, (tail, 1 - tail))
    return ends[0], ends[1]
