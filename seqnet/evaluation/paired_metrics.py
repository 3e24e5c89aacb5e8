"""Metrics of several classifiers on the same records, and the differences between one and each of the others.

In: the scores of each classifier for the same N records. Out: a `PairedMetrics` for each rival. All classifiers have
the same bootstrap replicates, and a difference is taken within each replicate. So variation that is common to all
cancels.
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
from seqnet.evaluation.evaluation import Estimate, as_estimates
from seqnet.evaluation.exact_intervals import intervals, trial_count
from seqnet.evaluation.metrics import METRICS
from seqnet.evaluation.scored_records import ScoredRecords, WeightedCounts, in_canonical_order

__all__ = ["PairedMetrics", "compare_in_pairs", "estimate_metrics"]


@dataclass(frozen=True, slots=True, eq=False)
class PairedMetrics:
    """Metrics of a rival on the same records as another classifier.

    Attributes:
        metrics: metric → estimate of the rival.
        differences: metric → estimate of the other classifier minus the rival.
    """

    metrics: Mapping[str, Estimate]
    differences: Mapping[str, Estimate]

    @property
    def main_metric(self) -> str:
        """The metric that decides which is better: AUROC, or accuracy if a class has no records."""
        return "accuracy" if math.isnan(self.differences["auroc"].value) else "auroc"

    @property
    def beaten(self) -> bool:
        """Whether the rival is worse: the difference, or the lower end of its interval if it has one, is above 0."""
        difference = self.differences[self.main_metric]
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
    """Returns the metrics of each rival and the differences from the subject.

    Args:
        subject: the N records with the scores of the classifier in question.
        rivals: name → the same records with the scores of another classifier.
        groups: (N,) int64, group of each record; whole groups are drawn. None if records are independent.
        metrics: names in `METRICS`, with AUROC and accuracy among them.
        options: replicates, confidence and seed.
    """
    values, samples = _resample([subject, *rivals.values()], groups, metrics, options)  # (C, M), (R, C, M)
    compared = {}
    for index, (name, rival) in enumerate(rivals.items(), 1):
        trials = _trials(metrics, values[index], rival, groups)
        own = _estimates(metrics, values[index], samples[:, index], trials, options.confidence)
        gap = values[0] - values[index], samples[:, 0] - samples[:, index]
        ahead = _estimates(metrics, *gap, np.full(len(metrics), np.nan), options.confidence)
        compared[name] = PairedMetrics(own, ahead)
    return compared


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
    """Returns the metrics of all C classifiers (C, M), and in each replicate (R, C, M), both float64."""
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
    """Returns the number of trials (M,) float64 of the metrics; NaN for a metric that is not a proportion."""
    pairs = zip(metrics, values.tolist(), strict=True)
    return np.array([trial_count(name, scored.positive, value, scored, groups) for name, value in pairs], np.float64)


def _estimates(
    metrics: Sequence[str],
    values: NDArray[np.float64],
    samples: NDArray[np.float64],
    trials: NDArray[np.float64],
    confidence: float,
) -> dict[str, Estimate]:
    """Returns metric → estimate, from values (M,), samples (R, M) and numbers of trials (M,)."""
    found = as_estimates(values, *intervals(values, samples, trials, confidence))
    return dict(zip(metrics, found, strict=True))
