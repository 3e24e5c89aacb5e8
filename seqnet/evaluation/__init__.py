"""Metrics of predictions, with bootstrap intervals, comparisons and tables.

Start here: `evaluate_probabilities` takes labels and probabilities and returns an `Evaluation`, `format_evaluation`
prints it. `measure` returns metrics without intervals, for example for a training loop. `METRICS` is the table of all
metrics. `evaluate_folds` evaluates a cross-validation. `compare_in_pairs` compares classifiers on the same records,
`compare` tests two models, `stratify_by_length` and `stratify_by_similarity` evaluate parts of the records.
"""

from __future__ import annotations

from seqnet.evaluation.bootstrap import bootstrap, percentile_intervals
from seqnet.evaluation.comparison import Comparison, compare
from seqnet.evaluation.cross_validation import CrossValidation, evaluate_folds
from seqnet.evaluation.evaluation import BootstrapRecipe, Estimate, Evaluation, evaluate_probabilities
from seqnet.evaluation.formatting import (
    format_comparison,
    format_cross_validation,
    format_evaluation,
    format_paired_metrics,
    format_strata,
)
from seqnet.evaluation.metrics import METRICS, Metric, measure
from seqnet.evaluation.paired_metrics import PairedMetrics, compare_in_pairs
from seqnet.evaluation.scored_records import ScoredRecords, WeightedCounts, decide, score
from seqnet.evaluation.significance import DeLong, McNemar, delong, mcnemar
from seqnet.evaluation.strata import Stratum, stratify_by_length, stratify_by_similarity

__all__ = [
    "METRICS",
    "BootstrapRecipe",
    "Comparison",
    "CrossValidation",
    "DeLong",
    "Estimate",
    "Evaluation",
    "McNemar",
    "Metric",
    "PairedMetrics",
    "ScoredRecords",
    "Stratum",
    "WeightedCounts",
    "bootstrap",
    "compare",
    "compare_in_pairs",
    "decide",
    "delong",
    "evaluate_folds",
    "evaluate_probabilities",
    "format_comparison",
    "format_cross_validation",
    "format_evaluation",
    "format_paired_metrics",
    "format_strata",
    "mcnemar",
    "measure",
    "percentile_intervals",
    "score",
    "stratify_by_length",
    "stratify_by_similarity",
]
