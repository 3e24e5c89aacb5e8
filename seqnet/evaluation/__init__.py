"""How good the predictions are: metrics, their bootstrap intervals, and the table that shows them.

Start here: `evaluate_probabilities` takes labels and probabilities and returns an `Evaluation`, `format_evaluation`
shows it. `measure` returns bare metrics, such as a training loop wants; `METRICS` is the table of them all.
`evaluate_folds` is for a cross-validation. `stand_beside` compares classifiers on the same records, `compare` tests two
models, `stratify_by_length` and `stratify_by_similarity` look at parts of the records.
"""

from __future__ import annotations

from seqnet.evaluation.bootstrap import bootstrap, percentile_intervals
from seqnet.evaluation.comparison import Comparison, compare
from seqnet.evaluation.evaluation import BootstrapRecipe, Estimate, Evaluation, evaluate_probabilities
from seqnet.evaluation.folds import CrossValidation, evaluate_folds
from seqnet.evaluation.metrics import METRICS, Metric, measure
from seqnet.evaluation.paired import Standing, stand_beside
from seqnet.evaluation.scored import Scored, Tally, decide, score
from seqnet.evaluation.significance import DeLong, McNemar, delong, mcnemar
from seqnet.evaluation.strata import Stratum, stratify_by_length, stratify_by_similarity
from seqnet.evaluation.tables import (
    format_comparison,
    format_cross_validation,
    format_evaluation,
    format_standings,
    format_strata,
)

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
    "Scored",
    "Standing",
    "Stratum",
    "Tally",
    "bootstrap",
    "compare",
    "decide",
    "delong",
    "evaluate_folds",
    "evaluate_probabilities",
    "format_comparison",
    "format_cross_validation",
    "format_evaluation",
    "format_standings",
    "format_strata",
    "mcnemar",
    "measure",
    "percentile_intervals",
    "score",
    "stand_beside",
    "stratify_by_length",
    "stratify_by_similarity",
]
