"""An evaluation as plain text for people: ASCII, aligned, without colours, the same on every terminal and in a file.

Class names are shown as they are. `n/a` stands for what is undefined.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from seqnet.core.printable import counted
from seqnet.evaluation.comparison import Comparison
from seqnet.evaluation.cross_validation import CrossValidation
from seqnet.evaluation.evaluation import Estimate, Evaluation
from seqnet.evaluation.metrics import METRICS
from seqnet.evaluation.paired_metrics import PairedMetrics
from seqnet.evaluation.strata import Stratum

__all__ = [
    "format_comparison",
    "format_cross_validation",
    "format_evaluation",
    "format_paired_metrics",
    "format_strata",
]

_FEW = 20
"""Records or groups of a class below which intervals are said to be rough."""


def format_evaluation(evaluation: Evaluation) -> str:
    """Returns the tables: how it was made, metrics, confusion matrix, and the classes where there are more than two.

    The text ends with a line end.
    """
    parts = [_origin(evaluation), _metrics(evaluation), _confusion(evaluation)]
    if evaluation.positive is None:
        parts.append(_classes(evaluation))
    gaps = _gaps(evaluation)
    return "\n\n".join(parts + ([gaps] if gaps else [])) + "\n"


def _align(rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """Returns the rows as lines with columns of even width, the first `left` columns flush left, the rest right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = zip(row, widths, strict=True)
        padded = [cell.ljust(width) if at < left else cell.rjust(width) for at, (cell, width) in enumerate(cells)]
        lines.append("  ".join(padded).rstrip())
    return "\n".join(lines)


def _value(number: float) -> str:
    return "n/a" if math.isnan(number) else f"{number:.4f}"


def _interval(low: float, high: float, digits: int = 4) -> str:
    return "" if math.isnan(low) else f"[{low:,.{digits}f}, {high:,.{digits}f}]"


def _has_intervals(evaluation: Evaluation) -> bool:
    # Accuracy is never undefined, so that it lacks an interval only if everything does.
    return not math.isnan(evaluation.metrics["accuracy"].low)


def _confidence(evaluation: Evaluation) -> str:
    return f"{100 * evaluation.bootstrap.confidence:g} %"


def _origin(evaluation: Evaluation) -> str:
    recipe = evaluation.bootstrap
    if evaluation.positive is None:
        decision = f"{counted(len(evaluation.classes), 'classes')}, macro averages"
    else:
        bound = "a threshold by record" if evaluation.threshold is None else f"{evaluation.threshold:g}"
        decision = f"positive class {evaluation.positive} (p >= {bound})"
    if _has_intervals(evaluation):
        how = f"percentile bootstrap of {recipe.unit}s, {counted(recipe.replicates, 'replicates')}, seed {recipe.seed}"
        intervals = f"{_confidence(evaluation)} intervals: {how}"
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
        rows.append([METRICS[name].title, _value(estimate.value), _interval(estimate.low, estimate.high)])
    return _align(rows)


def _confusion(evaluation: Evaluation) -> str:
    rows = [["true \\ predicted", *evaluation.classes]]
    for name, counts, lows, highs in zip(
        evaluation.classes, evaluation.confusion, evaluation.confusion_low, evaluation.confusion_high, strict=True
    ):
        cells = [f"{count:,}" for count in counts]
        if evaluation.positive is not None:
            # With more classes, intervals would make the lines too wide to read.
            ends = [_interval(low, high, digits=0) for low, high in zip(lows, highs, strict=True)]
            cells = [f"{cell} {end}".rstrip() for cell, end in zip(cells, ends, strict=True)]
        rows.append([name, *cells])
    return _align(rows)


def _classes(evaluation: Evaluation) -> str:
    """Returns one line per class: records, and the metrics of the class against the rest."""
    metrics = [name for name, metric in METRICS.items() if metric.per_class]
    rows = [["class", "records", *metrics]]
    for name, count in zip(evaluation.classes, evaluation.confusion.sum(axis=1), strict=True):
        rows.append([name, f"{count:,}", *(_value(evaluation.per_class[name][metric].value) for metric in metrics)])
    return _align(rows)


def _gaps(evaluation: Evaluation) -> str:
    """Returns one line per reason for an n/a: classes without records, classes never predicted; empty if none."""
    reasons = (
        ("without a record", evaluation.confusion.sum(axis=1)),
        ("never predicted", evaluation.confusion.sum(axis=0)),
    )
    lines = []
    for reason, counts in reasons:
        names = [name for name, count in zip(evaluation.classes, counts, strict=True) if count == 0]
        if names:
            lines.append(f"{reason}: {', '.join(names)}")
    return "\n".join(lines)


def _estimate(estimate: Estimate) -> str:
    """Returns value and interval in three digits, as tables with several of them in a row have room for."""
    value = "n/a" if math.isnan(estimate.value) else f"{estimate.value:.3f}"
    return f"{value} {_interval(estimate.low, estimate.high, digits=3)}".rstrip()


def format_paired_metrics(evaluation: Evaluation, standings: Mapping[str, PairedMetrics]) -> str:
    """Returns a table of the model and of what it is compared with, one line each; it ends in a line end.

    Args:
        evaluation: of the model.
        standings: title → how it stands beside the model; all with the same metrics, AUROC and accuracy among them.
    """
    first = next(iter(standings.values()))
    deciding = first.deciding
    names = list(first.metrics)
    rows = [["", *(METRICS[name].title for name in names), f"model ahead in {METRICS[deciding].title}"]]
    rows.append(["model", *(_estimate(evaluation.metrics[name]) for name in names), ""])
    for title, standing in standings.items():
        cells = [_estimate(standing.metrics[name]) for name in names]
        rows.append([title, *cells, _estimate(standing.differences[deciding])])
    return _align(rows, left=len(rows[0])) + "\n"


def format_strata(title: str, strata: Sequence[Stratum], *, percent: bool = False) -> str:
    """Returns a table with a line for each bin; it ends in a line end.

    Args:
        title: what the bins are of.
        strata: the bins.
        percent: whether the bounds are shares.
    """
    metrics = list(strata[0].metrics)
    rows = [[title, "records", *(METRICS[name].title for name in metrics)]]
    for stratum in strata:
        bounds = f"{100 * stratum.low:g}-{100 * stratum.high:g} %" if percent else f"{stratum.low:,}-{stratum.high:,}"
        rows.append([bounds, f"{stratum.n:,}", *(_estimate(stratum.metrics[name]) for name in metrics)])
    return _align(rows) + "\n"


def format_comparison(comparison: Comparison, first: str, second: str, confidence: float) -> str:
    """Returns the differences of all metrics and the tests of two models by name; it ends in a line end."""
    rows = [[f"{first} minus {second}", "difference", f"{100 * confidence:g} % interval"]]
    for name, estimate in comparison.standing.differences.items():
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
    """Returns one line: accuracy and AUROC as mean ± standard deviation over the folds, and pooled with intervals."""
    names = ("accuracy", "auroc")
    mean, sd = found.mean, found.sd
    spread = [_spread(METRICS[name].title, mean[name], sd[name]) for name in names]
    pooled = [f"{METRICS[name].title} {_estimate(found.pooled.metrics[name])}" for name in names]
    return f"{spread[0]} over {counted(len(found.folds), 'folds')}, {spread[1]}; pooled {', '.join(pooled)}"


def _spread(title: str, mean: float, sd: float) -> str:
    return f"{title} n/a" if math.isnan(mean) else f"{title} {mean:.3f} ± {sd:.3f}"
