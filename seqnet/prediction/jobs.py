"""A run of predictions: one job after the other, each with its own inputs and outputs.

In: jobs. Out: the outputs of all, the counts of the records, and the result of each input that has its own table.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from seqnet.core.errors import SeqnetError
from seqnet.core.outputs import whole_file
from seqnet.prediction.fraction_estimates import ClassFractions
from seqnet.prediction.inputs import PredictionInputs
from seqnet.prediction.manifest import FileResult, LabelCounts, write_manifest
from seqnet.prediction.outputs import Output
from seqnet.prediction.streaming import write_predictions
from seqnet.prediction.table_runs import TableRun
from seqnet.prediction.tally import Tally
from seqnet.prediction.writers import TableOutput

__all__ = ["Job", "JobResults", "PredictionJobs"]

Job = tuple[Sequence[str], Sequence[Output]]
"""Some inputs, and what is written of their predictions."""


@dataclass
class JobResults:
    """The results of a run.

    Attributes:
        tally: counts of the records of all jobs that did not fail.
        files: the result of the input of each job that writes a table to a file, at once.
    """

    tally: Tally = field(default_factory=Tally)
    files: list[FileResult] = field(default_factory=list)

    @property
    def failed(self) -> int:
        """Number of inputs that failed."""
        return sum(one.labels is None for one in self.files)


@dataclass(frozen=True)
class PredictionJobs:
    """How the jobs of a run are done.

    Attributes:
        fractions: what predicts the records of some inputs.
        source: reads the inputs.
        model: path or name of the model, which an unfinished table is known by.
        resume: whether to continue an unfinished table; nothing else is written then.
        manifest: file of the result of each input, which is written at the end; None for none.
        failure: is given the error of an input, and returns it as a line; then the other inputs go on. None where a
            failed input stops the others.
        force: whether existing files are replaced.
    """

    fractions: ClassFractions
    source: PredictionInputs
    model: Path
    resume: bool = False
    manifest: Path | None = None
    failure: Callable[[SeqnetError | OSError], str] | None = None
    force: bool = False

    def write(
        self,
        jobs: Sequence[Job],
        progress: Callable[[int], object] = lambda records: None,
        *,
        resumed: Callable[[int], object] = lambda records: None,
    ) -> JobResults:
        """Writes all outputs, and the manifest.

        Args:
            jobs: in order.
            progress: called with the number of further records that are done.
            resumed: called with the number of records that an unfinished table has.

        Raises:
            SeqnetError, OSError: see `write_predictions`; with several jobs, a note says how many are done.
        """
        found = JobResults()
        for done, (paths, outputs) in enumerate(jobs):
            labels = LabelCounts(self.fractions.classes)
            try:
                tally = self._written(paths, outputs, labels, progress, resumed)
            except BrokenPipeError:
                raise
            except (SeqnetError, OSError) as error:
                if self.failure is None:
                    if len(jobs) > 1:
                        error.add_note(f"stopped; {done:,} of {len(jobs):,} files done")
                    raise
                found.files += _results(paths, outputs, None, self.failure(error))
            else:
                found.tally.add(tally)
                found.files += [] if self.resume else _results(paths, outputs, labels, "", tally)
        if self.manifest is not None:
            with whole_file(self.manifest, force=self.force) as temporary:
                write_manifest(temporary, self.fractions.classes, found.files)
        return found

    def _written(
        self,
        paths: Sequence[str],
        outputs: Sequence[Output],
        labels: LabelCounts,
        progress: Callable[[int], object],
        resumed: Callable[[int], object],
    ) -> Tally:
        """Writes the outputs of a job, and returns the counts of its records."""
        predictor, force = self.fractions.predictor_for(paths), self.force
        runs = [
            TableRun(predictor, self.model, self.source, paths, one) for one in outputs if isinstance(one, TableOutput)
        ]
        if self.resume:
            return runs[0].write_resumable(progress, resumed=resumed, force=force)
        others = [one for one in outputs if not isinstance(one, TableOutput)]
        every = [*(run.output() for run in runs), *others, labels]
        return write_predictions(predictor, self.source, paths, every, progress, force=force)


def _results(
    paths: Sequence[str], outputs: Sequence[Output], labels: LabelCounts | None, error: str, tally: Tally | None = None
) -> list[FileResult]:
    """Returns the result of the input of a job; nothing if the job has several, or writes no table to a file."""
    table = outputs[0] if outputs else None
    if len(paths) != 1 or not isinstance(table, TableOutput) or table.target is None:
        return []
    counts = labels.counts if labels else None
    return [FileResult(paths[0], table.target, counts, error, tally.by_status() if tally else {})]
