"""Metrics by length, and by similarity to the training records."""

from __future__ import annotations

from collections.abc import Sequence

from seqnet.core.printable import counted
from seqnet.evaluation import METRICS, Stratum
from seqnet.reporting.figures.intervals import interval_picture
from seqnet.reporting.figures.pictures import Picture
from seqnet.reporting.pages.cells import count, estimate
from seqnet.reporting.pages.content import Block, Cell, Figures, Heading, Section, Table, Text
from seqnet.reporting.results import ModelResults, Results

__all__ = ["strata_section"]

_TITLE = "Metrics by length and similarity"


def strata_section(results: Results) -> Section | None:
    """Returns the metrics of parts of the records; None where they were not computed."""
    blocks: list[Block] = []
    for number, model in enumerate(results.models, 1):
        if model.report.strata is not None:
            blocks += [Heading(model.report.name)] if len(results.models) > 1 else []
            blocks += _of_model(model, "" if number == 1 else f"-{number}")
    return Section("strata", _TITLE, blocks) if blocks else None


def _of_model(model: ModelResults, ending: str) -> list[Block]:
    found = model.report.strata
    assert found is not None
    pictures: list[Picture] = []
    tables: list[Block] = []
    if len(found.length) > 1:
        bounds = [f"{one.low:,} to {one.high:,}" for one in found.length]
        pictures.append(_picture("by-length" + ending, "By length", bounds, found.length))
        tables.append(_table("Metrics by length.", "length", bounds, found.length))
    else:
        tables.append(Text("All records have about the same length."))
    if found.similarity is None:
        reason = "they need the training dataset, and records that were not trained on."
        tables.append(Text(f"No metrics by similarity: {reason}"))
    else:
        bins, k = found.similarity.bins, found.similarity.k
        bounds = [f"{100 * one.low:g} to {100 * one.high:g} %" for one in bins]
        pictures.append(_picture("by-similarity" + ending, "By similarity", bounds, bins))
        caption = f"Metrics by share of a record's {k}-mers that the training records have."
        note = ""
        if found.similarity.without:
            note = f"{counted(found.similarity.without, 'records have')} no {k}-mer and are in no row."
        tables.append(_table(caption, "share", bounds, bins, note))
    return [Figures(pictures), *tables] if pictures else tables


def _main_metric(strata: Sequence[Stratum]) -> str:
    """Returns AUROC, or accuracy if a part has no AUROC."""
    return "auroc" if any(one.metrics["auroc"].value == one.metrics["auroc"].value for one in strata) else "accuracy"


def _picture(key: str, title: str, bounds: Sequence[str], strata: Sequence[Stratum]) -> Picture:
    metric = _main_metric(strata)
    rows = [(bound, one.metrics[metric]) for bound, one in zip(bounds, strata, strict=True) if one.n]
    caption = f"{METRICS[metric].title} of each part of the records."
    reference = 0.5 if metric == "auroc" else None
    return interval_picture(key, title, rows, METRICS[metric].title, caption, reference=reference)


def _table(caption: str, what: str, bounds: Sequence[str], strata: Sequence[Stratum], note: str = "") -> Table:
    metrics = list(strata[0].metrics)
    rows: list[list[str | Cell]] = [
        [bound, count(one.n), *(estimate(one.metrics[name]) for name in metrics)]
        for bound, one in zip(bounds, strata, strict=True)
    ]
    return Table(caption, [what, "records", *(METRICS[name].title for name in metrics)], rows, note)
