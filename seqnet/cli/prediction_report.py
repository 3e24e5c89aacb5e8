"""The report of `seqnet predict`: what it needs of a run, collected while records are predicted."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from seqnet.cli.class_fractions import ClassFractions
from seqnet.cli.predict_tables import Job
from seqnet.cli.prediction_summary import summary_lines
from seqnet.cli.process import command_line
from seqnet.cli.progress import say

if TYPE_CHECKING:
    from seqnet.core.provenance import InputHashes
    from seqnet.prediction.inputs import PredictionInputs
    from seqnet.prediction.predictor import Predictor
    from seqnet.reporting.pages.prediction import PredictedInput

__all__ = ["PredictionReport"]


class PredictionReport:
    """The report of a run, or nothing at all.

    Args:
        path: the report; None for none. Then nothing is counted and no file is hashed.
        predictor: makes the predictions.
        model: the model as given, a file or a name.
        source: reads the records.
        inputs: the files.
        fractions: says what the class fractions of the records are.
    """

    def __init__(
        self,
        path: Path | None,
        predictor: Predictor,
        model: Path,
        source: PredictionInputs,
        inputs: Sequence[str],
        fractions: ClassFractions,
    ) -> None:
        from seqnet.prediction.summary_output import PredictionSummary

        self._path, self._predictor, self._model = path, predictor, model
        self._source, self._inputs, self._fractions = source, inputs, fractions
        self._summary = PredictionSummary.empty(len(predictor.bundle.classes))
        self._stack = ExitStack()
        self._hashes: InputHashes | None = None

    def __enter__(self) -> Self:
        from seqnet.core.provenance import InputHashes

        if self._path:
            self._hashes = self._stack.enter_context(InputHashes(self._inputs))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def added_to(self, jobs: Sequence[Job]) -> Sequence[Job]:
        """Returns the jobs with the counts for the report as one more output; with the last job, it is written."""
        from seqnet.prediction.summary_output import SummaryOutput

        if self._path is None:
            return jobs
        targets = [*[None] * (len(jobs) - 1), self._path]
        return [
            (paths, [*outputs, SummaryOutput(self._summary, self._write, target)])
            for (paths, outputs), target in zip(jobs, targets, strict=True)
        ]

    def announce(self) -> None:
        """Says where the report is."""
        if self._path:
            say(f"wrote {self._path}")

    def _write(self, path: Path) -> None:
        from seqnet.reporting.pages.prediction import PredictionRun, prediction_page
        from seqnet.reporting.pages.rendering import write_page

        lines = list(summary_lines(self._predictor, self._source, self._summary.tally, self._fractions.lines()))
        run = PredictionRun(self._predictor, self._model, self._read(), self._summary, lines, command_line())
        write_page(path, prediction_page(run))

    def _read(self) -> list[PredictedInput]:
        """Returns the inputs, each once."""
        from seqnet.readers import shown_path
        from seqnet.reporting.pages.prediction import PredictedInput

        assert self._hashes is not None
        found = []
        for one in self._hashes.collect():
            path, place = str(one["path"]), shown_path(str(one["path"]))
            size = None if one["sha256"] is None else Path(path).stat().st_size
            found.append(PredictedInput(place, self._source.records[place], size, one["sha256"]))
        return found
