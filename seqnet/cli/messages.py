"""The messages of a command: which are shown on standard error, and the log that has all of them.

Every message goes through `deliver`. --quiet shows warnings and errors, --verbose also details, and --log-file writes
everything to a file, whatever is shown. The state is that of one run of the command line (`recording`).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path

from seqnet.cli.log_file import LogFile
from seqnet.core.printable import printable

__all__ = ["Level", "begin_log", "deliver", "detail", "level_of", "passes", "recording", "share_messages", "show_from"]


class Level(IntEnum):
    """How important a message is."""

    DETAIL = 0
    INFO = 1
    WARNING = 2
    ERROR = 3


_PROGRAM, _NOTE, _ERROR = "seqnet: ", "seqnet: note:", "seqnet: error:"


def _always() -> bool:
    return True


class _State:
    """What holds for one run; no dataclass, whose import would delay every command."""

    def __init__(self) -> None:
        self.silent = False
        self.reports: Callable[[], bool] = _always
        self.shown = Level.INFO
        self.log: LogFile | None = None
        self.started = 0.0


_state = _State()


def level_of(text: str) -> Level:
    """Returns the level of a message that begins like this; what begins with `seqnet: ` is a warning at least."""
    if text.startswith(_ERROR):
        return Level.ERROR
    return Level.WARNING if text.startswith(_PROGRAM) and not text.startswith(_NOTE) else Level.INFO


def passes(level: Level) -> bool:
    """Returns whether messages of a level are shown."""
    return level >= _state.shown and not (_state.silent and level < Level.ERROR)


def show_from(level: Level) -> None:
    """Shows messages of this level and above until the end of the run."""
    _state.shown = level


def share_messages(*, silent: bool, reports: Callable[[], bool]) -> None:
    """Shares the messages of the run with other processes that run the same command.

    Args:
        silent: whether another process shows and logs everything except errors.
        reports: returns whether this process shows its error; called once there is one.
    """
    _state.silent, _state.reports = silent, reports


def deliver(text: str, level: Level | None = None) -> None:
    """Shows one message on standard error and writes it to the log; characters that are not printable are escaped.

    If standard error can't be written, the work continues.

    Args:
        text: the message.
        level: its level; None for that of `level_of`.

    Raises:
        BrokenPipeError: nobody reads standard error any more.
    """
    level = level_of(text) if level is None else level
    if not _state.reports() if level is Level.ERROR else _state.silent:
        return
    line = printable(text)
    if passes(level):
        _print(line)
    _log(level, line)


def detail(text: Callable[[], str]) -> None:
    """Delivers a detail; it is put into words only if it is shown or logged."""
    if _state.log or passes(Level.DETAIL):
        deliver(text(), Level.DETAIL)


def begin_log(path: Path, first: str) -> None:
    """Opens the log and writes its first line, which begins with the name of the program.

    Raises:
        OutputError: there is another file of this name.
        OSError: the file can't be written.
    """
    if _state.silent:
        return
    _state.log = LogFile(path)
    _log(Level.INFO, printable(first))


def _print(line: str) -> None:
    try:
        print(line, file=sys.stderr, flush=True)
    except BrokenPipeError:
        raise
    except OSError:
        pass


def _log(level: Level, line: str) -> None:
    """Writes a line to the log, if there is one; a log that can't be written is a warning."""
    if _state.log and (fault := _state.log.write(level.name, line)):
        _print(f"{_PROGRAM}warning: {fault}")


@contextmanager
def recording() -> Iterator[Callable[[int], int]]:
    """Shows and logs the messages of one run as its options say, from the defaults on, and closes the log at its end.

    Yields:
        A function that takes the exit code, logs it, and returns it.
    """
    global _state
    before, _state = _state, _State()
    _state.started = time.monotonic()
    try:
        yield _ended
    except BaseException:
        _log_traceback()
        raise
    finally:
        if _state.log:
            _state.log.close()
        _state = before


def _ended(code: int) -> int:
    detail(lambda: f"exit code {code} after {time.monotonic() - _state.started:.1f} s{_memory()}")
    return code


def _memory() -> str:
    """Returns the largest amount of memory that this process has used so far, in words; empty where not known."""
    if sys.platform == "win32":
        return ""
    import resource

    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return f", {size / 1e6:,.0f} MB of memory"


def _log_traceback() -> None:
    """Writes the error that is being handled, which is a bug, to the log; Python itself shows it."""
    if _state.log:
        import traceback

        for line in traceback.format_exc().splitlines():
            _log(Level.ERROR, printable(line))
