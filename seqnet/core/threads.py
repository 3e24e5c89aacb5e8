"""Threads whose work can be given up.

Python waits for threads at its end. A thread that computes for minutes would keep a program that was asked to stop, so
long work asks now and then whether anybody still wants it (`check_wanted`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType

__all__ = ["GivenUpError", "Threads", "check_wanted"]

_here = threading.local()


class GivenUpError(Exception):
    """Nobody waits for what this thread computes any more."""


class Threads(ThreadPoolExecutor):
    """A pool whose work is given up where its `with` block ends in an exception, such as that of a signal.

    Args:
        count: number of threads.
        start: what each thread does first.
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
        """Waits for the threads, which give up where there is an exception."""
        if kind is not None:
            self.give_up()
        return super().__exit__(kind, error, trace)

    def give_up(self) -> None:
        """Has the threads end what they do at their next question, and begin nothing else; waits for them."""
        self._given_up.set()
        self.shutdown(cancel_futures=True)


def check_wanted() -> None:
    """Asks in a thread of `Threads` whether its work is still wanted; does nothing in other threads.

    Raises:
        GivenUpError: it is not.
    """
    given_up: threading.Event | None = getattr(_here, "given_up", None)
    if given_up is not None and given_up.is_set():
        raise GivenUpError
