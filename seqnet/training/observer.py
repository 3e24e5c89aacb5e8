"""Who is told how training goes."""

from __future__ import annotations

from typing import Protocol

from seqnet.configs.run import RunConfig
from seqnet.training.history import EpochRow

__all__ = ["Observer"]


class Observer(Protocol):
    """Who is told how training goes."""

    def begin(self, config: RunConfig) -> None:
        """Is told the settings of a network before its first epoch, and again when the number of epochs changes."""

    def note(self, text: str) -> None:
        """Is told a fact about the run, once."""

    def step(self, epoch: int, done: int, steps: int, loss: float) -> None:
        """Is told every 50 batches and after the last: epoch (from 1), batches done, of how many, and the mean loss."""

    def epoch(self, row: EpochRow, best: bool) -> None:
        """Is told after each epoch, and whether it is the best so far."""
