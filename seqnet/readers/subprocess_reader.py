"""A file that is read in a process of its own, while this one computes.

Decompression and parsing would share Python's lock with the threads that compute. The other process
(`readers/__main__.py`) hands over its batches through a pipe, which holds one or two of them: it waits where
nobody takes them, and ends where nobody is left to.
"""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Generator
from contextlib import suppress
from typing import BinaryIO, NamedTuple

from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import ResourceError
from seqnet.core.records import RecordBatch
from seqnet.readers.record_reader import RecordReader

__all__ = ["Fault", "Part", "SubprocessReader", "end_process", "start_process"]

_PIPE = 1 << 20
"""Bytes that the pipe holds, where the system allows it."""


class Part(NamedTuple):
    """What is handed over after the name of the format; a `Fault` takes its place.

    Attributes:
        batch: records; None after the last.
        skipped: as in `RecordReader`.
        notes: as in `RecordReader`.
        passed: as in `RecordReader`.
    """

    batch: RecordBatch | None
    skipped: Counter[str]
    notes: list[str]
    passed: int | None


class Fault(NamedTuple):
    """What is handed over in place of all else.

    Attributes:
        error: what went wrong.
        trace: where, for --debug.
    """

    error: Exception
    trace: str


def start_process(path: str, options: ReadOptions) -> subprocess.Popen[bytes]:
    """Returns a new process that reads a file, which is not stdin.

    Raises:
        ResourceError: it can't be started.
    """
    words = [sys.executable, "-P", "-m", __package__, path, json.dumps(options.to_dict())]
    # The modules of this process; and a session of its own, so that Ctrl-C is for this process to act on.
    folders = os.pathsep.join(str(folder) for folder in sys.path)
    try:
        process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,  # for its end alone, which tells that this process is gone
            stdout=subprocess.PIPE,
            stderr=None if sys.stderr else subprocess.DEVNULL,
            # NumPy would start threads for algebra, which look for work a tenth of a second.
            env={**os.environ, "PYTHONPATH": folders, "OPENBLAS_NUM_THREADS": "1"},
            start_new_session=True,
        )
    except OSError as error:
        problem = f"no process can be started to read it: {error.strerror}"
        raise ResourceError(path, problem, "use --reader-process never") from error
    assert process.stdout is not None
    _widen(process.stdout)  # type: ignore[arg-type]
    return process


def end_process(process: subprocess.Popen[bytes]) -> None:
    """Ends a process that reads a file."""
    process.kill()
    for stream in (process.stdout, process.stdin):
        if stream:
            stream.close()
    process.wait()


class SubprocessReader(RecordReader):
    """The records of a file that another process reads.

    Args:
        path: the file, not stdin.
        options: how to read it.
        process: the one that `start_process` started to read it; None to start it now.

    Raises:
        SeqnetError, OSError: as `open_records`.
        ResourceError: the process was ended from outside.
    """

    def __init__(self, path: str, options: ReadOptions, process: subprocess.Popen[bytes] | None = None) -> None:
        self.path = path
        self.skipped = Counter()
        self.notes = []
        self.region = options.region
        self._passed: int | None = 0
        self._process = process or start_process(path, options)
        try:
            found = self._received()
            assert isinstance(found, str)
            self.format = found
        except BaseException:
            self.close()
            raise

    @property
    def passed(self) -> int | None:
        """See `RecordReader.passed`."""
        return self._passed

    def close(self) -> None:
        """Ends the other process."""
        end_process(self._process)

    def _batches(self) -> Generator[RecordBatch, None, None]:
        try:
            while True:
                part = self._received()
                assert isinstance(part, Part)
                self.skipped.clear()
                self.skipped.update(part.skipped)
                self.notes[:] = part.notes
                self._passed = part.passed
                if part.batch is None:
                    return
                yield part.batch
        finally:
            self.close()

    @property
    def _stream(self) -> BinaryIO:
        assert self._process.stdout is not None
        return self._process.stdout  # type: ignore[return-value]

    def _received(self) -> object:
        """Returns what the other process hands over next."""
        try:
            found = pickle.load(self._stream)
        except (EOFError, pickle.UnpicklingError):
            raise self._ended() from None
        if isinstance(found, Fault):
            raise found.error from RuntimeError(found.trace)
        return found

    def _ended(self) -> Exception:
        """Returns the error for a process that has ended too early."""
        code = self._process.wait()
        if code >= 0:
            return RuntimeError(f"the process that reads {self.path} ended with exit code {code}")
        name = signal.strsignal(-code) or f"signal {-code}"
        problem = f"the process that reads it was ended from outside: {name.lower()}"
        return ResourceError(self.path, problem, "run it again, with more memory if it was killed for lack of memory")


def _widen(stream: BinaryIO) -> None:
    """Has a pipe hold more than the few thousand bytes that are usual, where the system allows it."""
    if sys.platform == "linux":
        # A user may have so much of pipes, and a Python may lack the module.
        with suppress(OSError, ImportError):
            import fcntl

            fcntl.fcntl(stream, fcntl.F_SETPIPE_SZ, _PIPE)
