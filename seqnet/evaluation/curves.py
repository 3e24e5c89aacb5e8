"""ROC and precision-recall curves of one class against the rest, with bootstrap bands.

In: scored records. Out: a `ClassCurves` for the positive class, or for each of more than two classes. A band has, at
each of 101 false positive rates or recalls, the percentile interval of the true positive rate or the precision. It is
pointwise: at each place, and not for the curve as a whole. Its replicates are those of the intervals of all metrics, so
that whole groups are drawn, too.

Sources: Fawcett 2006, doi:10.1016/j.patrec.2005.10.010, for ROC curves and their vertical averages; Davis & Goadrich
2006, doi:10.1145/1143844.1143874, for why precision is not interpolated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from seqnet.configs.evaluation import EvaluationOptions
from seqnet.evaluation.bootstrap import bootstrap, percentile_intervals
from seqnet.evaluation.scored_records import ScoredRecords, in_canonical_order

__all__ = ["GRID", "MOST_BANDS", "ClassCurves", "Curve", "ranking_curves", "thinned"]

Numbers = NDArray[np.float64]

GRID: Numbers = np.linspace(0, 1, 101)
"""False positive rates, or recalls, at which a band is computed."""

MOST_BANDS = 6
"""With more classes, the mean over classes has a band, and a class has none."""

_CELLS = 1000
"""Bands are computed from at most this many thresholds, each with an equal share of the records."""

_COLUMNS = 400
"""A curve is thinned so that it looks the same at up to this many pixels."""

_EMPTY: Numbers = np.empty(0)

_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A curve with its band.

    Attributes:
        x: (P,) float64, ascending, in 0..1.
        y: (P,) float64; between two points, an ROC curve is straight, and precision is that of the second point.
        low: (101,) float64, lower end of the band at each x of `GRID`; NaN where it is undefined; empty without a band.
        high: (101,) float64, upper end.
    """

    x: Numbers
    y: Numbers
    low: Numbers = field(default_factory=lambda: _EMPTY)
    high: Numbers = field(default_factory=lambda: _EMPTY)


@dataclass(frozen=True, slots=True)
class ClassCurves:
    """The curves of one class against the rest, or the mean over classes.

    Attributes:
        label: index of the class; None for the mean over classes, which is at each false positive rate or recall.
        roc: true positive rate against false positive rate.
        precision: precision against recall.
        share: share of the records that are of the class: the precision of a random order; the mean over classes.
    """

    label: int | None
    roc: Curve
    precision: Curve
    share: float


def ranking_curves(
    scored: ScoredRecords, *, groups: NDArray[np.int64] | None, options: EvaluationOptions
) -> tuple[ClassCurves, ...]:
    """Returns the curves of the positive class, or of each class and, last, their mean if there are more than two.

    A class without records, or without records outside it, has no curve. Then there is no mean either.

    Args:
        scored: the N records.
        groups: (N,) int64, group of each record; whole groups are drawn. None if records are independent.
        options: replicates, confidence and seed of the bands.
    """
    (ordered,), units = in_canonical_order([scored], groups)
    wanted = list(range(scored.class_count)) if scored.positive is None else [scored.positive]
    counts = np.bincount(ordered.labels, minlength=scored.class_count)
    labels = [label for label in wanted if 0 < counts[label] < len(ordered)]
    if not labels:
        return ()
    exact = {label: _Thresholds.of(ordered, label) for label in labels}
    coarse = {label: one.coarsened() for label, one in exact.items()}
    mean = len(labels) == scored.class_count > 2
    keys: list[int | None] = [*(labels if len(labels) <= MOST_BANDS else []), *([None] if mean else [])]
    bands = _bands(ordered, units, coarse, keys, options)
    found = []
    for label, one in exact.items():
        roc, precision = one.curves(np.ones(len(ordered)))
        found.append(_joined(label, roc, precision, bands.get(label), float(counts[label] / len(ordered))))
    if mean:
        values = np.mean([one.on_grid(np.ones(len(ordered))) for one in exact.values()], axis=0)  # (2, G)
        found.append(_joined(None, (GRID, values[0]), (GRID, values[1]), bands[None], 1 / len(labels)))
    return tuple(found)


@dataclass(frozen=True, eq=False)
class _Thresholds:
    """The records by threshold of the probability of a class.

    Attributes:
        cells: (N,) int64, of the T thresholds, the highest that has the record; plus T if it is of the class.
        count: T.
    """

    cells: NDArray[np.int64]
    count: int

    @classmethod
    def of(cls, scored: ScoredRecords, label: int) -> _Thresholds:
        """Returns every distinct probability as a threshold."""
        return cls(*scored.ranks[label])

    def coarsened(self) -> _Thresholds:
        """Returns at most 1,000 thresholds, with about equal numbers of records between them."""
        if self.count <= _CELLS:
            return self
        rank = self.cells % self.count
        above = np.bincount(rank, minlength=self.count).cumsum()
        at = np.minimum((above - 1) * _CELLS // len(rank), _CELLS - 1)  # (T,)
        return _Thresholds(at[rank] + _CELLS * (self.cells >= self.count), _CELLS)

    def rates(self, weights: Numbers) -> tuple[Numbers, Numbers, Numbers]:
        """Returns false positive rate, true positive rate and precision (T + 1,), before and at each threshold.

        A rate is NaN without records to be right or wrong about, and so is precision before the first record.
        """
        at = np.bincount(self.cells, weights, 2 * self.count).reshape(2, self.count)
        above = np.concatenate([np.zeros((2, 1)), at.cumsum(axis=1)], axis=1)
        with np.errstate(invalid="ignore"):
            false, true = above / above[:, -1:]
            return false, true, above[1] / above.sum(axis=0)

    def curves(self, weights: Numbers) -> tuple[tuple[Numbers, Numbers], tuple[Numbers, Numbers]]:
        """Returns x and y of the ROC curve and of the precision-recall curve."""
        false, true, precision = self.rates(weights)
        # Precision counts where recall rises: between, only false positives are added.
        rises = 1 + np.flatnonzero(np.diff(true) > 0)
        return (false, true), (np.append(0, true[rises]), np.append(precision[rises[0]], precision[rises]))

    def on_grid(self, weights: Numbers) -> Numbers:
        """Returns the true positive rate and the precision (2, 101) at each false positive rate and recall."""
        false, true, precision = self.rates(weights)
        if np.isnan(false[-1]) or np.isnan(true[-1]):
            return np.full((2, len(GRID)), np.nan)
        # Of equal rates, `interp` takes the last, the highest point of a vertical part.
        reached = np.interp(GRID, false, true)
        # The first threshold with this recall, and with some; a rounding error must not make it the next one.
        at = np.searchsorted(true, np.append(np.nextafter(0, 1), GRID[1:] - _ROUNDING))
        return np.stack([reached, precision[at]])


def _bands(
    scored: ScoredRecords,
    units: NDArray[np.int64] | None,
    thresholds: Mapping[int, _Thresholds],
    keys: Sequence[int | None],
    options: EvaluationOptions,
) -> dict[int | None, Numbers]:
    """Returns key → lower and upper ends (2, 2, 101) of the bands of both curves; a key is a class, None their mean."""

    def statistics(weights: Numbers) -> Numbers:
        each = {label: one.on_grid(weights) for label, one in thresholds.items()}  # (2, G)
        chosen = [np.mean(list(each.values()), axis=0) if key is None else each[key] for key in keys]
        return np.stack(chosen).ravel() if chosen else np.empty(0)

    samples = bootstrap(
        statistics,
        len(scored),
        groups=units,
        replicates=options.replicates,
        rng=np.random.default_rng(options.seed),
        classes=scored.labels,
    )
    ends = np.stack(percentile_intervals(samples, options.confidence))
    parts = ends.reshape(2, len(keys), 2, len(GRID)).swapaxes(0, 1)  # (keys, 2 ends, 2 curves, G)
    return dict(zip(keys, parts, strict=True))


def _joined(
    label: int | None,
    roc: tuple[Numbers, Numbers],
    precision: tuple[Numbers, Numbers],
    band: Numbers | None,
    share: float,
) -> ClassCurves:
    """Returns the curves of a class; `band` (2, 2, 101) has lower and upper ends of both curves, or is None."""
    (low, high) = np.empty((2, 2, 0)) if band is None or np.isnan(band).all() else band
    return ClassCurves(
        label, Curve(*thinned(*roc), low[0], high[0]), Curve(*thinned(*precision), low[1], high[1]), share
    )


def thinned(x: Numbers, y: Numbers, columns: int = _COLUMNS) -> tuple[Numbers, Numbers]:
    """Returns the points of a curve without those that nobody can see.

    Of each column of pixels, the first, last, lowest and highest point are kept, so that a line through them covers the
    same pixels.

    Args:
        x: (P,) float64, ascending, in 0..1.
        y: (P,) float64.
        columns: number of columns.

    Source: Jugel et al. 2014, doi:10.14778/2732951.2732953.
    """
    if len(x) <= 4 * columns:
        return x, y
    column = np.minimum((x * columns).astype(np.int64), columns - 1)
    starts = np.flatnonzero(np.append(True, np.diff(column) > 0))
    by_height = np.lexsort((y, column))
    ends = np.append(starts[1:], len(x)) - 1
    kept = np.unique(np.concatenate([starts, ends, by_height[starts], by_height[ends]]))
    return x[kept], y[kept]
