"""A limit on the time of a training: how many epochs of each network fit into it.

The networks are trained one after the other, and each may use an equal share of the time that is left. After each
epoch, the number of epochs is set to what fits, so that the schedule of the learning rate is complete. The first
network has at least one epoch; another one is left out if the time ends before its first epoch does.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from seqnet.configs.run import RunConfig
from seqnet.training.history import EpochRow
from seqnet.training.observer import Observer

__all__ = ["OutOfTimeError", "TimeLimit", "TimedObserver"]


_START_UP = 10.0
"""Seconds that the first epoch of a network may take because everything is loaded; then the second is measured, too."""


class OutOfTimeError(Exception):
    """The time is over before the first epoch of a network is."""


class TimeLimit:
    """The time of a training.

    Args:
        seconds: for all networks.
        networks: how many there are.
        clock: seconds of a clock that only goes forward.
    """

    def __init__(self, seconds: float, networks: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._end, self._networks = clock, clock() + seconds, networks
        self._start = self._share_end = clock()
        self._first = self._starting = True

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return self._end - self._clock()

    @property
    def must_stop(self) -> bool:
        """Whether the network in training, which has no epoch yet, is to be left out."""
        return not self._first and self.left <= 0

    def begin(self, number: int) -> None:
        """Starts the time of a network; numbers are from 0."""
        self._start, self._first, self._starting = self._clock(), number == 0, True
        self._share_end = self._start + max(self.left, 0) / (self._networks - number)

    def epochs(self, done: int, wanted: int) -> int:
        """Returns the number of epochs that a network has in all, at most `wanted`; is called after each epoch.

        Args:
            done: epochs that the network has, those before a resumed run included.
            wanted: number of epochs of its settings.
        """
        now = self._clock()
        each, left = max(now - self._start, 1e-9), self._share_end - now
        more = max(int(left / each), 0)
        if self._starting and not more and left > 0 and each < _START_UP:
            more = 1
        self._start, self._starting = now, False
        return min(wanted, done + more)


class TimedObserver:
    """An observer that ends the first epoch of a network when the time is over; it passes everything on.

    Args:
        observer: receives everything.
        limit: the time.
    """

    def __init__(self, observer: Observer, limit: TimeLimit) -> None:
        self._observer, self._limit = observer, limit

    def begin(self, config: RunConfig) -> None:
        """See `Observer`."""
        self._observer.begin(config)

    def note(self, text: str) -> None:
        """See `Observer`."""
        self._observer.note(text)

    def step(self, epoch: int, done: int, steps: int, loss: float) -> None:
        """See `Observer`.

        Raises:
            OutOfTimeError: the time is over, and there is no epoch yet.
        """
        self._observer.step(epoch, done, steps, loss)
        if epoch == 1 and self._limit.must_stop:
            raise OutOfTimeError

    def epoch(self, row: EpochRow, best: bool) -> None:
        """See `Observer`."""
        self._observer.epoch(row, best)
