"""From labels and probabilities to an `Evaluation`: all metrics, the confusion matrix, and intervals for every number.

In: labels (N,), probabilities (N, K), class names, and groups (N,) if records depend on each other. Out: an
`Evaluation`. Its `to_json` has plain numbers, with null for undefined values.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seqnet.configs.evaluation import EvaluationOptions
from seqnet.core.errors import LabelError, SettingError
from seqnet.evaluation.bootstrap import bootstrap
from seqnet.evaluation.exact_intervals import FEW, intervals, trial_count, unit_count
from seqnet.evaluation.metrics import METRICS
from seqnet.evaluation.scored_records import ScoredRecords, Threshold, WeightedCounts, in_canonical_order, score

__all__ = ["BootstrapRecipe", "Estimate", "Evaluation", "as_estimates", "evaluate_probabilities"]


MOST_CELL_INTERVALS = 20
"""Maximum number of classes with intervals for the cells of the confusion matrix.

The replicates of a thousand classes would take eight gigabytes.
"""


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its interval.

    Attributes:
        value: NaN if undefined.
        low: lower end; NaN without an interval.
        high: upper end; NaN without an interval.
        exact: whether the interval is exact and not from the bootstrap; see `exact_intervals`.
    """

    value: float
    low: float = math.nan
    high: float = math.nan
    exact: bool = False

    def to_json(self) -> dict[str, float | bool | None]:
        """Returns the three numbers, None for NaN, and whether the interval is exact."""
        ends = {"low": _number(self.low), "high": _number(self.high)}
        return {"value": _number(self.value), **ends, "exact": self.exact}


def as_estimates(
    values: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64], exact: NDArray[np.bool_]
) -> list[Estimate]:
    """Returns M estimates from values (M,), ends of intervals (M,) each, and which of these are exact, (M,) bool."""
    rows = zip(values.tolist(), low.tolist(), high.tolist(), exact.tolist(), strict=True)
    return [Estimate(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class BootstrapRecipe:
    """Parameters of the bootstrap intervals.

    Attributes:
        replicates: number of replicates; 0 for no intervals.
        seed: seed of the draws.
        unit: unit that was drawn.
        confidence: share of the replicates inside an interval.
    """

    replicates: int
    seed: int
    unit: Literal["group", "record"]
    confidence: float


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """Metrics of the predictions for N records.

    Attributes:
        n: N, the number of records.
        split: name of the split, or of other data, that the records are from.
        classes: K names.
        positive: the positive class; None if K > 2.
        threshold: minimum probability for a positive decision; None if K > 2, or if records had different thresholds.
        metrics: metric → estimate, in the order of `METRICS`.
        confusion: (K, K) int64, records by true class (rows) and predicted class (columns).
        confusion_low: (K, K) float64, lower ends of the intervals of `confusion`; NaN without intervals, which more
            than `MOST_CELL_INTERVALS` classes do not have.
        confusion_high: (K, K) float64, upper ends of these intervals.
        confusion_exact: (K, K) bool, whether each of these intervals is exact.
        per_class: class → metric → estimate, for the metrics of one class against the rest.
        bootstrap: parameters of the intervals.
        rarest: class with the fewest records, or groups, and their number; None if unknown.
    """

    n: int
    split: str
    classes: tuple[str, ...]
    positive: str | None
    threshold: float | None
    metrics: Mapping[str, Estimate]
    confusion: NDArray[np.int64]
    confusion_low: NDArray[np.float64]
    confusion_high: NDArray[np.float64]
    confusion_exact: NDArray[np.bool_]
    per_class: Mapping[str, Mapping[str, Estimate]]
    bootstrap: BootstrapRecipe
    rarest: tuple[str, int] | None = None

    def to_json(self) -> dict[str, Any]:
        """Returns everything as plain values that `json.dumps(..., allow_nan=False)` takes; None for NaN."""
        supports = self.confusion.sum(axis=1).tolist()
        return {
            "n": self.n,
            "split": self.split,
            "classes": list(self.classes),
            "positive": self.positive,
            "threshold": self.threshold,
            "metrics": {name: estimate.to_json() for name, estimate in self.metrics.items()},
            "confusion": {
                "classes": list(self.classes),
                "counts": self.confusion.tolist(),
                "low": [[_number(value) for value in row] for row in self.confusion_low.tolist()],
                "high": [[_number(value) for value in row] for row in self.confusion_high.tolist()],
                "exact": self.confusion_exact.tolist(),
            },
            "per_class": {
                name: {"n": support, **{key: estimate.to_json() for key, estimate in self.per_class[name].items()}}
                for name, support in zip(self.classes, supports, strict=True)
            },
            "bootstrap": {
                "replicates": self.bootstrap.replicates,
                "seed": self.bootstrap.seed,
                "unit": self.bootstrap.unit,
                "confidence": self.bootstrap.confidence,
                "exact_below": FEW,
            },
        }


def evaluate_probabilities(
    labels: ArrayLike,
    probabilities: ArrayLike,
    classes: Sequence[str],
    *,
    positive: str | None = None,
    threshold: Threshold = None,
    groups: NDArray[np.int64] | None = None,
    split: str = "test",
    options: EvaluationOptions | None = None,
) -> Evaluation:
    """Returns all metrics of the given predictions, with intervals.

    The result does not depend on the order of the records, including the last digit of the intervals. The replicates
    take 8 · replicates · (K² + 6 K + 11) bytes, without K² for more than `MOST_CELL_INTERVALS` classes.

    Args:
        labels: (N,) int64, true class, in 0..K-1.
        probabilities: (N, K) float64 (float32 is widened), rows sum to 1.
        classes: K distinct names.
        positive: K = 2: name of the positive class [default: the second]. Not allowed if K > 2.
        threshold: K = 2: minimum probability for a positive decision [default: 0.5], or (N,) float64, one for each
            record. Not allowed if K > 2.
        groups: (N,) int64, group of each record; whole groups are drawn for the intervals. None, or groups of one
            record each, if records are independent.
        split: name of the split, or of other data, that the records are from.
        options: replicates, confidence and seed of the intervals.

    Raises:
        EmptyInputError: there are no records.
        LabelError: a label is outside 0..K-1, or two classes have the same name.
        SettingError: `positive` or `threshold` does not fit the classes.
        SeqnetError: the probabilities are not finite numbers, or are not probabilities.
        ValueError: the shapes do not match.
    """
    names, choices = tuple(classes), options or EvaluationOptions()
    scored = score(labels, probabilities, positive=_index_positive(names, positive), threshold=threshold)
    if scored.class_count != len(names) or (groups is not None and groups.shape != scored.labels.shape):
        raise ValueError(f"{len(names)} classes and these groups do not fit probabilities {scored.probabilities.shape}")
    (scored,), units = in_canonical_order([scored], groups)
    unit: Literal["group", "record"] = "record" if units is None else "group"
    recipe = BootstrapRecipe(choices.replicates, choices.seed, unit, choices.confidence)
    return _summarise(scored, units, names, split, _replicates(scored, units, recipe), recipe)


def _replicates(scored: ScoredRecords, units: NDArray[np.int64] | None, recipe: BootstrapRecipe) -> NDArray[np.float64]:
    """Returns all statistics (R, M) float64 of the bootstrap's replicates of the records."""
    return bootstrap(
        lambda weights: _statistics(scored.under(weights)),
        len(scored),
        groups=units,
        replicates=recipe.replicates,
        rng=np.random.default_rng(recipe.seed),
        classes=scored.labels,
    )


def _summarise(
    scored: ScoredRecords,
    units: NDArray[np.int64] | None,
    classes: tuple[str, ...],
    split: str,
    samples: NDArray[np.float64],
    recipe: BootstrapRecipe,
) -> Evaluation:
    """Returns the evaluation from the records and the replicates (R, M) of all their statistics."""
    tally = scored.once()
    values, K = _statistics(tally), len(classes)
    cells = _interval_cells(K)
    # Each cell of the confusion matrix is a proportion of all records.
    scale = np.append(np.ones(len(values) - cells), np.full(cells, len(scored)))
    trials = _trials(values, scored, units)
    low, high, exact = intervals(values / scale, samples / scale, trials, recipe.confidence)
    low, high = low * scale, high * scale
    estimates = as_estimates(values, low, high, exact)
    metrics = len(values) - cells
    cell_low, cell_high = (ends[metrics:].reshape(K, K) if cells else np.full((K, K), np.nan) for ends in (low, high))
    return Evaluation(
        n=len(scored),
        split=split,
        classes=classes,
        positive=None if scored.positive is None else classes[scored.positive],
        threshold=None if isinstance(scored.threshold, np.ndarray) else scored.threshold,
        metrics=dict(zip(METRICS, estimates, strict=False)),
        confusion=tally.confusion.astype(np.int64),
        confusion_low=cell_low,
        confusion_high=cell_high,
        confusion_exact=exact[metrics:].reshape(K, K) if cells else np.zeros((K, K), dtype=bool),
        per_class=_by_class(classes, estimates[len(METRICS) : metrics]),
        bootstrap=recipe,
        rarest=_rarest(scored, units, classes),
    )


def _interval_cells(class_count: int) -> int:
    """Returns the number of cells of the confusion matrix that have intervals: all or none."""
    return class_count**2 if class_count <= MOST_CELL_INTERVALS else 0


def _rarest(scored: ScoredRecords, units: NDArray[np.int64] | None, classes: tuple[str, ...]) -> tuple[str, int]:
    """Returns the class with the fewest units among the classes with records, and the number of its units."""
    counts = {label: unit_count(scored.labels == label, units) for label in np.unique(scored.labels).tolist()}
    label = min(counts, key=lambda one: counts[one])
    return classes[label], counts[label]


def _trials(values: NDArray[np.float64], scored: ScoredRecords, units: NDArray[np.int64] | None) -> NDArray[np.float64]:
    """Returns the number of trials (M,) of each value of `_statistics`; NaN if it is not a proportion."""
    K, rest = scored.class_count, iter(values.tolist())
    found = [trial_count(name, scored.positive, next(rest), scored, units) for name in METRICS]
    for name, metric in METRICS.items():
        if metric.per_class:
            found += [trial_count(name, label, next(rest), scored, units) for label in range(K)]
    records = unit_count(np.ones(len(scored), dtype=bool), units)
    return np.array(found + [records] * _interval_cells(K), dtype=np.float64)


def _index_positive(classes: tuple[str, ...], positive: str | None) -> int | None:
    if len(set(classes)) < len(classes):
        raise LabelError("", "two classes have the same name", "give each class its own name")
    if positive is None:
        return None
    if positive not in classes:
        raise SettingError("evaluate.positive", positive, choices=classes)
    return classes.index(positive)


def _statistics(tally: WeightedCounts) -> NDArray[np.float64]:
    """Returns all numbers that have an interval: metrics, metrics per class, and the confusion matrix of few classes.

    The confusion matrix is scaled to N records, because a draw of whole groups may have more or fewer records.

    Returns:
        (M + P·K + C,) float64 for M metrics, of which P are metrics of one class against the rest, and C cells.
    """
    values = {name: metric.compute(tally) for name, metric in METRICS.items()}
    overall = [metric.overall(values[name], tally.scored.positive) for name, metric in METRICS.items()]
    per_class = [values[name] for name, metric in METRICS.items() if metric.per_class]
    cells = _interval_cells(tally.scored.class_count)
    counts = tally.confusion.ravel() * (len(tally.scored) / tally.total) if cells else ()
    return np.concatenate([overall, *per_class, counts])


def _by_class(classes: tuple[str, ...], estimates: Sequence[Estimate]) -> dict[str, dict[str, Estimate]]:
    """Returns class → metric → estimate from the estimates in metric-major order."""
    metrics = [name for name, metric in METRICS.items() if metric.per_class]
    return {
        name: {metric: estimates[row * len(classes) + column] for row, metric in enumerate(metrics)}
        for column, name in enumerate(classes)
    }
