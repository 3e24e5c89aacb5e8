"""The options of `evaluate` that name files: metrics and predictions, a report, and figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqnet.cli.paths import OutputPath
from seqnet.configs.figures import ENDINGS, ENDINGS_TEXT, FIGURES
from seqnet.core.suggestions import did_you_mean, nearest

if TYPE_CHECKING:
    from seqnet.reporting.evaluation_files import EvaluationFiles

__all__ = ["FigurePath", "ReportPath", "evaluation_files"]


class ReportPath(OutputPath):
    """The type of a parameter that names an HTML report."""

    def __init__(self) -> None:
        super().__init__("a report can't be standard output")

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Returns the path, which ends in .html."""
        path = super().convert(value, param, ctx)
        if path.suffix.lower() not in (".html", ".htm"):
            self.fail(f"{path}: a report is an HTML file; give a name that ends in .html", param, ctx)
        return path


class FigurePath(OutputPath):
    """The type of a parameter that is FIGURE=FILE, such as `roc=figure-2.pdf`."""

    def __init__(self) -> None:
        super().__init__("a figure can't be standard output")

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Returns the name of the figure and the path."""
        if isinstance(value, tuple):
            return value
        name, equals, file = str(value).partition("=")
        if not equals:
            self.fail(f"{value!r} is not FIGURE=FILE, such as roc=roc.pdf", param, ctx)
        if name not in FIGURES:
            hint = did_you_mean(nearest(name, FIGURES)) or f"there are {', '.join(FIGURES)}"
            self.fail(f"there is no figure {name!r}; {hint}", param, ctx)
        path = super().convert(file, param, ctx)
        if path.suffix.lower() not in ENDINGS:
            self.fail(f"{path}: give a name that ends in {ENDINGS_TEXT}", param, ctx)
        return name, path


def evaluation_files(
    directory: Path | None,
    report: Path | None,
    figures: Sequence[tuple[str, Path]],
    models: Sequence[Path],
    options: Mapping[str, Any],
) -> EvaluationFiles:
    """Returns the files of a command.

    Raises:
        UsageError: there are not one or two different models, a figure needs two, or motifs need a report.
        SeqnetError: a package for motifs is missing.
    """
    if options["motifs"]:
        from seqnet.explanation.extra import check_extra

        if report is None:
            raise click.UsageError("--motifs needs --report")
        check_extra("logomaker", "--motifs")
    if not 1 <= len(models) <= 2 or len(set(models)) < len(models):
        raise click.UsageError("give one model or two different models, then a dataset or sequence file")
    if len(models) < 2 and any(name == "differences" for name, _ in figures):
        raise click.UsageError("--plot differences needs two models")
    from seqnet.reporting.evaluation_files import EvaluationFiles, result_files

    tables = [] if directory is None else result_files(directory, len(models))
    return EvaluationFiles(len(models), tables, report, figures, options["threads"] if options["motifs"] else None)
