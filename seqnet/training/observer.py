"""The interface of observers, which receive the progress of a training."""

from __future__ import annotations

from typing import Protocol

from seqnet.configs.run import RunConfig
from seqnet.training.history import EpochRow

__all__ = ["MembersObserver", "Observer"]


class Observer(Protocol):
    """Receives the progress of a training."""

    def begin(self, config: RunConfig) -> None:
        """Receives the settings of a network before its first epoch, and again when the number of epochs changes."""

    def note(self, text: str) -> None:
        """Receives a message about the run."""

    def step(self, epoch: int, done: int, steps: int, loss: float) -> None:
        """Called every 50 batches and after the last: epoch (from 1), batches done, their number, and the mean loss."""

    def epoch(self, row: EpochRow, best: bool) -> None:
        """Called after each epoch, with whether it is the best so far."""


class MembersObserver(Observer, Protocol):
    """Receives the progress of several networks."""

    def member(self, label: str) -> Observer:
        """Returns what receives the progress of one of several networks that are trained at the same time.

        Called for all of them before the first begins. The label, such as "network 2", begins its messages.
        """
