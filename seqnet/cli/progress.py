"""Progress on standard error: a bar on a terminal, plain timed lines elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from seqnet.cli.signals import raise_pending

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

__all__ = ["Meter", "say"]

_SECONDS_BETWEEN_LINES = 30.0


def say(text: str) -> None:
    """Writes one line to standard error."""
    print(text, file=sys.stderr, flush=True)


class Meter:
    """Counts something, such as records.

    Args:
        title: what is being done.
        unit: what is counted, in the plural.
        total: how many there will be, if known.
    """

    def __init__(self, title: str, unit: str, total: int | None = None) -> None:
        self._title, self._unit, self._total = title, unit, total
        self._done = 0
        self._note = ""
        self._started = self._spoken = time.monotonic()
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
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
            )
            self._task = self._bar.add_task(self._title, total=self._total, count="")
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()

    def advance(self, count: int) -> None:
        """Counts more."""
        self.reach(self._done + count)

    def reach(self, done: int, total: int | None = None, note: str = "") -> None:
        """Sets the count, and, where it has become known, the total and a note such as the loss."""
        raise_pending()
        self._done, self._total, self._note = done, total or self._total, note
        now = time.monotonic()
        if self._bar and self._task is not None:
            self._bar.update(self._task, completed=done, total=self._total, count=self._text(now))
        elif now - self._spoken >= _SECONDS_BETWEEN_LINES:
            self._spoken = now
            say(f"{self._title}: {self._text(now)}, {now - self._started:.0f} s")

    def _text(self, now: float) -> str:
        rate = self._done / max(now - self._started, 1e-9)
        of = f" of {self._total:,}" if self._total else ""
        note = f", {self._note}" if self._note else ""
        return f"{self._done:,}{of} {self._unit}, {rate:,.0f}/s{note}"
