"""The request for a training → its job and its result, for the command and the API."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from seqnet.configs.input_files import named_files
from seqnet.configs.run import RunRequest
from seqnet.core.printable import counted
from seqnet.datasets.dataset import Dataset
from seqnet.datasets.mixtures import MOST_KINDS
from seqnet.datasets.run_choice import ChosenRun, choose_run, mixture_note
from seqnet.training.cross_validation import train_folds
from seqnet.training.ensemble import EnsembleResult, train_ensemble
from seqnet.training.jobs import ProgressLines, make_job, opening_lines
from seqnet.training.members import TrainingJob
from seqnet.training.observer import MembersObserver
from seqnet.training.processes import Processes
from seqnet.training.results import TrainingRun
from seqnet.training.training_files import TrainingFiles
from seqnet.training.warm_settings import choose_warm_run
from seqnet.training.warm_start import WarmStart

__all__ = ["PlannedTraining", "TrainingRequest", "plan_training", "stop_line"]

Watch = Callable[[ProgressLines], AbstractContextManager[MembersObserver]]
"""What passes the progress on to the lines, and shows it in another way, too."""


@dataclass(frozen=True)
class TrainingRequest:
    """The request for a training.

    Attributes:
        settings: preset, network, encoder and single settings; the dataset decides the others.
        threads: that the CPU computes with.
        members: number of networks of each kind.
        folds: number of folds of a cross-validation; None for none.
        optimize: what the threshold is best for; see `TrainingJob`.
        seconds: time for all networks; None for no limit.
        start: model to start from; None for random weights.
        audit: whether problems of the dataset are looked for.
        resume: whether to continue from the checkpoints.
        command: command line, for the provenance of the model.
    """

    settings: RunRequest
    threads: int
    members: int = 1
    folds: int | None = None
    optimize: str | None = None
    seconds: float | None = None
    start: WarmStart | None = None
    audit: bool = True
    resume: bool = False
    command: str = ""

    def files(self, model: Path, report: Path | None) -> TrainingFiles:
        """Returns what is written beside a model; the dataset decides how many checkpoints there are."""
        return TrainingFiles.beside(model, self.members, self.folds, report, self._most_kinds)

    @property
    def _most_kinds(self) -> int:
        """How many kinds of networks there may be."""
        if self.folds:
            return 1
        if self.start is not None:
            return len(self.start.bundle.mixture) or 1
        return 1 if self.settings.shapes_network else MOST_KINDS

    @property
    def inputs(self) -> list[Path]:
        """Files that are read beside the dataset: settings, a language model, and the model to start from."""
        config, start = self.settings.config, self.start
        named = [*([config] if config else []), *([Path(start.name)] if start else [])]
        return named + named_files(self.settings.run)

    def choose(self, dataset: Dataset) -> ChosenRun:
        """Returns the settings for a dataset; each fold has one network.

        Raises:
            SeqnetError: a setting is unknown or wrong, or the model to start from does not suit the dataset.
        """
        mix = not self.folds
        if self.start is not None:
            return choose_warm_run(dataset, self.settings, self.start, mix=mix)
        return choose_run(dataset, self.settings, mix=mix)


@dataclass(frozen=True)
class PlannedTraining:
    """A training that can begin.

    Attributes:
        request: what the user asks.
        chosen: the settings, and what chose them.
        job: what is trained.
        files: what is written; None for nothing.
    """

    request: TrainingRequest
    chosen: ChosenRun
    job: TrainingJob
    files: TrainingFiles | None

    def train(self, notify: Callable[[str], None], watch: Watch = nullcontext) -> TrainingRun:
        """Returns what came of the training.

        Args:
            notify: takes a line for each fact and each epoch.
            watch: takes these lines as an observer, and returns the observer to use.

        Raises:
            KeyboardInterrupt: the user stopped it before there was a model.
            SeqnetError: see `seqnet.training.fit.train`.
        """
        request, job = self.request, self.job
        try:
            lines = ProgressLines(notify, job, threads=request.threads)
            with watch(lines) as observer:
                result = (train_folds if request.folds else train_ensemble)(job, observer)
        except KeyboardInterrupt:
            if request.folds and self.files:
                many = counted(request.folds, "folds")
                notify(f"seqnet: stopped; the model is written after all {many}; continue with --resume")
            raise
        name = self.files.model.stem if self.files else ""
        return TrainingRun(name, job, self.chosen, result, request.audit, lines.notes)


def plan_training(
    dataset: Dataset,
    request: TrainingRequest,
    files: TrainingFiles | None,
    group: tuple[Processes, torch.device],
    notify: Callable[[str], None],
) -> PlannedTraining:
    """Returns a training that can begin, and tells why it is trained like this.

    Args:
        dataset: what is trained on.
        request: what the user asks.
        files: what may be written; None for nothing.
        group: the processes that train together, and the device of this one.
        notify: takes the lines.

    Raises:
        SeqnetError: a setting is unknown or wrong, or has no effect.
    """
    processes, device = group
    chosen, start = request.choose(dataset), request.start
    count = request.folds or request.members * chosen.count
    files = files and files.of_networks(count)
    job = make_job(dataset, chosen, device, threads=request.threads, command=request.command, start=start)
    audit = processes.first and request.audit and not request.resume
    for line in opening_lines(dataset, chosen, audit=audit, start=start, count=count):
        notify(line)
    if request.folds and not start and (note := mixture_note(dataset, request.settings)):
        notify(note)
    job = replace(job, checkpoints=files.checkpoints if files else (None,) * count, optimize=request.optimize)
    job = replace(job, resume=request.resume, seconds=request.seconds, processes=processes)
    return PlannedTraining(request, chosen, job, files)


def stop_line(result: EnsembleResult) -> str:
    """Returns how many epochs the networks have of a training that was stopped, and how to continue."""
    counts = [len(run.rows) for run in result.runs if run.interruption] or [len(result.runs[-1].rows)]
    return f"seqnet: stopped after {_epochs(counts)}; continue with --resume"


def _epochs(counts: Sequence[int]) -> str:
    if len(counts) == 1:
        return counted(counts[0], "epochs")
    *first, last = map(str, counts)
    return f"{', '.join(first)} and {last} epochs of {counted(len(counts), 'networks')}"
