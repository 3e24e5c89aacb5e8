"""An evaluation as plain text for people: ASCII, aligned, without colours, the same on every terminal and in a file.

Class names are shown as they are. `n/a` stands for what is undefined.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from seqnet.evaluation.evaluation import Evaluation
from seqnet.evaluation.metrics import METRICS

__all__ = ["format_evaluation"]


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
        decision = f"{len(evaluation.classes)} classes, macro averages"
    else:
        decision = f"positive class {evaluation.positive} (p >= {evaluation.threshold:g})"
    if _has_intervals(evaluation):
        how = f"percentile bootstrap of {recipe.unit}s, {recipe.replicates:,} replicates, seed {recipe.seed}"
        intervals = f"{_confidence(evaluation)} intervals: {how}"
    else:
        intervals = f"no intervals: a single {recipe.unit}" if recipe.replicates else "no intervals"
    return f"{evaluation.n:,} records, split {evaluation.split}; {decision}\n{intervals}"


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
