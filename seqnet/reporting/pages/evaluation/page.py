"""Results → the whole page, from the summary to the versions."""

from __future__ import annotations

from collections.abc import Sequence

from seqnet.core.printable import counted
from seqnet.evaluation import METRICS
from seqnet.reporting.pages.content import Page, Section
from seqnet.reporting.pages.evaluation.comparisons import baseline_section, comparison_section
from seqnet.reporting.pages.evaluation.data import data_section
from seqnet.reporting.pages.evaluation.decisions import decision_section, error_section
from seqnet.reporting.pages.evaluation.model import model_section
from seqnet.reporting.pages.evaluation.origin import origin_section
from seqnet.reporting.pages.evaluation.probabilities import calibration_section, ranking_section
from seqnet.reporting.pages.evaluation.strata import strata_section
from seqnet.reporting.pages.evaluation.summary import summary_section
from seqnet.reporting.pages.evaluation.training import training_section
from seqnet.reporting.results import ModelResults, Results
from seqnet.reporting.wording import estimate_text, sentence

__all__ = ["evaluation_page"]


def evaluation_page(results: Results, more: Sequence[Section] = ()) -> Page:
    """Returns the page of one or two models.

    Args:
        results: what was measured.
        more: further sections, such as motifs; they come after those of the measured records.
    """
    sections = [
        summary_section(results),
        data_section(results),
        ranking_section(results),
        decision_section(results),
        calibration_section(results),
        strata_section(results),
        baseline_section(results),
        comparison_section(results),
        error_section(results),
        *more,
        model_section(results),
        training_section(results),
        origin_section(results),
    ]
    names = [model.report.name for model in results.models]
    several = len(names) > 1
    notes = [
        f"{model.report.name}: {line}." if several else sentence(line)
        for model in results.models
        for line in model.report.warnings()
    ]
    return Page(
        f"Evaluation of {' and '.join(names)}",
        _lead(results.models),
        [one for one in sections if one is not None],
        notes,
    )


def _lead(models: Sequence[ModelResults]) -> str:
    """Returns how many records were measured, and the AUROC and accuracy of each model."""
    found = models[0].evaluation
    parts = []
    for model in models:
        metrics = model.evaluation.metrics
        values = [f"{METRICS[name].title} {estimate_text(metrics[name])}" for name in ("auroc", "accuracy")]
        parts.append((f"{model.report.name}: " if len(models) > 1 else "") + ", ".join(values))
    where = "the whole file" if found.split == "all" else f"the {found.split} split"
    return f"{counted(found.n, 'records')} of {where}. {'; '.join(parts)}."
