"""All metrics, as functions of labels (N,), probabilities (N, K) and weights (N,).

`METRICS` is the table: name → description, required input, which direction is better, when it is undefined. `measure`
computes metrics from arrays. A metric's `compute` takes weighted counts (`WeightedCounts`). The bootstrap makes these
for each replicate from records that are sorted once.

For two classes, precision, recall, specificity, F1, AUROC and AUPRC are those of the positive class. For more classes,
each is the unweighted mean over classes, one class against the rest (macro average).

An undefined value (0 / 0) is NaN, not 0 and not a warning. A macro average with an undefined class is undefined,
because an average over fewer classes would be another metric. The values per class show which class it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seqnet.core.errors import SettingError
from seqnet.evaluation.scored_records import WeightedCounts, score

__all__ = ["METRICS", "Metric", "measure"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One row of the table of metrics.

    Attributes:
        title: name for people.
        needs: input: decisions, the order of the probabilities, or the probabilities themselves.
        undefined: when it is NaN, except if all weights are 0.
        help: description in one line.
        compute: returns (K,) float64 if `per_class`, else (1,) float64.
        better: whether higher or lower values are better.
        per_class: whether there is one value for each class against the rest.
    """

    title: str
    needs: Literal["decisions", "ranking", "probabilities"]
    undefined: str
    help: str
    compute: Callable[[WeightedCounts], NDArray[np.float64]]
    better: Literal["higher", "lower"] = "higher"
    per_class: bool = False

    def overall(self, values: NDArray[np.float64], positive: int | None) -> float:
        """Returns one value from the result of `compute`: that of the positive class, or the mean over classes."""
        return float(values[positive]) if self.per_class and positive is not None else float(values.mean())


def _ratio(numerator: NDArray[np.float64], denominator: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns numerator / denominator, NaN if the denominator is 0; all (M,) float64, not negative."""
    undefined = np.full(np.shape(denominator), np.nan)
    return np.asarray(np.divide(numerator, denominator, out=undefined, where=denominator > 0))


def _accuracy(tally: WeightedCounts) -> NDArray[np.float64]:
    """Returns the share of records on the diagonal, (1,) float64."""
    return _ratio(np.array([tally.true_positives.sum()]), np.array([tally.true.sum()]))


def _precision(tally: WeightedCounts) -> NDArray[np.float64]:
    """Returns TP / (TP + FP) per class, (K,) float64."""
    return _ratio(tally.true_positives, tally.given)


def _recall(tally: WeightedCounts) -> NDArray[np.float64]:
    """Returns TP / (TP + FN) per class, (K,) float64."""
    return _ratio(tally.true_positives, tally.true)


def _specificity(tally: WeightedCounts) -> NDArray[np.float64]:
    """Returns TN / (TN + FP) per class, (K,) float64."""
    rest = tally.rest
    return _ratio(np.maximum(rest - tally.false_positives, 0), rest)


def _f1(tally: WeightedCounts) -> NDArray[np.float64]:
    """Returns 2 TP / (2 TP + FP + FN) per class, (K,) float64.

    It is computed from counts, not from precision and recall. So it is 0, not undefined, if a class is never predicted.

    Source: Sokolova & Lapalme 2009, doi:10.1016/j.ipm.2009.03.002.
    """
    return _ratio(2 * tally.true_positives, tally.given + tally.true)


def _balanced_accuracy(tally: WeightedCounts) -> NDArray[np.float64]:
    """Returns the mean recall of all classes, (1,) float64.

    Source: Brodersen et al. 2010, doi:10.1109/ICPR.2010.764.
    """
    return np.array([_recall(tally).mean()])


def _mcc(tally: WeightedCounts) -> NDArray[np.float64]:
    """Returns the correlation of predicted and true classes, (1,) float64; for K classes by Gorodkin's covariances.

    Source: Matthews 1975, doi:10.1016/0005-2795(75)90109-9, for two classes;
    Gorodkin 2004, doi:10.1016/j.compbiolchem.2004.09.006, for more.
    """
    true, given = tally.true, tally.given  # (K,)
    # Count the classes instead of testing a variance for 0: with uneven weights it would have a rounding error.
    if np.count_nonzero(true) < 2 or np.count_nonzero(given) < 2:
        return np.array([np.nan])
    total = true.sum()
    covariance = tally.true_positives.sum() * total - (true * given).sum()
    spreads = (total**2 - (true**2).sum()) * (total**2 - (given**2).sum())
    return np.array([covariance / np.sqrt(spreads)])


def _auroc(tally: WeightedCounts) -> NDArray[np.float64]:
    """Returns the area under the ROC curve per class, (K,) float64.

    Source: Hanley & McNeil 1982, doi:10.1148/radiology.143.1.7063747.
    """
    found = tally.ranked
    # Pairs in the wrong order; a pair with equal probabilities counts as half.
    rest_above, rest_at = found.above - found.own_above, found.at - found.own_at
    wrong = found.by_class(found.own_at * (rest_above - rest_at / 2))
    # Weights that are not whole numbers have rounding errors.
    return 1 - np.clip(_ratio(wrong, tally.rest * tally.true), 0, 1)


def _auprc(tally: WeightedCounts) -> NDArray[np.float64]:
    """Returns the average precision per class, (K,) float64: a step function, without interpolation between points.

    Source: Davis & Goadrich 2006, doi:10.1145/1143844.1143874, for why interpolation is too optimistic.
    """
    found = tally.ranked
    # If the total weight is still 0, the weight of the class is, too, so any precision gives the same result.
    precision = np.divide(found.own_above, found.above, out=np.zeros_like(found.above), where=found.above > 0)
    return np.minimum(_ratio(found.by_class(found.own_at * precision), tally.true), 1)


def _brier(tally: WeightedCounts) -> NDArray[np.float64]:
    """Returns the mean squared error of the probabilities, (1,) float64.

    Source: Brier 1950, doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2; half of it if K = 2, as is usual.
    """
    return np.array([tally.mean(tally.scored.squared_errors)])


def _log_loss(tally: WeightedCounts) -> NDArray[np.float64]:
    """Returns the mean of -ln(probability of the true class), (1,) float64, in nats.

    Source: Good 1952, doi:10.1111/j.2517-6161.1952.tb00104.x.
    """
    return np.array([tally.mean(tally.scored.losses)])


METRICS: Mapping[str, Metric] = {
    "accuracy": Metric(
        title="accuracy",
        needs="decisions",
        undefined="never",
        help="share of records with the right label",
        compute=_accuracy,
    ),
    "balanced_accuracy": Metric(
        title="balanced accuracy",
        needs="decisions",
        undefined="a class has no record",
        help="mean recall over all classes",
        compute=_balanced_accuracy,
    ),
    "precision": Metric(
        title="precision",
        needs="decisions",
        undefined="no record is predicted as the class",
        help="share of the records predicted as the class that belong to it",
        compute=_precision,
        per_class=True,
    ),
    "recall": Metric(
        title="recall (sensitivity)",
        needs="decisions",
        undefined="the class has no record",
        help="share of the records of the class that are predicted as it",
        compute=_recall,
        per_class=True,
    ),
    "specificity": Metric(
        title="specificity",
        needs="decisions",
        undefined="all records are of the class",
        help="share of the records of other classes that are not predicted as the class",
        compute=_specificity,
        per_class=True,
    ),
    "f1": Metric(
        title="F1",
        needs="decisions",
        undefined="no record is of the class or predicted as it",
        help="harmonic mean of precision and recall",
        compute=_f1,
        per_class=True,
    ),
    "mcc": Metric(
        title="MCC",
        needs="decisions",
        undefined="all records are of one class, or are predicted as one class",
        help="Matthews correlation of predicted and true classes: 1 perfect, 0 chance, below 0 worse than chance",
        compute=_mcc,
    ),
    "auroc": Metric(
        title="AUROC",
        needs="ranking",
        undefined="no record is of the class, or all are",
        help="probability that a record of the class has a higher score than one of another class; a tie counts half",
        compute=_auroc,
        per_class=True,
    ),
    "auprc": Metric(
        title="AUPRC",
        needs="ranking",
        undefined="the class has no record",
        help="average precision: precision at every threshold, weighted by the recall that it adds",
        compute=_auprc,
        per_class=True,
    ),
    "brier": Metric(
        title="Brier score",
        needs="probabilities",
        undefined="never",
        help="mean squared error of the probability of the positive class; of more than two classes, the sum",
        compute=_brier,
        better="lower",
    ),
    "log_loss": Metric(
        title="log loss (nats)",
        needs="probabilities",
        undefined="never",
        help="mean of -ln of the probability of the true class; probabilities below 1.2e-7 count as 1.2e-7",
        compute=_log_loss,
        better="lower",
    ),
}


def measure(
    labels: ArrayLike,
    probabilities: ArrayLike,
    weights: NDArray[np.float64] | None = None,
    *,
    positive: int | None = None,
    threshold: float | None = None,
    names: Sequence[str] = tuple(METRICS),
) -> dict[str, float]:
    """Returns the named metrics; NaN for an undefined metric.

    Args:
        labels: (N,) int64, true class, in 0..K-1.
        probabilities: (N, K) float64, rows sum to 1.
        weights: (N,) float64, weight of each record, not negative [default: 1].
        positive: K = 2: index of the positive class [default: 1].
        threshold: K = 2: minimum probability for a positive decision [default: 0.5].
        names: names of the metrics.

    Raises:
        SettingError: a name is unknown, or see `score`.
        SeqnetError: see `score`.
    """
    for name in names:
        if name not in METRICS:
            raise SettingError("metric", name, choices=METRICS)
    scored = score(labels, probabilities, positive=positive, threshold=threshold)
    tally = scored.once() if weights is None else scored.under(weights)
    return {name: METRICS[name].overall(METRICS[name].compute(tally), scored.positive) for name in names}
