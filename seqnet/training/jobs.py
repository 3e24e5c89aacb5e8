"""Dataset and settings → a job, and the lines of its progress, for the command and the library."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import replace

import torch

from seqnet.audit import quick_audit, quick_audit_lines
from seqnet.configs.run import RunConfig
from seqnet.core.printable import listed
from seqnet.core.provenance import versions
from seqnet.datasets.dataset import Dataset
from seqnet.datasets.run_choice import ChosenRun
from seqnet.evaluation.imbalance import is_imbalanced
from seqnet.nn.devices import device_text
from seqnet.training.effects import check_effects
from seqnet.training.history import MONITORS, EpochRow, epoch_text
from seqnet.training.members import TrainingJob, training_counts
from seqnet.training.warm_start import WarmStart

__all__ = ["WARNING", "ProgressLines", "make_job", "opening_lines"]

_NAMED = 10
"""Maximum number of classes that a message names."""

WARNING = "seqnet: warning: "
"""How a line begins that is a warning."""


def opening_lines(
    dataset: Dataset, chosen: ChosenRun, *, audit: bool, start: WarmStart | None = None, count: int = 1
) -> Iterator[str]:
    """Yields the messages before a training: why these settings, and what in the dataset could mislead.

    Args:
        dataset: what is trained on.
        chosen: the settings.
        audit: whether the dataset is looked at, for a second or two.
        start: model that training starts from; None for random weights.
        count: number of networks.
    """
    if chosen.recipe:
        yield chosen.recipe
        yield from _shuffled_lines(chosen.shuffled)
    if start:
        yield start.line(dataset, chosen.run, count)
    if chosen.warning:
        yield f"{WARNING}{chosen.warning}"
    if audit:
        checks, checked = quick_audit(dataset)
        yield from quick_audit_lines(checks, dataset, checked)


def _shuffled_lines(names: Sequence[str]) -> Iterator[str]:
    """Yields a line that says why classes are shuffled, if any are."""
    if names:
        yield (
            f"most records of {'classes' if len(names) > 1 else 'class'} {listed(names, _NAMED)} are shuffles of "
            "records of other classes, so they are shuffled anew in every epoch; --set augmentation.fresh_shuffles=[] "
            "keeps them"
        )


def make_job(
    dataset: Dataset,
    chosen: ChosenRun,
    device: torch.device,
    *,
    threads: int,
    command: str = "",
    start: WarmStart | None = None,
) -> TrainingJob:
    """Returns the job of one network of each kind, without checkpoints, with a provenance that says where it came from.

    Args:
        dataset: what it is fitted to.
        chosen: its settings.
        device: device for the computation.
        threads: that the CPU computes with.
        command: command line, for the provenance.
        start: model to start from; None for random weights.

    Raises:
        SettingError: a setting needs a model to start from, pieces of genomes or generated classes, and there are none.
    """
    check_effects(dataset, chosen.run, from_model=start is not None)
    digest = dataset.sha256()
    provenance = {
        "preset": chosen.preset,
        **({"presets": [preset for preset, _ in chosen.kinds]} if chosen.kinds else {}),
        "recipe": chosen.recipe,
        "threads": threads,
        "command": command,
        "dataset": {"path": str(dataset.path), "sha256": digest},
        "data": dict(dataset.provenance),
        "versions": versions(),
        "device": device.type,
    }
    if start is not None:
        provenance["origin"] = start.origin
    kinds = tuple(run for _, run in chosen.kinds) or (chosen.run,)
    job = TrainingJob(dataset, kinds[0], device, dataset_hash=digest, provenance=provenance, start=start)
    return replace(job, checkpoints=(None,) * len(kinds), others=kinds[1:])


class ProgressLines:
    """An observer that tells one line for each fact and each epoch, and where it computes.

    Args:
        tell: takes the lines.
        job: what is trained.
        threads: that the CPU computes with.
    """

    def __init__(self, tell: Callable[[str], None], job: TrainingJob, *, threads: int) -> None:
        self._tell, self._label = tell, ""
        self._notes: list[str] = []
        self._members: list[ProgressLines] = []
        # A list, so that one of several networks tells it.
        self._where = [device_text(job.device, threads, job.processes.size)]
        self.begin(job.config)
        self._imbalanced = is_imbalanced(job.config.training, training_counts(job.dataset))
        self._started = time.monotonic()

    def member(self, label: str) -> ProgressLines:
        """See `MembersObserver`."""
        lines = copy(self)
        lines._label, lines._notes = f"{label}: ", []
        self._members.append(lines)
        return lines

    @property
    def notes(self) -> list[str]:
        """The messages so far, without those of epochs; those of networks trained at the same time are last."""
        return self._notes + [note for member in self._members for note in member._notes]

    def begin(self, config: RunConfig) -> None:
        """See `Observer`."""
        self._epochs, self._monitor = config.training.epochs, config.training.monitor
        self._trees = config.network.boosted is not None

    def note(self, text: str) -> None:
        """See `Observer`."""
        warning = WARNING if text.startswith(WARNING) else ""
        self._notes.append(f"{warning}{self._label}{text.removeprefix(warning)}")
        self._tell(self._notes[-1])

    def step(self, epoch: int, done: int, steps: int, loss: float) -> None:
        """See `Observer`; tells where it computes, once."""
        if self._where:  # not before, so that an error is one line
            self._tell(self._where.pop())

    def epoch(self, row: EpochRow, best: bool) -> None:
        """See `Observer`."""
        text = epoch_text(row, self._epochs, trees=self._trees, imbalanced=self._imbalanced)
        marked = best and not math.isnan(row.validation_loss)
        ending = f"  {MONITORS[self._monitor]} so far" if marked else ""
        self._tell(f"{self._label}{text}  {time.monotonic() - self._started:.0f} s elapsed{ending}")
