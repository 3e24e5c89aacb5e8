"""The files of an evaluation: metrics and predictions, a report, and figures; all of them or none.

What draws and writes them takes a second to load, and is loaded when it is needed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from seqnet.configs.figures import FIGURES
from seqnet.core.outputs import whole_files

if TYPE_CHECKING:
    from seqnet.reporting.records import TrainingRecord
    from seqnet.reporting.results import Results

__all__ = ["EvaluationFiles", "result_files"]


def result_files(directory: Path, models: int) -> list[Path]:
    """Returns the files of metrics and predictions in a directory, for one or two models."""
    return [directory / name for name in ("metrics.json", "predictions.tsv", "predictions-2.tsv")[: models + 1]]


@dataclass(frozen=True)
class EvaluationFiles:
    """What is written.

    Attributes:
        models: number of models.
        tables: those of `result_files`; empty for none.
        report: the report; None for none.
        figures: name and file of each figure, as given.
        motif_threads: of the CPU, to look for the motifs of the first model with, for the report; None for no motifs.
    """

    models: int
    tables: Sequence[Path] = ()
    report: Path | None = None
    figures: Sequence[tuple[str, Path]] = ()
    motif_threads: int | None = None

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

    def check(self, records: Iterable[TrainingRecord]) -> None:
        """Checks, before any work is done, that learning curves are known if they are to be drawn.

        Args:
            records: the course of the training of each model, which is read only if it is needed.

        Raises:
            NoFigureError: they are not known.
        """
        if any(name == "learning" for name, _ in self.figures):
            from seqnet.reporting.figures.evaluation import check_learning

            for record in records:
                check_learning(record)

    def write(self, results: Results, *, force: bool) -> None:
        """Writes all files, if there are any.

        Args:
            results: the metrics, and what they were made of.
            force: whether existing files are replaced.

        Raises:
            NoFigureError: the results do not have what a figure shows; it says which figure.
            OutputError: a file exists, or can't be written.
        """
        if not self.targets:
            return
        with whole_files(self.targets, force=force) as temporaries:
            remaining = iter(temporaries)
            if self.tables:
                _write_tables([next(remaining) for _ in self.tables], results)
            if self.report:
                self._write_report(next(remaining), results)
            for (name, number, path), temporary in zip(self.pictures, remaining, strict=True):
                _write_figure(temporary, results, name, number, path)

    def _write_report(self, temporary: Path, results: Results) -> None:
        from seqnet.reporting.pages.evaluation import evaluation_page
        from seqnet.reporting.pages.rendering import write_page

        more = []
        if self.motif_threads is not None:
            from seqnet.explanation.explainer import Explainer
            from seqnet.reporting.motifs import measured_motifs
            from seqnet.reporting.pages.motifs import motif_section

            model = results.models[0]
            found = measured_motifs(model, self.motif_threads)
            more = [motif_section(found, model.report.name, Explainer(model.bundle).explained)]
        write_page(temporary, evaluation_page(results, more))


def _write_tables(temporaries: Sequence[Path], results: Results) -> None:
    from seqnet.reporting.measurement import write_rows

    metrics, *rows = temporaries
    text = json.dumps(results.report.to_json(), indent=2, allow_nan=False, ensure_ascii=False)
    metrics.write_text(text + "\n", encoding="utf-8")
    for temporary, model in zip(rows, results.models, strict=True):
        write_rows(temporary, model.bundle, results.dataset, model.report.measured)


def _write_figure(temporary: Path, results: Results, name: str, number: int, path: Path) -> None:
    from seqnet.reporting.figures.evaluation import NoFigureError, pictures_of
    from seqnet.reporting.figures.pictures import save_picture

    try:
        picture = pictures_of(name, results)[number - 1]
    except NoFigureError as error:
        error.figure = f"{name}={path}"
        raise
    save_picture(temporary, picture, path.suffix.lower())
