"""Two models on the same records: differences of all metrics with paired intervals, McNemar's and DeLong's tests.

In: the scores of two models for the same N records. Out: a `Comparison`. A difference is the first model's value minus
the second model's value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqnet.configs.evaluation import EvaluationOptions
from seqnet.evaluation.metrics import METRICS
from seqnet.evaluation.paired_metrics import PairedMetrics, compare_in_pairs
from seqnet.evaluation.scored_records import ScoredRecords, in_canonical_order
from seqnet.evaluation.significance import DeLong, McNemar, delong, mcnemar

__all__ = ["Comparison", "compare"]


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Comparison of two models.

    Attributes:
        paired: metrics of the second model, and the first model's metrics minus these.
        mcnemar: test whether both models are right equally often.
        delong: test whether both models have the same AUROC; None with more than two classes, with groups, or with
            fewer than two records of a class.
    """

    paired: PairedMetrics
    mcnemar: McNemar
    delong: DeLong | None

    def to_json(self) -> dict[str, Any]:
        """Returns everything as plain values, None for NaN."""
        return {
            "differences": {name: value.to_json() for name, value in self.paired.differences.items()},
            "mcnemar": self.mcnemar.to_json(),
            "delong": None if self.delong is None else self.delong.to_json(),
        }


def compare(
    first: ScoredRecords, second: ScoredRecords, *, groups: NDArray[np.int64] | None, options: EvaluationOptions
) -> Comparison:
    """Returns the comparison of two models on the same records.

    Args:
        first: the N records with the first model's scores.
        second: the same records, with the classes in the same order, and the second model's scores.
        groups: (N,) int64, group of each record; None, or groups of one record each, if records are independent.
        options: replicates, confidence and seed of the intervals.
    """
    paired = compare_in_pairs(first, {"second": second}, groups=groups, metrics=tuple(METRICS), options=options)[
        "second"
    ]
    (one, other), units = in_canonical_order([first, second], groups)
    ranking = None
    if units is None and one.positive is not None:
        scores = one.probabilities[:, one.positive], other.probabilities[:, one.positive]
        ranking = delong(one.labels == one.positive, *scores, options.confidence)
    right = one.predicted == one.labels, other.predicted == other.labels
    return Comparison(paired, mcnemar(*right, units), ranking)
