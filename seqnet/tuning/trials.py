"""What is known of the trials of a search, and who is told of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from seqnet.configs.run import RunConfig

__all__ = ["Trial", "TuningResult", "Watcher"]


@dataclass(frozen=True)
class Trial:
    """What is known of a trial at its end.

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
    """What a search came to.

    Attributes:
        trials: in order.
        best: the best complete one, the first of equals; None if there is none.
        run: its settings, all of them.
        importances: `section.setting` → share of what the value depends on, falling; empty where trials are too few.
        interruption: what stopped the search early, Ctrl-C or a signal; None if nothing did.
    """

    trials: list[Trial]
    best: Trial | None
    run: RunConfig | None
    importances: Mapping[str, float]
    interruption: KeyboardInterrupt | None


class Watcher(Protocol):
    """Who is told how the search goes."""

    def note(self, text: str) -> None:
        """Is told a fact, once."""

    def step(self, trial: int, epoch: int, done: int, steps: int, loss: float) -> None:
        """Is told now and then within an epoch; see `seqnet.training.fit.Observer`."""

    def trial(self, trial: Trial, best: bool) -> None:
        """Is told at the end of each trial, and whether it is the best so far."""
