"""The trials of a search so far, and the observer of a search."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch

from seqnet.configs.run import RunConfig
from seqnet.configs.tuning import TuneOptions
from seqnet.datasets.dataset import Dataset
from seqnet.training.tuning.space import Space

__all__ = ["SearchJob", "Trial", "TuningResult", "Watcher"]


@dataclass(frozen=True)
class SearchJob:
    """What is searched.

    Attributes:
        dataset: its train split is fitted, its validation split gives the values.
        base: the settings that the space varies; their seed is that of the search, too.
        space: the settings to search.
        options: how many trials, and how they are stopped early.
        device: where to compute.
        journal: file of the finished trials; an existing one is replaced, unless it is resumed.
        dataset_hash: SHA-256 of the dataset file, which identifies the study.
        resume: whether to continue with the trials of `journal`, if it is there.
        shared: whether other processes, here or on other machines, add trials to `journal` at the same time.
    """

    dataset: Dataset
    base: RunConfig
    space: Space
    options: TuneOptions
    device: torch.device
    journal: Path
    dataset_hash: str
    resume: bool = False
    shared: bool = False


@dataclass(frozen=True)
class Trial:
    """A finished trial.

    Attributes:
        number: from 1.
        state: `complete`, `pruned`, `refused` where the settings don't go together, or `failed` where the machine has
            too little of something, such as memory.
        value: of the best epoch; None where there was no epoch.
        best_epoch: number of that epoch; 0 where there was none.
        epochs: those that were trained.
        seconds: that it took.
        settings: `section.setting` → value.
        reason: why it was refused or failed, or which trial it repeats; may be empty.
    """

    number: int
    state: str
    value: float | None
    best_epoch: int
    epochs: int
    seconds: float
    settings: Mapping[str, Any]
    reason: str


@dataclass(frozen=True)
class TuningResult:
    """The result of a search.

    Attributes:
        trials: in order.
        best: the best complete one, the first of equals; None if there is none.
        run: its settings, all of them.
        importances: `section.setting` → importance, in falling order; empty if there are too few trials.
        interruption: Ctrl-C or a signal that stopped the search early; None if it was not stopped.
    """

    trials: list[Trial]
    best: Trial | None
    run: RunConfig | None
    importances: Mapping[str, float]
    interruption: KeyboardInterrupt | None


class Watcher(Protocol):
    """Receives the progress of a search."""

    def note(self, text: str) -> None:
        """Receives a message."""

    def step(self, trial: int, epoch: int, done: int, steps: int, loss: float) -> None:
        """Called now and then within an epoch; see `seqnet.training.fit.Observer`."""

    def trial(self, trial: Trial, best: bool) -> None:
        """Called at the end of each trial, with whether it is the best so far."""
