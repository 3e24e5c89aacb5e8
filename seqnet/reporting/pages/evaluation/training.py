"""How a model was trained: learning curves, and the folds of a cross-validation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from seqnet.evaluation import METRICS
from seqnet.reporting.figures.evaluation import picture_of
from seqnet.reporting.pages.cells import count, number
from seqnet.reporting.pages.content import Block, Cell, Figures, Heading, Section, Table, Text
from seqnet.reporting.records import Fold
from seqnet.reporting.results import Results
from seqnet.reporting.wording import number_text, sentence

__all__ = ["folds_table", "training_section"]

_METRICS = ("accuracy", "balanced_accuracy", "mcc", "auroc", "auprc")


def training_section(results: Results) -> Section:
    """Returns learning curves and folds of each model, or why they are not known."""
    blocks: list[Block] = []
    for place, model in enumerate(results.models, 1):
        record = model.training
        blocks += [Heading(model.report.name)] if len(results.models) > 1 else []
        blocks += [Text(sentence(line)) for line in record.remarks]
        blocks += [Figures([picture_of("learning", model, place)])] if record.runs else []
        blocks += [folds_table(record.folds)] if record.folds else []
    return Section("training", "Training", blocks)


def folds_table(folds: Sequence[Fold]) -> Table:
    """Returns a row for each fold, and means."""
    rows: list[list[str | Cell]] = []
    for place, fold in enumerate(folds, 1):
        sizes = [count(size) for size in fold.sizes]
        values = [number(fold.metrics.get(metric, np.nan)) for metric in _METRICS]
        rows.append([count(place), *sizes, count(fold.epoch), *values])
    means = []
    for metric in _METRICS:
        found = np.array([fold.metrics.get(metric, np.nan) for fold in folds])
        means.append(f"{METRICS[metric].title} {number_text(found.mean())} ± {number_text(found.std(ddof=1))}")
    columns = ["fold", "fitted", "choosing", "held out", "epoch", *(METRICS[metric].title for metric in _METRICS)]
    caption = "Cross-validation in training: metrics of each network on the records of its fold, which it has not seen."
    return Table(caption, columns, rows, f"Mean ± standard deviation over folds: {', '.join(means)}.")
