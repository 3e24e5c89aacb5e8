"""Passes a Python stream to a C library that can only read file descriptors."""

from __future__ import annotations

import io
import os
import threading
from types import TracebackType

__all__ = ["Pipe"]

_CHUNK = 1 << 16


class Pipe:
    """A context manager that returns the readable end of a pipe; a thread writes a stream to the pipe.

    An error of the stream closes the pipe. It is raised at the end of the block, in place of the reader's error about
    incomplete data. If the reader stops early, the thread ends at the next bytes of the stream.

    Args:
        stream: the bytes.
    """

    def __init__(self, stream: io.RawIOBase | io.BufferedIOBase) -> None:
        self._stream = stream
        self._failure: Exception | None = None

    def __enter__(self) -> int:
        self._reading, writing = os.pipe()
        self._thread = threading.Thread(target=self._fill, args=(writing,), name="seqnet-pipe")
        self._thread.start()
        return self._reading

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._reading)
        self._thread.join()
        if self._failure and kind is not GeneratorExit:
            raise self._failure from None

    def _fill(self, writing: int) -> None:
        try:
            with open(writing, "wb", buffering=_CHUNK) as sink:
                while chunk := self._stream.read(_CHUNK):
                    sink.write(chunk)
        except BrokenPipeError:
            return  # the reader has stopped early
        except Exception as error:
            self._failure = error
