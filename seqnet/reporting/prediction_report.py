"""The report of a run of predictions: what it needs, collected while records are predicted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from seqnet.core.provenance import InputHashes
from seqnet.prediction.fraction_estimates import ClassFractions
from seqnet.prediction.inputs import PredictionInputs
from seqnet.prediction.jobs import Job
from seqnet.prediction.predictor import Predictor
from seqnet.prediction.summary_lines import summary_lines
from seqnet.prediction.summary_output import PredictionSummary, SummaryOutput
from seqnet.readers import shown_path

if TYPE_CHECKING:
    from seqnet.reporting.pages.prediction import PredictedInput

__all__ = ["PredictionReport"]


class PredictionReport:
    """The report of a run, or nothing at all.

    Args:
        path: the report; None for none. Then nothing is counted and no file is hashed.
        predictor: makes the predictions.
        model: the model as given, a file or a name; None if it is only in memory.
        source: reads the records.
        inputs: the files.
        fractions: says what the class fractions of the records are.
        command: command line; empty for none.
        words: returns a line about the run as the report has it.
    """

    def __init__(
        self,
        path: Path | None,
        predictor: Predictor,
        model: Path | None,
        source: PredictionInputs,
        inputs: Sequence[str],
        fractions: ClassFractions,
        *,
        command: str = "",
        words: Callable[[str], str] = str,
    ) -> None:
        self._path, self._predictor, self._model = path, predictor, model
        self._source, self._inputs, self._fractions = source, inputs, fractions
        self._command, self._words = command, words
        self._summary = PredictionSummary.empty(len(predictor.bundle.classes))
        self._stack = ExitStack()
        self._hashes: InputHashes | None = None

    def __enter__(self) -> Self:
        if self._path:
            self._hashes = self._stack.enter_context(InputHashes(self._inputs))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def added_to(self, jobs: Sequence[Job]) -> Sequence[Job]:
        """Returns the jobs with the counts for the report as one more output; with the last job, it is written."""
        if self._path is None:
            return jobs
        targets = [*[None] * (len(jobs) - 1), self._path]
        return [
            (paths, [*outputs, SummaryOutput(self._summary, self._write, target)])
            for (paths, outputs), target in zip(jobs, targets, strict=True)
        ]

    def _write(self, path: Path) -> None:
        # Not at the top: a run without a report needs no page.
        from seqnet.reporting.pages.prediction import PredictionRun, prediction_page
        from seqnet.reporting.pages.rendering import write_page

        found = summary_lines(self._predictor, self._source, self._summary.tally, self._fractions.lines())
        lines = [self._words(line) for line in found]
        run = PredictionRun(self._predictor, self._model, self._read(), self._summary, lines, self._command)
        write_page(path, prediction_page(run))

    def _read(self) -> list[PredictedInput]:
        """Returns the inputs, each once."""
        from seqnet.reporting.pages.prediction import PredictedInput

        assert self._hashes is not None
        found = []
        for one in self._hashes.collect():
            path, place = str(one["path"]), shown_path(str(one["path"]))
            size = None if one["sha256"] is None else Path(path).stat().st_size
            found.append(PredictedInput(place, self._source.records[place], size, one["sha256"]))
        return found
