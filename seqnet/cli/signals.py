"""Ctrl-C and the system's request to stop, which a cluster sends at a time limit, as exceptions.

Python drops an exception that a signal raises while a destructor or a callback of a library runs. What was received is
therefore remembered, and raised again at the next step of whatever is counted (see `progress.Meter`).
"""

from __future__ import annotations

import signal
from types import FrameType
from typing import NoReturn

__all__ = ["TerminationError", "raise_pending", "watch"]


class TerminationError(KeyboardInterrupt):
    """The system asks to stop; handled as Ctrl-C is, with an exit code of its own."""


_KINDS: dict[int, type[KeyboardInterrupt]] = {signal.SIGINT: KeyboardInterrupt, signal.SIGTERM: TerminationError}
_pending: list[type[KeyboardInterrupt]] = []


def watch() -> None:
    """Has the signals raised as exceptions from now on; one that the parent process ignores stays ignored."""
    _pending.clear()
    for number in _KINDS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _receive)


def _receive(number: int, frame: FrameType | None) -> NoReturn:
    _pending.append(_KINDS[number])
    raise _KINDS[number]


def raise_pending() -> None:
    """Raises what was received, if anything was."""
    if _pending:
        raise _pending[-1]
