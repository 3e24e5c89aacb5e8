"""What `train` and `cross_validate` share: a training with or without files, in one process or in several."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from inspect import signature
from pathlib import Path
from typing import Any, TypedDict

import torch

from seqnet.api.dataset import DATASET, Progress
from seqnet.api.keywords import as_listener, as_path, check_keywords
from seqnet.api.models import Model
from seqnet.api.python_words import words_of_python
from seqnet.api.warn import warn
from seqnet.configs.calibration import CRITERIA
from seqnet.core.durations import seconds_of
from seqnet.core.errors import SettingError
from seqnet.core.launch import ALONE, USUAL_WAIT, Launch, this_launch
from seqnet.core.outputs import reading
from seqnet.datasets.dataset import Dataset, open_dataset
from seqnet.nn.devices import computing
from seqnet.reporting.training_outputs import write_training
from seqnet.training.jobs import WARNING
from seqnet.training.launching import training_processes
from seqnet.training.members import imbalance_note
from seqnet.training.requests import TrainingRequest, plan_training, stop_line
from seqnet.training.results import TrainingRun, result_lines
from seqnet.training.training_files import TrainingFiles
from seqnet.training.warm_start import WarmStart

__all__ = [
    "TrainingFileKeywords",
    "TrainingTarget",
    "checked_criterion",
    "model_of",
    "opened_dataset",
    "random_numbers_kept",
    "starting_model",
    "trained_run",
]

Notify = Callable[[str], None]


class TrainingFileKeywords(TypedDict, total=False):
    """Keyword arguments of `train` and `cross_validate` about files; see `TrainingTarget`."""

    output: str | os.PathLike[str] | None
    report: str | os.PathLike[str] | None
    resume: bool
    force: bool
    wait: str | float


@dataclass(frozen=True)
class TrainingTarget:
    """Where a training is written.

    Attributes:
        output: the model; history, curves, checkpoints and tables of folds are written beside it. None for no files.
        report: the HTML report; None for none.
        resume: whether to continue from the checkpoints of an earlier run, if there are any.
        force: whether existing files are replaced.
        launch: which process this is; the first one writes.
        wait: seconds to wait for another process that has not started, or does not answer.
    """

    output: Path | None = None
    report: Path | None = None
    resume: bool = False
    force: bool = False
    launch: Launch = ALONE
    wait: float = 0.0

    @classmethod
    def of(cls, keywords: Mapping[str, Any], function: Callable[..., object]) -> TrainingTarget:
        """Returns where keyword arguments say that a training is written, by all processes that a launcher started.

        Args:
            keywords: those of `TrainingFileKeywords`.
            function: has other keyword arguments, for the error about one that there is not.

        Raises:
            SettingError: there is no such keyword, a value is not allowed, or has no effect without `output`.
        """
        known = [one.name for one in signature(function).parameters.values() if one.kind is not one.VAR_KEYWORD]
        check_keywords(keywords, [*known, *TrainingFileKeywords.__annotations__])
        given = {name: keywords.get(name) for name in ("output", "report", "resume", "force")}
        output, report = (None if given[name] is None else as_path(given[name], name) for name in ("output", "report"))
        for name in ("report", "resume", "force"):
            if given[name] and output is None:
                raise SettingError(name, given[name], problem="needs output, the path of the model")
        if report is not None and report.suffix.lower() not in (".html", ".htm"):
            raise SettingError("report", str(report), "a name that ends in .html")
        wait = seconds_of("wait", keywords.get("wait", USUAL_WAIT))
        return cls(output, report, bool(given["resume"]), bool(given["force"]), this_launch(), wait)


def opened_dataset(data: Dataset | str | os.PathLike[str]) -> Dataset:
    """Returns a dataset that is given as it is, or as a path."""
    return data if isinstance(data, Dataset) else open_dataset(as_path(data, "data", DATASET))


def starting_model(model: Model | str | os.PathLike[str] | None) -> WarmStart | None:
    """Returns the model that training starts from; None for random weights."""
    if model is None:
        return None
    return WarmStart.of(model.bundle) if isinstance(model, Model) else WarmStart.open(as_path(model, "start"))


def checked_criterion(optimize: str | None) -> str | None:
    """Returns what a threshold is best for.

    Raises:
        SettingError: there is no such criterion.
    """
    if optimize is not None and optimize not in list(CRITERIA):
        raise SettingError("optimize", optimize, choices=CRITERIA)
    return optimize


def trained_run(
    data: Dataset, request: TrainingRequest, target: TrainingTarget, device: str, progress: Progress | None
) -> TrainingRun:
    """Returns what came of a training, after its files are written; its networks are on the device.

    Args:
        data: what is trained on.
        request: what is trained.
        target: what is written, and by which process; the others wait until it is.
        device: auto, cpu, cuda, cuda:N or mps.
        progress: gets the lines, in the first process; None for warnings alone.

    Raises:
        KeyboardInterrupt: the user stopped it; with files, they have the best epoch so far.
        SeqnetError: see `seqnet.train`.
    """
    launch, notify = target.launch, _warnings if progress is None else as_listener(progress)
    if not launch.first:
        notify = _ignored
    request = replace(request, audit=progress is not None, resume=target.resume)
    files = request.files(target.output, target.report) if target.output else None
    inputs, replaced = [data.path, *request.inputs], False
    if files and launch.first:
        replaced = files.claim(notify, resume=target.resume, force=target.force, inputs=inputs)
    with reading(inputs), training_processes(launch, str(device), target.wait) as (processes, place):
        with computing(request.threads, place), random_numbers_kept(place):
            planned = plan_training(data, request, files, (processes, place), notify)
            if notify is _warnings and (imbalanced := imbalance_note(planned.job.config, data)):
                warn(words_of_python(imbalanced))
            run = replace(planned.train(notify), audited=True)  # by the report, if not before
            if launch.first:
                _finish(run, files, notify, force=target.force, replaced=replaced)
        processes.agreed([0.0])  # the files are there
    run.result.bundle.to(place)
    return run


def _finish(run: TrainingRun, files: TrainingFiles | None, notify: Notify, *, force: bool, replaced: bool) -> None:
    """Writes the files, and tells what came of the training.

    Raises:
        KeyboardInterrupt: the training was stopped.
    """
    stop = run.result.interruption
    if files:
        write_training(run, files, notify, force=force, replace=replaced)
        if stop:
            notify(stop_line(run.result))
    elif not stop:
        for line in result_lines(run.result):
            notify(line)
    if stop:
        raise stop


def model_of(run: TrainingRun, target: TrainingTarget) -> Model:
    """Returns the model that came of a training."""
    model = Model(run.result.bundle, threads=int(run.job.provenance["threads"]))
    model.file = target.output
    return model


def _warnings(line: str) -> None:
    """Warns of a line that is a warning, and ignores others."""
    if line.startswith(WARNING):
        warn(words_of_python(line.removeprefix(WARNING)))


def _ignored(line: str) -> None:
    """Ignores a line, which another process tells."""


@contextmanager
def random_numbers_kept(device: torch.device) -> Iterator[None]:
    """Leaves the generators of random numbers of PyTorch as they were."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        yield
