"""Progress on standard error: a bar on a terminal, plain timed lines elsewhere."""

from __future__ import annotations

import os
import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

import click

from seqnet.cli.messages import Level, deliver, passes
from seqnet.cli.signals import raise_pending
from seqnet.core.printable import printable

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

__all__ = ["Meter", "say", "show"]

_SECONDS_BETWEEN_LINES = 30.0


def say(text: str, level: Level | None = None) -> None:
    """Writes one message to standard error; see `messages.deliver`."""
    deliver(text, level)


def show(text: str) -> None:
    """Writes one line to standard output; characters that are not printable are escaped."""
    click.echo(printable(text))


class Meter:
    """Counts something, such as records.

    Args:
        title: what is being done.
        unit: what is counted, in the plural.
        total: how many there will be, if known.
        shown: whether progress is printed; not while data go to the terminal.
    """

    def __init__(self, title: str, unit: str, total: int | None = None, *, shown: bool = True) -> None:
        self._shown = shown
        self._title, self._unit, self._total = title, unit, total
        self._done = self._base = 0
        self._note = ""
        self._started = self._last_line = self._since = time.monotonic()
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        # A terminal that can't go back in a line would show each state of a bar as another one.
        terminal = sys.stderr.isatty() and os.environ.get("TERM") not in ("dumb", "unknown")
        if self._shown and terminal and passes(Level.INFO):
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.fields[count]}"),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                console=Console(stderr=True),
                transient=True,
                redirect_stdout=False,  # which may be a file
            )
            self._task = self._bar.add_task(self._title, total=None, count="")
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()

    def begin(self, done: int) -> None:
        """Sets the count, and measures the rate from here on: what was done before took no time, or another."""
        self._done = self._base = done
        self._since = time.monotonic()

    def advance(self, count: int, share: float | None = None) -> None:
        """Counts more; `share` is how much of all is done, where that is known and the total is not."""
        self.reach(self._done + count, share=share)

    def reach(self, done: int, total: int | None = None, note: str = "", share: float | None = None) -> None:
        """Sets the count, and, where it has become known, the total, a note such as the loss, or the share done."""
        raise_pending()
        self._done, self._total, self._note = done, total or self._total, note
        if share is None and self._total:
            share = done / self._total
        now = time.monotonic()
        if self._bar and self._task is not None:
            self._bar.update(
                self._task, completed=share or 0, total=None if share is None else 1, count=self._text(now)
            )
        elif self._shown and now - self._last_line >= _SECONDS_BETWEEN_LINES:
            self._last_line = now
            taken = now - self._started
            left = ""
            if share and done > self._base:
                part = (done - self._base) / done * share  # what was done since `begin`
                left = f", {_duration((now - self._since) * (1 - share) / part)} left"
            say(f"{self._title}: {self._text(now)}, {_duration(taken)}{left}")

    def _text(self, now: float) -> str:
        done = self._done - self._base
        rate = f", {done / max(now - self._since, 1e-9):,.0f}/s" if done else ""
        of = f" of {self._total:,}" if self._total else ""
        note = f", {self._note}" if self._note else ""
        return f"{self._done:,}{of} {self._unit}{rate}{note}"


def _duration(seconds: float) -> str:
    """Returns a time such as 45 s, 12 min or 3.5 h."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
