"""All metrics, and the metrics of each class."""

from __future__ import annotations

from seqnet.evaluation import METRICS, Estimate
from seqnet.evaluation.formatting import origin_text
from seqnet.reporting.pages.cells import count, estimate, number
from seqnet.reporting.pages.content import Block, Cell, Section, Table, Text
from seqnet.reporting.results import ModelResults, Results

__all__ = ["summary_section"]


def summary_section(results: Results) -> Section:
    """Returns all metrics of all models; with more than two classes, also those of each class."""
    names = [model.report.name for model in results.models]
    columns = ["metric", *(names if len(names) > 1 else ["value"]), "meaning"]
    rows: list[list[str | Cell]] = [
        [
            metric.title,
            *(estimate(model.evaluation.metrics[key]) for model in results.models),
            metric.help + ("; lower is better" if metric.better == "lower" else ""),
        ]
        for key, metric in METRICS.items()
    ]
    blocks: list[Block] = [Table("All metrics, with intervals in brackets.", columns, rows)]
    # Both models were measured on the same records, and their thresholds are in the section of each model.
    blocks += [Text(f"{line}.") for line in origin_text(results.models[0].evaluation).splitlines()]
    if results.models[0].evaluation.positive is None:
        blocks += [_by_class(model) for model in results.models]
    return Section("summary", "Metrics", blocks)


def _by_class(model: ModelResults) -> Table:
    found = model.evaluation
    metrics = [name for name, metric in METRICS.items() if metric.per_class]
    rows: list[list[str | Cell]] = [
        [name, count(total), *(_cell(metric, found.per_class[name][metric]) for metric in metrics)]
        for name, total in zip(found.classes, found.confusion.sum(axis=1), strict=True)
    ]
    caption = f"{model.report.name}: each class against the rest."
    return Table(caption, ["class", "records", *(METRICS[name].title for name in metrics)], rows)


def _cell(metric: str, found: Estimate) -> Cell:
    """Returns a metric, with its interval only if there is room for it: metrics.json has all."""
    return estimate(found) if METRICS[metric].needs == "ranking" else number(found.value)
