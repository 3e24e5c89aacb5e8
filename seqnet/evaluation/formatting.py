"""Plain-text tables of an evaluation: ASCII, aligned, without colours, the same on every terminal and in a file.

Class names are printed unchanged. `n/a` means undefined.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from seqnet.core.printable import counted, listed
from seqnet.evaluation.comparison import Comparison
from seqnet.evaluation.cross_validation import CrossValidation
from seqnet.evaluation.evaluation import Estimate, Evaluation
from seqnet.evaluation.exact_intervals import FEW
from seqnet.evaluation.metrics import METRICS
from seqnet.evaluation.paired_metrics import PairedMetrics
from seqnet.evaluation.strata import Stratum

__all__ = [
    "format_comparison",
    "format_cross_validation",
    "format_evaluation",
    "format_paired_metrics",
    "format_strata",
    "origin_text",
]

_FEW = 20
"""With fewer records or groups of a class, a line says that intervals are rough."""

_MOST_COLUMNS = 20
"""Maximum number of classes whose confusion matrix is printed."""

_MOST_NAMED = 10
"""Maximum number of classes, or pairs of classes, that a line or table names."""


def format_evaluation(evaluation: Evaluation) -> str:
    """Returns tables of the parameters, the metrics, the confusion matrix, and, for more than two classes, each class.

    The text ends with a line end.
    """
    parts = [origin_text(evaluation), _metrics(evaluation), _confusion(evaluation)]
    if evaluation.positive is None:
        parts.append(_classes(evaluation))
    gaps = _gaps(evaluation)
    return "\n\n".join(parts + ([gaps] if gaps else [])) + "\n"


def _align(rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """Returns the rows as lines with aligned columns: the first `left` columns flush left, the others flush right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = zip(row, widths, strict=True)
        padded = [cell.ljust(width) if at < left else cell.rjust(width) for at, (cell, width) in enumerate(cells)]
        lines.append("  ".join(padded).rstrip())
    return "\n".join(lines)


def _value(number: float) -> str:
    return "n/a" if math.isnan(number) else f"{number:.4f}"


def _interval(low: float, high: float, digits: int = 4, *, exact: bool = False) -> str:
    """Returns an interval, such as "[0.904, 0.921]" or "[0.782, 1.000] exact"; empty without one."""
    text = "" if math.isnan(low) else f"[{low:,.{digits}f}, {high:,.{digits}f}]"
    return f"{text} exact" if exact else text


def _has_exact(evaluation: Evaluation) -> bool:
    """Returns whether an interval of a metric or, with two classes, of the confusion matrix is exact."""
    counts = evaluation.positive is not None and evaluation.confusion_exact.any()
    return bool(counts) or any(one.exact for one in evaluation.metrics.values())


def _has_intervals(evaluation: Evaluation) -> bool:
    # Accuracy is always defined, so it lacks an interval only if all metrics do.
    return not math.isnan(evaluation.metrics["accuracy"].low)


def _confidence(evaluation: Evaluation) -> str:
    return f"{100 * evaluation.bootstrap.confidence:g} %"


def origin_text(evaluation: Evaluation) -> str:
    """Returns which records were measured, how labels were decided, and how intervals were made, a line each."""
    recipe = evaluation.bootstrap
    if evaluation.positive is None:
        decision = f"{counted(len(evaluation.classes), 'classes')}, macro averages"
    else:
        bound = "a threshold by record" if evaluation.threshold is None else f"{evaluation.threshold:g}"
        decision = f"positive class {evaluation.positive} (p >= {bound})"
    if _has_intervals(evaluation):
        how = f"percentile bootstrap of {recipe.unit}s, {counted(recipe.replicates, 'replicates')}, seed {recipe.seed}"
        intervals = f"{_confidence(evaluation)} intervals: {how}"
        if _has_exact(evaluation):
            intervals += f"\nintervals marked exact: Clopper-Pearson, for fewer than {FEW} successes or failures"
        name, count = evaluation.rarest or ("", _FEW)
        if count < _FEW:
            few = counted(count, f"{recipe.unit}s")
            intervals += f"\nthe intervals are rough: class {name} has {few}, fewer than {_FEW}"
    else:
        intervals = f"no intervals: a single {recipe.unit}" if recipe.replicates else "no intervals"
    return f"{counted(evaluation.n, 'records')}, split {evaluation.split}; {decision}\n{intervals}"


def _metrics(evaluation: Evaluation) -> str:
    rows = [["metric", "value", f"{_confidence(evaluation)} interval" if _has_intervals(evaluation) else ""]]
    for name, estimate in evaluation.metrics.items():
        interval = _interval(estimate.low, estimate.high, exact=estimate.exact)
        rows.append([METRICS[name].title, _value(estimate.value), interval])
    return _align(rows)


def _confusion(evaluation: Evaluation) -> str:
    """Returns the confusion matrix; of many classes, its largest numbers of wrong decisions."""
    if len(evaluation.classes) > _MOST_COLUMNS:
        return _confused(evaluation)
    rows = [["true \\ predicted", *evaluation.classes]]
    lows, highs, exact = evaluation.confusion_low, evaluation.confusion_high, evaluation.confusion_exact
    for true, (name, counts) in enumerate(zip(evaluation.classes, evaluation.confusion, strict=True)):
        cells = [f"{count:,}" for count in counts]
        if evaluation.positive is not None:
            # With more classes, intervals would make the lines too wide.
            ends = zip(lows[true], highs[true], exact[true], strict=True)
            texts = [_interval(low, high, 0, exact=marked) for low, high, marked in ends]
            cells = [f"{cell} {text}".rstrip() for cell, text in zip(cells, texts, strict=True)]
        rows.append([name, *cells])
    return _align(rows)


def _confused(evaluation: Evaluation) -> str:
    """Returns one line for each of the pairs of classes that are most often confused."""
    wrong = evaluation.confusion - np.diag(evaluation.confusion.diagonal())
    order = np.argsort(-wrong, axis=None, kind="stable")[:_MOST_NAMED]
    pairs = [(int(true), int(given)) for true, given in zip(*np.unravel_index(order, wrong.shape), strict=True)]
    rows = [["most frequent confusions: true", "predicted", "records"]]
    for true, given in pairs:
        if wrong[true, given]:
            rows.append([evaluation.classes[true], evaluation.classes[given], f"{wrong[true, given]:,}"])
    return _align(rows, left=2) if len(rows) > 1 else "all records are classified correctly"


def _classes(evaluation: Evaluation) -> str:
    """Returns one line per class: number of records, and the metrics of this class against the rest."""
    metrics = [name for name, metric in METRICS.items() if metric.per_class]
    rows = [["class", "records", *metrics]]
    for name, count in zip(evaluation.classes, evaluation.confusion.sum(axis=1), strict=True):
        rows.append([name, f"{count:,}", *(_value(evaluation.per_class[name][metric].value) for metric in metrics)])
    return _align(rows)


def _gaps(evaluation: Evaluation) -> str:
    """Returns one line per reason for n/a: classes without records, classes that are never predicted; empty if none."""
    reasons = (
        ("without a record", evaluation.confusion.sum(axis=1)),
        ("never predicted", evaluation.confusion.sum(axis=0)),
    )
    lines = []
    for reason, counts in reasons:
        names = [name for name, count in zip(evaluation.classes, counts, strict=True) if count == 0]
        if names:
            lines.append(f"{reason}: {listed(names, _MOST_NAMED)}")
    return "\n".join(lines)


def _estimate(estimate: Estimate) -> str:
    """Returns value and interval with three digits, to fit several into one table row."""
    value = "n/a" if math.isnan(estimate.value) else f"{estimate.value:.3f}"
    return f"{value} {_interval(estimate.low, estimate.high, 3, exact=estimate.exact)}".rstrip()


def format_paired_metrics(evaluation: Evaluation, compared: Mapping[str, PairedMetrics]) -> str:
    """Returns a table with one line for the model and for each rival; it ends with a line end.

    Args:
        evaluation: evaluation of the model.
        compared: title → comparison of the model with the rival; all have the same metrics, with AUROC and accuracy.
    """
    first = next(iter(compared.values()))
    main_metric = first.main_metric
    names = list(first.metrics)
    rows = [["", *(METRICS[name].title for name in names), f"model ahead in {METRICS[main_metric].title}"]]
    rows.append(["model", *(_estimate(evaluation.metrics[name]) for name in names), ""])
    for title, paired in compared.items():
        cells = [_estimate(paired.metrics[name]) for name in names]
        rows.append([title, *cells, _estimate(paired.differences[main_metric])])
    return _align(rows, left=len(rows[0])) + "\n"


def format_strata(title: str, strata: Sequence[Stratum], *, percent: bool = False) -> str:
    """Returns a table with a line for each bin; it ends with a line end.

    Args:
        title: quantity of the bins.
        strata: the bins.
        percent: whether the bounds are printed as percentages.
    """
    metrics = list(strata[0].metrics)
    rows = [[title, "records", *(METRICS[name].title for name in metrics)]]
    for stratum in strata:
        bounds = f"{100 * stratum.low:g}-{100 * stratum.high:g} %" if percent else f"{stratum.low:,}-{stratum.high:,}"
        rows.append([bounds, f"{stratum.n:,}", *(_estimate(stratum.metrics[name]) for name in metrics)])
    return _align(rows) + "\n"


def format_comparison(comparison: Comparison, first: str, second: str, confidence: float) -> str:
    """Returns the differences of all metrics and the tests of two named models; the text ends with a line end."""
    rows = [[f"{first} minus {second}", "difference", f"{100 * confidence:g} % interval"]]
    for name, estimate in comparison.paired.differences.items():
        rows.append([METRICS[name].title, _value(estimate.value), _interval(estimate.low, estimate.high)])
    test = comparison.mcnemar
    how = {"exact": "exact", "chi-square": "chi-square", "groups": "chi-square over groups"}[test.method]
    lines = [
        f"McNemar: {counted(test.only_first, 'records')} only {first} has right, {test.only_second:,} only {second}; "
        f"p = {_chance(test.p)} ({how})"
    ]
    if comparison.delong is not None:
        ranking = comparison.delong
        lines.append(
            f"DeLong: AUROC {ranking.first:.4f} and {ranking.second:.4f}, standard error of the difference "
            f"{ranking.error:.4f}; p = {_chance(ranking.p)}"
        )
    return _align(rows) + "\n\n" + "\n".join(lines) + "\n"


def _chance(p: float) -> str:
    return "n/a" if math.isnan(p) else f"{p:.2g}"


def format_cross_validation(found: CrossValidation) -> str:
    """Returns a line with accuracy and AUROC: mean ± standard deviation over the folds, and pooled with intervals."""
    names = ("accuracy", "auroc")
    mean, sd = found.mean, found.sd
    spread = [_spread(METRICS[name].title, mean[name], sd[name]) for name in names]
    pooled = [f"{METRICS[name].title} {_estimate(found.pooled.metrics[name])}" for name in names]
    return f"{spread[0]} over {counted(len(found.folds), 'folds')}, {spread[1]}; pooled {', '.join(pooled)}"


def _spread(title: str, mean: float, sd: float) -> str:
    return f"{title} n/a" if math.isnan(mean) else f"{title} {mean:.3f} ± {sd:.3f}"
