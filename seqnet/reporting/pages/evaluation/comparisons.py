"""Models beside simple ones, and two models beside each other."""

from __future__ import annotations

from seqnet.core.printable import counted
from seqnet.evaluation import METRICS
from seqnet.evaluation.baselines import BASELINES
from seqnet.reporting.figures.evaluation import picture_of, pictures_of
from seqnet.reporting.pages.cells import estimate
from seqnet.reporting.pages.content import Block, Cell, Figures, Heading, Section, Table, Text
from seqnet.reporting.results import ModelResults, Results
from seqnet.reporting.wording import estimate_text, sentence

__all__ = ["baseline_section", "comparison_section"]


def baseline_section(results: Results) -> Section:
    """Returns the metrics of baselines, with the differences, or why there are none."""
    text = "Baselines are simple models, fitted to the training records of the model: the most frequent class, and "
    text += "logistic regressions on composition and on k-mers. A network has to beat them."
    blocks: list[Block] = [Text(text)]
    for number, model in enumerate(results.models, 1):
        blocks += [Heading(model.report.name)] if len(results.models) > 1 else []
        if model.report.baselines:
            blocks += [Figures([picture_of("baselines", model, number)]), _baseline_table(model)]
        else:
            remarks = model.report.remarks or ("baselines were switched off",)
            blocks += [Text(sentence(line)) for line in remarks]
    return Section("baselines", "Baselines", blocks)


def _baseline_table(model: ModelResults) -> Table:
    compared = model.report.baselines
    metrics = list(next(iter(compared.values())).metrics)
    main_metric = next(iter(compared.values())).main_metric
    rows: list[list[str | Cell]] = [
        ["model", *(estimate(model.evaluation.metrics[name]) for name in metrics), "", ""],
    ]
    for name, paired in compared.items():
        verdict = "beaten" if paired.beaten else "not beaten"
        cells = [estimate(paired.metrics[metric]) for metric in metrics]
        rows.append([BASELINES[name].title, *cells, estimate_text(paired.differences[main_metric]), verdict])
    titles = [METRICS[name].title for name in metrics]
    columns = ["classifier", *titles, f"model ahead in {METRICS[main_metric].title}", "verdict"]
    fitted = counted(next(iter(model.report.fitted.values())).records, "records")
    return Table(f"{model.report.name} and its baselines, which were fitted to {fitted}.", columns, rows)


def comparison_section(results: Results) -> Section | None:
    """Returns the paired differences of two models, with tests; None for one model."""
    found = results.report.comparison
    if found is None:
        return None
    first, second = (model.report.name for model in results.models)
    rows: list[list[str | Cell]] = [
        [METRICS[name].title, estimate(one), "lower" if METRICS[name].better == "lower" else "higher"]
        for name, one in found.paired.differences.items()
    ]
    table = Table(f"{first} minus {second}.", ["metric", "difference", "better"], rows)
    test = found.mcnemar
    how = {"exact": "exact", "chi-square": "chi-square", "groups": "chi-square over groups"}[test.method]
    lines = [
        "Both models were measured on the same records, and each replicate of the bootstrap has the same records for "
        "both. So variation that both share cancels out. If an interval does not contain 0, the models differ.",
        f"McNemar's test: {counted(test.only_first, 'records')} only {first} has right, {test.only_second:,} only "
        f"{second}; p = {_chance(test.p)} ({how}).",
    ]
    if found.delong is not None:
        ranking = found.delong
        lines.append(
            f"DeLong's test: AUROC {ranking.first:.4f} and {ranking.second:.4f}, standard error of the difference "
            f"{ranking.error:.4f}; p = {_chance(ranking.p)}."
        )
    blocks: list[Block] = [Figures(pictures_of("differences", results)), table, *map(Text, lines)]
    return Section("differences", "Differences of the models", blocks)


def _chance(p: float) -> str:
    return "n/a" if p != p else f"{p:.2g}"
