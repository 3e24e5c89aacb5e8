"""How good the predictions are: metrics, their bootstrap intervals, and the table that shows them.

Start here: `evaluate_probabilities` takes labels and probabilities and returns an `Evaluation`, `format_evaluation`
shows it. `measure` returns bare metrics, such as a training loop wants; `METRICS` is the table of them all.
"""

from __future__ import annotations

from seqnet.evaluation.bootstrap import bootstrap, percentile_intervals
from seqnet.evaluation.evaluation import BootstrapRecipe, Estimate, Evaluation, evaluate_probabilities
from seqnet.evaluation.metrics import METRICS, Metric, measure
from seqnet.evaluation.scored import Scored, Tally, decide, score
from seqnet.evaluation.tables import format_evaluation

__all__ = [
    "METRICS",
    "BootstrapRecipe",
    "Estimate",
    "Evaluation",
    "Metric",
    "Scored",
    "Tally",
    "bootstrap",
    "decide",
    "evaluate_probabilities",
    "format_evaluation",
    "measure",
    "percentile_intervals",
    "score",
]
