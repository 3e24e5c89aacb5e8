"""Shows the progress of training and of a search for settings: a bar of batches, a line for each epoch or trial."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from seqnet.cli.progress import Meter, say

if TYPE_CHECKING:
    from seqnet.configs.run import RunConfig
    from seqnet.training.history import EpochRow
    from seqnet.training.observer import MembersObserver, Observer
    from seqnet.training.tuning import Trial

__all__ = ["SearchObserver", "TrainingObserver"]


class TrainingObserver:
    """Tells the user how training goes.

    Args:
        meter: shows the batches.
        lines: prints the notes, the epochs, and the device.
    """

    def __init__(self, meter: Meter, lines: MembersObserver) -> None:
        self._meter, self._lines, self._epochs = meter, lines, 0
        self._reached = math.inf
        self._members: list[_MemberObserver] = []

    def member(self, label: str) -> Observer:
        """See `MembersObserver`."""
        self._members.append(_MemberObserver(label, self._lines.member(label), self._show))
        return self._members[-1]

    def _show(self, note: str) -> None:
        """Shows how many batches all networks have done that are trained at the same time."""
        known = [member.total for member in self._members if member.total is not None]
        # Networks that have not begun are counted as the mean of the others.
        total = sum(known) * len(self._members) // len(known)
        self._meter.reach(sum(member.done for member in self._members), total, note)

    def begin(self, config: RunConfig) -> None:
        """See `Observer`."""
        self._epochs = config.training.epochs
        self._lines.begin(config)

    def note(self, text: str) -> None:
        """See `Observer`."""
        self._lines.note(text)

    def step(self, epoch: int, done: int, steps: int, loss: float) -> None:
        """See `Observer`."""
        self._lines.step(epoch, done, steps, loss)
        reached = (epoch - 1) * steps + done
        if reached < self._reached:  # another network, or a resumed one
            self._meter.begin(reached)
        self._reached = reached
        self._meter.reach(reached, self._epochs * steps, f"epoch {epoch} of {self._epochs}, loss {loss:.4f}")

    def epoch(self, row: EpochRow, best: bool) -> None:
        """See `Observer`."""
        self._lines.epoch(row, best)


class _MemberObserver:
    """Tells the user how one of several networks gets on that are trained at the same time.

    Args:
        label: begins its messages.
        lines: prints its notes and epochs.
        show: shows the batches of all networks, with a note.

    Attributes:
        done: its batches so far, without those before it was resumed.
        total: how many there will be; None if that is not known yet.
    """

    def __init__(self, label: str, lines: Observer, show: Callable[[str], None]) -> None:
        self._label, self._lines, self._show = label, lines, show
        self._epochs = self._before = self._steps = self.done = 0
        self.total: int | None = None

    def begin(self, config: RunConfig) -> None:
        """See `Observer`; again without a step before it, the network was complete."""
        again = self._epochs > 0
        self._epochs = config.training.epochs
        if again:
            self.total = (self._epochs - self._before) * self._steps
        self._lines.begin(config)

    def note(self, text: str) -> None:
        """See `Observer`."""
        self._lines.note(text)

    def step(self, epoch: int, done: int, steps: int, loss: float) -> None:
        """See `Observer`."""
        self._lines.step(epoch, done, steps, loss)
        if self.total is None:
            self._before, self._steps = epoch - 1, steps
            self.total = (self._epochs - self._before) * steps
        self.done = (epoch - 1 - self._before) * steps + done
        self._show(f"{self._label}: epoch {epoch} of {self._epochs}, loss {loss:.4f}")

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
