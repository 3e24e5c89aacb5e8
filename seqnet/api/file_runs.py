"""A run of predictions of files, for the functions that write files of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from seqnet.api.files import pysam_kept
from seqnet.api.keywords import read_options
from seqnet.api.models import Model
from seqnet.api.python_words import in_python, words_of_python
from seqnet.api.warn import warn_of_other_alphabet
from seqnet.core.errors import SeqnetError, SettingError
from seqnet.core.outputs import reading
from seqnet.core.printable import os_error_line
from seqnet.nn.devices import computing
from seqnet.prediction.fraction_estimates import ClassFractions
from seqnet.prediction.inputs import PredictionInputs
from seqnet.prediction.jobs import Job, JobResults, PredictionJobs
from seqnet.prediction.predictor import Predictor
from seqnet.readers import shared_options
from seqnet.readers.parts import Shard
from seqnet.reporting.prediction_report import PredictionReport

__all__ = ["FileRun"]


@dataclass(frozen=True)
class FileRun:
    """What a model predicts for the records of files.

    Attributes:
        model: the model.
        paths: the files.
        predictor: with the options of the call, at the class fractions of training.
        source: reads the files.
        fractions: what predicts the records of some files.
    """

    model: Model
    paths: Sequence[str]
    predictor: Predictor
    source: PredictionInputs
    fractions: ClassFractions

    @classmethod
    def of(
        cls,
        model: Model,
        paths: Sequence[str],
        options: Mapping[str, Any],
        *,
        shard: Shard | None = None,
        embed: bool = False,
        originals: bool = False,
        mate_files: bool = False,
    ) -> Self:
        """Returns the run of a call.

        Args:
            model: the model.
            paths: the files.
            options: keyword arguments, those of `PredictFileKeywords`.
            shard: the part of the records; None for all.
            embed: whether embeddings are needed.
            originals: whether records are needed in their own format.
            mate_files: whether two files are read side by side.

        Raises:
            SettingError: there is no such keyword, or a value is not allowed.
            OSError: a file is not there, and must be read twice.
        """
        read, decide = read_options(options, model.precision, model.threads)
        if shard is not None and decide.automatic:
            raise SettingError("expected_fraction", "auto", problem="needs all records, not those of a shard")
        read = shared_options(paths, replace(read, originals=originals))
        predictor = model.predictor(decide, embed=embed)
        source = PredictionInputs(read, predictor.expected_alphabet, mate_files=mate_files, shard=shard)
        return cls(model, paths, predictor, source, ClassFractions(predictor, source, paths))

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Sets what computing and reading need, puts back what was there, and warns of a doubtful alphabet."""
        with reading(self.paths), pysam_kept(), computing(self.model.threads, self.model.bundle.classifier.device):
            yield
        warn_of_other_alphabet(self.source)

    @contextmanager
    def reported(self, path: Path | None, predictor: Predictor, jobs: Sequence[Job]) -> Iterator[Sequence[Job]]:
        """Yields jobs with the report as one more output; the same jobs for no report; within `at_work`.

        Args:
            path: the report; None for none.
            predictor: of the run.
            jobs: some inputs each, and what is written of their predictions.
        """
        if path is None:
            yield jobs
            return
        model, source, fractions = self.model.file, self.source, self.fractions
        counted = [(paths, [*outputs, *fractions.outputs()]) for paths, outputs in jobs]
        page = PredictionReport(path, predictor, model, source, self.paths, fractions, words=words_of_python)
        with page:
            yield page.added_to(counted)

    def write(
        self,
        jobs: Sequence[Job],
        report: Path | None,
        *,
        resume: bool = False,
        each: bool = False,
        manifest: Path | None = None,
        tolerant: bool = False,
        force: bool = False,
    ) -> JobResults:
        """Writes the outputs of all jobs, and the report; within `at_work`.

        Args:
            jobs: some inputs each, and what is written of their predictions.
            report: the report; None for none.
            resume: see `PredictionJobs`.
            each: whether each file has a job of its own, and so its own class fractions.
            manifest: see `PredictionJobs`.
            tolerant: whether an input that fails does not stop the others.
            force: whether existing files are replaced.
        """
        failure, model = _failure_line if tolerant else None, self.model.file or Path()
        run = PredictionJobs(self.fractions, self.source, model, resume, manifest, failure, force)
        predictor = self.predictor if each else self.fractions.predictor_for(self.paths)
        with self.reported(report, predictor, jobs) as every:
            return run.write(every)


def _failure_line(error: SeqnetError | OSError) -> str:
    """Returns why an input failed, in the words of Python."""
    if isinstance(error, SeqnetError):
        in_python(error)
        return str(error)
    return os_error_line(error)
