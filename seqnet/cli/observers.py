"""Who tells the user how training and a search for settings go: a bar of batches, a line for each epoch or trial."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from seqnet.cli.progress import Meter, say

if TYPE_CHECKING:
    from seqnet.configs.run import RunConfig
    from seqnet.training.fit import Observer
    from seqnet.training.history import EpochRow
    from seqnet.training.tuning import Trial

__all__ = ["SearchObserver", "TrainingObserver"]


class TrainingObserver:
    """Tells the user how training goes.

    Args:
        meter: shows the batches.
        lines: tells the facts, the epochs, and where it computes.

    Attributes:
        notes: its messages so far, without those of epochs.
    """

    def __init__(self, meter: Meter, lines: Observer) -> None:
        self._meter, self._lines, self._epochs = meter, lines, 0
        self._reached = math.inf
        self.notes: list[str] = []

    def begin(self, config: RunConfig) -> None:
        """See `Observer`."""
        self._epochs = config.training.epochs
        self._lines.begin(config)

    def note(self, text: str) -> None:
        """See `Observer`."""
        self.notes.append(text)
        self._lines.note(text)

    def step(self, epoch: int, done: int, steps: int, loss: float) -> None:
        """See `Observer`."""
        self._lines.step(epoch, done, steps, loss)
        reached = (epoch - 1) * steps + done
        if reached < self._reached:  # another network, or one that goes on
            self._meter.begin(reached)
        self._reached = reached
        self._meter.reach(reached, self._epochs * steps, f"epoch {epoch} of {self._epochs}, loss {loss:.4f}")

    def epoch(self, row: EpochRow, best: bool) -> None:
        """See `Observer`."""
        self._lines.epoch(row, best)


class SearchObserver:
    """Tells the user how a search goes.

    Args:
        meter: shows the batches.
        trials: how many there will be.
        monitor: what is searched for.
    """

    def __init__(self, meter: Meter, trials: int, monitor: str) -> None:
        self._meter, self._trials, self._monitor = meter, trials, monitor
        self._done = self._batches = 0

    def note(self, text: str) -> None:
        """See `Watcher`."""
        say(text)

    def step(self, trial: int, epoch: int, done: int, steps: int, loss: float) -> None:
        """See `Watcher`."""
        if done <= self._done:
            self._done = 0
        self._batches += done - self._done
        self._done = done
        self._meter.reach(self._batches, note=f"trial {trial} of {self._trials}, epoch {epoch}, loss {loss:.4f}")

    def trial(self, trial: Trial, best: bool) -> None:
        """See `Watcher`."""
        self._done = 0
        from seqnet.training.tuning import trial_line

        say(trial_line(trial, self._trials, self._monitor, best=best))
