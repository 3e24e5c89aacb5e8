"""A reader that reads a file in a separate process while this process computes.

In the same process, decompression and parsing would compete with computing threads for Python's global lock. The other
process (`readers/__main__.py`) sends its batches through a pipe that holds one or two of them. It waits until they are
taken, and ends if the receiving process ends.
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

__all__ = ["Fault", "ReadPart", "SubprocessReader", "end_process", "start_process"]

_PIPE = 1 << 20
"""Capacity of the pipe in bytes, if the system allows it."""


class ReadPart(NamedTuple):
    """A message after the name of the format; a `Fault` may replace it.

    Attributes:
        batch: records; None after the last batch.
        skipped: as in `RecordReader`.
        notes: as in `RecordReader`.
        passed: as in `RecordReader`.
    """

    batch: RecordBatch | None
    skipped: Counter[str]
    notes: list[str]
    passed: int | None


class Fault(NamedTuple):
    """A message about an error, in place of any other message.

    Attributes:
        error: the error.
        trace: its traceback, for --debug.
    """

    error: Exception
    trace: str


def start_process(path: str, options: ReadOptions) -> subprocess.Popen[bytes]:
    """Starts and returns a process that reads a file, which can't be stdin.

    Raises:
        ResourceError: the process can't be started.
    """
    words = [sys.executable, "-P", "-m", __package__, path, json.dumps(options.to_dict())]
    # It imports the same modules as this process. It has its own session, so that Ctrl-C reaches only this process.
    folders = os.pathsep.join(str(folder) for folder in sys.path)
    try:
        process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,  # closes when this process ends; nothing is sent through it
            stdout=subprocess.PIPE,
            stderr=None if sys.stderr else subprocess.DEVNULL,
            # NumPy would start threads for linear algebra, which spin for a tenth of a second.
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
    """Ends a reading process."""
    process.kill()
    for stream in (process.stdout, process.stdin):
        if stream:
            stream.close()
    process.wait()


class SubprocessReader(RecordReader):
    """The records of a file that another process reads.

    Args:
        path: the file, not stdin.
        options: options of the reader.
        process: a process from `start_process`; None to start one now.

    Raises:
        SeqnetError, OSError: as in `open_records`.
        ResourceError: the process was killed.
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
                assert isinstance(part, ReadPart)
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
        """Returns the next message of the other process."""
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
        problem = f"the process that reads it was stopped by a signal ({name.lower()})"
        return ResourceError(self.path, problem, "run it again, with more memory if it was killed for lack of memory")


def _widen(stream: BinaryIO) -> None:
    """Increases the capacity of a pipe from the usual few thousand bytes, if the system allows it."""
    if sys.platform == "linux":
        # The system limits the pipe memory of a user, and a Python build may lack the module.
        with suppress(OSError, ImportError):
            import fcntl

            fcntl.fcntl(stream, fcntl.F_SETPIPE_SZ, _PIPE)
