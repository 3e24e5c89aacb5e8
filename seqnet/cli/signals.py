"""Ctrl-C and the system's request to stop, which a cluster sends at a time limit.

Until a command begins there is nothing to clean up, and the program ends at once (`watch`). From then on they are
exceptions (`catch`), so that nothing is left half-written. Python drops an exception that a signal raises while a
destructor or a callback of a library runs, and a package whose import it breaks off fails with any other error. So none
is raised within an import, but a moment later; and what was received is remembered, raised again at the next step of
whatever is counted (see `progress.Meter`), and decides the exit code (`settle`).

Only the standard library's smallest modules are imported here: this is the first that the program does.
"""

from __future__ import annotations

import os
import signal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import NoReturn

__all__ = ["TerminationError", "catch", "pending", "raise_pending", "settle", "stopped", "watch"]


class TerminationError(KeyboardInterrupt):
    """The system asks to stop; handled as Ctrl-C is, with an exit code of its own."""


_KINDS: dict[int, type[KeyboardInterrupt]] = {signal.SIGINT: KeyboardInterrupt, signal.SIGTERM: TerminationError}
_WORDS = {KeyboardInterrupt: ("seqnet: interrupted", 130), TerminationError: ("seqnet: terminated", 143)}
_A_MOMENT = 0.02
_HAS_TIMER = hasattr(signal, "SIGALRM") and hasattr(signal, "setitimer")
"""Windows has none: what is received within an import is raised at the next step of what is counted."""
_pending: list[type[KeyboardInterrupt]] = []


def watch() -> None:
    """Has the signals end the program at once from now on; one that the parent process ignores stays ignored."""
    _pending.clear()
    _install(_quit)


def catch() -> None:
    """Has the signals raised as exceptions from now on."""
    _install(_receive)
    if _HAS_TIMER:
        signal.signal(signal.SIGALRM, _receive_again)
    sys.unraisablehook = _unraisable


def settle(code: int) -> int:
    """Returns the exit code of the program, which is that of a signal if there was one; later ones are ignored."""
    _install(signal.SIG_IGN)
    _call_again(0)
    return stopped(_pending[-1])[1] if _pending else code


def stopped(kind: type[BaseException]) -> tuple[str, int]:
    """Returns the line and the exit code for what a signal raises."""
    return _WORDS[TerminationError if issubclass(kind, TerminationError) else KeyboardInterrupt]


def pending() -> type[KeyboardInterrupt] | None:
    """Returns what was received last, if anything was."""
    return _pending[-1] if _pending else None


def raise_pending() -> None:
    """Raises what was received, if anything was."""
    if _pending:
        raise _pending[-1]


def _install(handler: signal._HANDLER) -> None:
    for number in _KINDS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


def _quit(number: int, frame: FrameType | None) -> NoReturn:
    line, code = stopped(_KINDS[number])
    try:
        os.write(2, line.encode() + b"\n")
    finally:
        os._exit(code)


def _receive(number: int, frame: FrameType | None) -> None:
    _pending.append(_KINDS[number])
    _receive_again(number, frame)


def _receive_again(number: int, frame: FrameType | None) -> None:
    """Raises what was received, or has this called again where a package is being imported."""
    if _imports(frame):
        _call_again(_A_MOMENT)
    else:
        raise_pending()


def _call_again(seconds: float) -> None:
    """Has `_receive_again` called in so many seconds, and not where they are 0; without a timer, never."""
    if _HAS_TIMER:
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _imports(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def _unraisable(dropped: sys.UnraisableHookArgs) -> None:
    """Takes note of an exception that Python drops: one of a signal is raised again."""
    if issubclass(dropped.exc_type, KeyboardInterrupt):
        _call_again(_A_MOMENT)
    else:
        sys.__unraisablehook__(dropped)
