"""Classifiers side by side on the same records: every one's metrics, and how far a first one is ahead of the others.

In: N records as each classifier scored them. Out: a `PairedMetrics` for each rival. All share the replicates of one
bootstrap: a difference is taken within each replicate, so that what is hard for all of them cancels.

Source: Efron & Tibshirani 1993, An Introduction to the Bootstrap, chapter 8, doi:10.1201/9780429246593.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqnet.configs.evaluation import EvaluationOptions
from seqnet.evaluation.bootstrap import bootstrap
from seqnet.evaluation.evaluation import Estimate
from seqnet.evaluation.exact_intervals import intervals, trial_count
from seqnet.evaluation.metrics import METRICS
from seqnet.evaluation.scored_records import ScoredRecords, WeightedCounts, in_canonical_order

__all__ = ["PairedMetrics", "compare_in_pairs", "estimate_metrics"]


@dataclass(frozen=True, slots=True, eq=False)
class PairedMetrics:
    """How a rival does on the records of another classifier.

    Attributes:
        metrics: metric → the rival's own.
        differences: metric → the other classifier's minus the rival's.
    """

    metrics: Mapping[str, Estimate]
    differences: Mapping[str, Estimate]

    @property
    def deciding(self) -> str:
        """The metric that tells who is ahead: AUROC, or accuracy where a class has no record."""
        return "accuracy" if math.isnan(self.differences["auroc"].value) else "auroc"

    @property
    def beaten(self) -> bool:
        """Whether the rival is behind: the interval of the difference is above 0, or the difference, without one."""
        difference = self.differences[self.deciding]
        return (difference.value if math.isnan(difference.low) else difference.low) > 0

    def to_json(self) -> dict[str, Any]:
        """Returns everything as plain values, None for NaN."""
        return {
            "metrics": {name: estimate.to_json() for name, estimate in self.metrics.items()},
            "differences": {name: estimate.to_json() for name, estimate in self.differences.items()},
            "beaten": self.beaten,
        }


def compare_in_pairs(
    subject: ScoredRecords,
    rivals: Mapping[str, ScoredRecords],
    *,
    groups: NDArray[np.int64] | None,
    metrics: Sequence[str],
    options: EvaluationOptions,
) -> dict[str, PairedMetrics]:
    """Returns how each rival stands beside the subject.

    Args:
        subject: N records as the classifier in question scored them.
        rivals: name → the same records, as another one did.
        groups: (N,) int64, group of each record; whole groups are drawn. None if records are independent.
        metrics: names in `METRICS`; AUROC and accuracy among them.
        options: replicates, confidence and seed.
    """
    values, samples = _resample([subject, *rivals.values()], groups, metrics, options)  # (C, M), (R, C, M)
    standings = {}
    for index, (name, rival) in enumerate(rivals.items(), 1):
        trials = _trials(metrics, values[index], rival, groups)
        own = _estimates(metrics, values[index], samples[:, index], trials, options.confidence)
        gap = values[0] - values[index], samples[:, 0] - samples[:, index]
        ahead = _estimates(metrics, *gap, np.full(len(metrics), np.nan), options.confidence)
        standings[name] = PairedMetrics(own, ahead)
    return standings


def estimate_metrics(
    scored: ScoredRecords, *, groups: NDArray[np.int64] | None, metrics: Sequence[str], options: EvaluationOptions
) -> dict[str, Estimate]:
    """Returns the named metrics with intervals; the arguments are as in `compare_in_pairs`."""
    values, samples = _resample([scored], groups, metrics, options)
    return _estimates(
        metrics, values[0], samples[:, 0], _trials(metrics, values[0], scored, groups), options.confidence
    )


def _resample(
    contenders: Sequence[ScoredRecords],
    groups: NDArray[np.int64] | None,
    metrics: Sequence[str],
    options: EvaluationOptions,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns the metrics of all C contenders (C, M), and in each replicate (R, C, M), both float64."""
    ordered, units = in_canonical_order(contenders, groups)

    def statistics(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.concatenate([_values(scored.under(weights), metrics) for scored in ordered])

    samples = bootstrap(
        statistics,
        len(ordered[0]),
        groups=units,
        replicates=options.replicates,
        rng=np.random.default_rng(options.seed),
        classes=ordered[0].labels,
    )
    shape = (len(contenders), len(metrics))
    return statistics(np.ones(len(ordered[0]))).reshape(shape), samples.reshape(-1, *shape)


def _values(tally: WeightedCounts, metrics: Sequence[str]) -> NDArray[np.float64]:
    rows = (METRICS[name] for name in metrics)
    return np.array([row.overall(row.compute(tally), tally.scored.positive) for row in rows])


def _trials(
    metrics: Sequence[str], values: NDArray[np.float64], scored: ScoredRecords, groups: NDArray[np.int64] | None
) -> NDArray[np.float64]:
    """Returns the number of trials (M,) float64 behind the values (M,) of metrics; NaN for those without."""
    pairs = zip(metrics, values.tolist(), strict=True)
    return np.array([trial_count(name, scored.positive, value, scored, groups) for name, value in pairs], np.float64)


def _estimates(
    metrics: Sequence[str],
    values: NDArray[np.float64],
    samples: NDArray[np.float64],
    trials: NDArray[np.float64],
    confidence: float,
) -> dict[str, Estimate]:
    """Returns metric → estimate from values (M,), samples (R, M) and numbers of trials (M,)."""
    low, high = intervals(values, samples, trials, confidence)
    return {name: Estimate(*map(float, row)) for name, *row in zip(metrics, values, low, high, strict=True)}
