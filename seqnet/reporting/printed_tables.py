"""The metrics of one or two models as tables of text, as `seqnet evaluate` prints them."""

from __future__ import annotations

from collections.abc import Iterator

from seqnet.core.printable import counted, printable
from seqnet.evaluation import format_comparison, format_evaluation, format_paired_metrics, format_strata
from seqnet.evaluation.baselines import BASELINES
from seqnet.reporting.report import ModelReport, Report

__all__ = ["printed_tables"]


def printed_tables(found: Report, *, strata: bool) -> str:
    """Returns the tables.

    Args:
        found: the metrics.
        strata: whether metrics by length and by similarity are among them, if they were measured.
    """
    several = len(found.models) > 1
    parts = []
    for model in found.models:
        text = "".join(_of_model(model, strata=strata))
        parts.append(f"== {printable(model.name)}\n\n{text}\n" if several else text)
    if found.comparison is not None:
        first, second = found.models
        confidence = first.measured.evaluation.bootstrap.confidence
        parts.append(format_comparison(found.comparison, first.name, second.name, confidence))
    return "".join(parts)


def _of_model(model: ModelReport, *, strata: bool) -> Iterator[str]:
    """Yields the tables of one model."""
    yield format_evaluation(model.measured.evaluation)
    if model.baselines:
        one = next(iter(model.fitted.values()))
        if one.available is None:
            source = f"{counted(one.records, 'windows')} drawn from the model's train split"
        else:
            of = "" if one.available == one.records else f" of {one.available:,}"
            source = f"{one.records:,}{of} training records of the model"
        titles = {BASELINES[name].title: paired for name, paired in model.baselines.items()}
        yield f"\nbaselines, fitted to {source}; intervals in brackets\n"
        yield format_paired_metrics(model.measured.evaluation, titles)
    if strata and model.strata is not None:
        if len(model.strata.length) > 1:
            yield "\n" + format_strata("length", model.strata.length)
        similarity = model.strata.similarity
        if similarity is None:
            yield "\nno metrics by similarity: they need the training dataset and records that were not trained on\n"
            return
        without = f"; {counted(similarity.without, 'records have')} none" if similarity.without else ""
        yield f"\nby share of a record's {similarity.k}-mers that the training records have{without}\n"
        yield format_strata("share", similarity.bins, percent=True)
