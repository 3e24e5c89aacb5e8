"""The files that `evaluate` writes: metrics and predictions, a report, and figures; all of them or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqnet.cli.paths import OutputPath
from seqnet.cli.progress import say
from seqnet.configs.figures import ENDINGS, ENDINGS_TEXT, FIGURES
from seqnet.core.suggestions import did_you_mean, nearest

if TYPE_CHECKING:
    from seqnet.datasets.dataset import Dataset
    from seqnet.models.bundles import Bundle
    from seqnet.reporting.report import Report
    from seqnet.reporting.results import Results

__all__ = ["EvaluationFiles", "FigurePath", "ReportPath"]


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


@dataclass(frozen=True)
class EvaluationFiles:
    """What is written.

    Attributes:
        tables: metrics.json, and a file of predictions for each model; empty for none.
        report: the report; None for none.
        figures: name and file of each figure, as given.
        models: number of models.
        motif_threads: of the CPU, to look for the motifs of the first model with; None for no motifs.
    """

    tables: Sequence[Path]
    report: Path | None
    figures: Sequence[tuple[str, Path]]
    models: int
    motif_threads: int | None = None

    @classmethod
    def of(
        cls,
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
        rows = ("predictions.tsv", "predictions-2.tsv")[: len(models)]
        tables = [] if directory is None else [directory / name for name in ("metrics.json", *rows)]
        return cls(tables, report, figures, len(models), options["threads"] if options["motifs"] else None)

    @property
    def pictures(self) -> list[tuple[str, int, Path]]:
        """Name, number of the model, and file of each figure; that of a second model has -2 before its ending."""
        found = []
        for name, path in self.figures:
            found.append((name, 1, path))
            if FIGURES[name].each and self.models > 1:
                found.append((name, 2, path.with_name(f"{path.stem}-2{path.suffix}")))
        return found

    @property
    def targets(self) -> list[Path]:
        """All files."""
        return [*self.tables, *([self.report] if self.report else []), *(path for _, _, path in self.pictures)]

    def check(self, bundles: Mapping[str, Bundle], paths: Mapping[str, Path]) -> None:
        """Checks, before any work is done, that learning curves are known if they are to be drawn.

        Raises:
            NoFigureError: they are not known.
        """
        if any(name == "learning" for name, _ in self.figures):
            from seqnet.models.shipped import find_model
            from seqnet.reporting.figures.evaluation import check_learning
            from seqnet.reporting.records import training_record

            for name, bundle in bundles.items():
                check_learning(training_record(bundle, find_model(paths[name])))

    def write(
        self, found: Report, bundles: Sequence[Bundle], data: Dataset, paths: Mapping[str, Path], *, force: bool
    ) -> None:
        """Writes all files, if there are any.

        Args:
            found: the metrics.
            bundles: its models.
            data: what they were measured on.
            paths: name of a model → its file, or the name of one that comes with seqnet.
            force: whether existing files are replaced.

        Raises:
            NoFigureError: the results do not have what a figure shows.
        """
        from seqnet.cli.process import command_line
        from seqnet.core.outputs import whole_files
        from seqnet.models.shipped import find_model
        from seqnet.reporting.results import results_of

        if not self.targets:
            return
        files = {name: find_model(path) for name, path in paths.items()}
        results = results_of(found, bundles, data, files, command_line())
        with whole_files(self.targets, force=force) as temporaries:
            remaining = iter(temporaries)
            if self.tables:
                self._write_tables([next(remaining) for _ in self.tables], results)
            if self.report:
                _write_report(next(remaining), results, self.motif_threads)
            for (name, number, path), temporary in zip(self.pictures, remaining, strict=True):
                _write_figure(temporary, results, name, number, path)
        say("wrote " + ", ".join(map(str, self.targets)))

    def _write_tables(self, temporaries: Sequence[Path], results: Results) -> None:
        import json

        from seqnet.reporting.measurement import write_rows

        metrics, *rows = temporaries
        text = json.dumps(results.report.to_json(), indent=2, allow_nan=False, ensure_ascii=False)
        metrics.write_text(text + "\n", encoding="utf-8")
        for temporary, model in zip(rows, results.models, strict=True):
            write_rows(temporary, model.bundle, results.dataset, model.report.measured)


def _write_report(temporary: Path, results: Results, motif_threads: int | None) -> None:
    from seqnet.reporting.pages.evaluation import evaluation_page
    from seqnet.reporting.pages.rendering import write_page

    more = []
    if motif_threads is not None:
        from seqnet.reporting.motifs import measured_motifs
        from seqnet.reporting.pages.motifs import motif_section

        model = results.models[0]
        bundle = model.bundle
        explained = "the predicted class" if bundle.positive is None else bundle.classes[bundle.positive]
        more = [motif_section(measured_motifs(model, motif_threads), model.report.name, explained)]
    write_page(temporary, evaluation_page(results, more))


def _write_figure(temporary: Path, results: Results, name: str, number: int, path: Path) -> None:
    from seqnet.reporting.figures.evaluation import NoFigureError, pictures_of
    from seqnet.reporting.figures.pictures import save_picture

    try:
        picture = pictures_of(name, results)[number - 1]
    except NoFigureError as error:
        error.add_note(f"leave out --plot {name}={path}; no file was written")
        raise
    save_picture(temporary, picture, path.suffix.lower())
