"""The parent's side of a process that trains networks (`worker`)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any

from seqnet.core.errors import ResourceError
from seqnet.core.processors import limit_spinning
from seqnet.training.worker_messages import FINAL, decoded, encoded

__all__ = ["WorkerProcess"]

_SHOWN = 4_000
"""Maximum number of characters that are shown of the standard error of a process that failed."""


class WorkerProcess:
    """A process that trains networks.

    Args:
        folder: temporary files; it removes them if this process ends without it.
        name: of the file for what it writes to standard error.
        events: gets each of its messages, and None at its end.
        outcomes: gets the last message about each network: number → message.

    Raises:
        ResourceError: no process can be started.

    Attributes:
        number: the network that it was given last; None before that.
        said: whether it has sent a message about this network.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        events: SimpleQueue[tuple[WorkerProcess, Mapping[str, Any] | None]],
        outcomes: dict[int, Mapping[str, Any]],
    ) -> None:
        self.number: int | None = None
        self.said = False
        self._log, self._events, self._outcomes = folder / name, events, outcomes
        self._process = _started(folder, self._log)
        self._reader = Thread(target=self._receive, daemon=True)
        self._reader.start()

    def _receive(self) -> None:
        assert self._process.stdout is not None
        with suppress(ValueError):  # half a line of a process that was killed
            for line in self._process.stdout:
                message = decoded(line)
                self.said = True
                if message["kind"] in FINAL:
                    self._outcomes[message["number"]] = message
                self._events.put((self, message))
        self._events.put((self, None))

    def give(self, number: int, job: Mapping[str, Any]) -> None:
        """Sends it a network to train."""
        self.number, self.said = number, False
        self._send({"kind": "train", "number": number, **job})

    def stop(self) -> None:
        """Asks it to stop at its best epoch so far; it is killed if it has not begun, because it has no result."""
        if self.said:
            self._send({"kind": "stop"})
        else:
            self._process.kill()

    def _send(self, message: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # it has ended, which is an event
            self._process.stdin.write(encoded(message))
            self._process.stdin.flush()

    def wait(self) -> None:
        """Waits until it has ended and all of its messages are received."""
        self._process.wait()
        self._reader.join()

    def end(self, grace: float = 0.0) -> None:
        """Waits this many seconds for it to end, then kills it."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(grace)
        self._process.kill()
        self.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream:
                with suppress(BrokenPipeError):
                    stream.close()

    def failure(self, title: str, resumable: bool) -> Exception:
        """Returns the error for a process that has ended too early.

        Args:
            title: of the network that it was training.
            resumable: whether this network has a checkpoint.
        """
        code = self._process.wait()
        if code >= 0:
            text = self._log.read_text(encoding="utf-8", errors="replace")[-_SHOWN:]
            return RuntimeError(f"the process that trains {title} ended with exit code {code}\n{text}".rstrip())
        name = signal.strsignal(-code) or f"signal {-code}"
        again = "continue with --resume" if resumable else "train again"
        remedy = f"{again}; with --threads 1, one network is trained at a time, which takes less memory"
        return ResourceError(title, f"the process that trains it was stopped by a signal ({name.lower()})", remedy)


def _started(folder: Path, log: Path) -> subprocess.Popen[bytes]:
    """Starts and returns a process; what it writes to standard error goes to a file.

    Raises:
        ResourceError: no process can be started.
    """
    # It imports the same modules as this process. A script of the user is not started again.
    words = [sys.executable, "-P", "-m", "seqnet.training.worker", str(folder)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(str(path) for path in sys.path)}
    limit_spinning(environment)
    try:
        with _signals_held(), log.open("wb") as errors:
            return subprocess.Popen(
                words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=environment,
            )
    except OSError as error:
        problem = f"no process can be started to train a network: {error.strerror}"
        raise ResourceError("train", problem, "use --threads 1, which trains in this process") from error


@contextmanager
def _signals_held() -> Iterator[None]:
    """Within this, processes are started that never receive Ctrl-C and SIGTERM.

    It inherits the set of blocked signals. The terminal, and a cluster, send them to all processes, and this one
    decides what to do. They reach this one a moment later.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
