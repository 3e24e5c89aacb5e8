"""A small search, and what it gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from seqnet.configs.run import RunConfig
from seqnet.configs.tuning import TuneOptions
from seqnet.datasets.dataset import Dataset
from seqnet.training.tuning import SearchJob, Space, Trial, TuningResult, search
from seqnet.training.tuning.space import Choices, Domain, Range
from tests.building import CPU, planted, run_config

RATE: Domain = Range(1e-5, 3e-2, None, True)
SPACE = Space({"network.filters": Choices(([4], [12])), "training.learning_rate": RATE})
DATASET = planted((192, 96, 24))
BASE = run_config({"epochs": 4, "monitor": "auroc", "schedule": "constant", "seed": 2})


@dataclass
class Watching:
    """An observer that stores its messages, and interrupts after some trials or epochs.

    Attributes:
        stop_after: number of the trial after which it interrupts.
        stop_within: number of the trial, and of the epoch in whose last batch it interrupts.
    """

    stop_after: int | None = None
    stop_within: tuple[int, int] | None = None
    notes: list[str] = field(default_factory=list)
    trials: list[tuple[Trial, bool]] = field(default_factory=list)

    def note(self, text: str) -> None:
        self.notes.append(text)

    def step(self, trial: int, epoch: int, done: int, steps: int, loss: float) -> None:
        if (trial, epoch) == self.stop_within:
            raise KeyboardInterrupt

    def trial(self, trial: Trial, best: bool) -> None:
        self.trials.append((trial, best))
        if trial.number == self.stop_after:
            raise KeyboardInterrupt


def run_search(
    folder: Path,
    count: int = 6,
    *,
    dataset: Dataset = DATASET,
    base: RunConfig = BASE,
    space: Space = SPACE,
    watcher: Watching | None = None,
    resume: bool = False,
    digest: str = "abc",
    **options: Any,
) -> TuningResult:
    options_of = TuneOptions(trials=count, **options)
    job = SearchJob(dataset, base, space, options_of, CPU, folder / "study.journal", digest, resume)
    return search(job, watcher or Watching())


def timeless(trials: Sequence[Trial]) -> list[Trial]:
    return [replace(trial, seconds=0.0) for trial in trials]
