"""Threads whose work can be cancelled.

Python waits for its threads before it exits. A thread that computes for minutes would delay the exit of a program that
was asked to stop, so long work regularly checks whether it has been cancelled (`check_wanted`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType

__all__ = ["GivenUpError", "Threads", "check_wanted"]

_here = threading.local()


class GivenUpError(Exception):
    """The work of this thread has been cancelled."""


class Threads(ThreadPoolExecutor):
    """A thread pool that cancels its work if its `with` block ends with an exception, such as that of a signal.

    Args:
        count: number of threads.
        start: function that each thread calls first.
    """

    def __init__(self, count: int, start: Callable[[], object] = lambda: None) -> None:
        self._given_up = threading.Event()

        def begin() -> None:
            _here.given_up = self._given_up
            start()

        super().__init__(count, initializer=begin)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        """Waits for the threads; cancels their work first if there is an exception."""
        if kind is not None:
            self.give_up()
        return super().__exit__(kind, error, trace)

    def give_up(self) -> None:
        """Cancels the work of all threads at their next check, starts nothing new, and waits for them."""
        self._given_up.set()
        self.shutdown(cancel_futures=True)


def check_wanted() -> None:
    """Raises an error in a thread of `Threads` whose work has been cancelled; does nothing in other threads.

    Raises:
        GivenUpError: the work has been cancelled.
    """
    given_up: threading.Event | None = getattr(_here, "given_up", None)
    if given_up is not None and given_up.is_set():
        raise GivenUpError
