"""Memory-mapped files, and an error message when such a file is cut while it is in use.

If a process reads beyond the end of a mapped file, the system ends it with the signal SIGBUS and without a message. No
check before reading can prevent this. So the command line sets a handler (`watch_mapped_files`), which names the file
in one line and ends the process with exit code 1. It can't raise an exception, because the code that reads is compiled
and must not continue. The library does not set it, because the process belongs to its caller.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import signal
from collections.abc import Callable
from pathlib import Path
from weakref import WeakKeyDictionary

from seqnet.core.errors import ContainerError, SeqnetError

__all__ = ["map_file", "watch_mapped_files"]

_mapped: WeakKeyDictionary[mmap.mmap, SeqnetError] = WeakKeyDictionary()
_handlers: list[object] = []
"""The handlers that C calls; kept here so that Python does not free them."""


def map_file(path: Path, remedy: str) -> tuple[mmap.mmap, Callable[[], None]]:
    """Returns the bytes of a file, mapped, and a function that raises an error if the file has been cut.

    Args:
        path: the file; must not be empty.
        remedy: advice in the error message if the file is cut while it is read.
    """
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    _mapped[mapped] = error = ContainerError(str(path), "the file was truncated while it was read", remedy)

    def check_whole() -> None:
        if _is_cut(mapped):
            raise error

    return mapped, check_whole


def watch_mapped_files() -> None:
    """Makes this process end with a one-line error if a mapped file is cut.

    C calls `_report_and_exit` on SIGBUS: a Python handler would wait for code that can't continue.
    """
    if _handlers or not hasattr(signal, "SIGBUS"):
        return
    library = ctypes.CDLL(None)
    kind = ctypes.CFUNCTYPE(None, ctypes.c_int)
    handler = kind(_report_and_exit)
    _handlers.append(handler)
    library.signal.argtypes = [ctypes.c_int, kind]
    library.signal.restype = ctypes.c_void_p
    library.signal(signal.SIGBUS, handler)


def _report_and_exit(number: int) -> None:
    lines = [str(error) for mapped, error in list(_mapped.items()) if _is_cut(mapped)]
    lines = lines or ["a file that is memory-mapped can't be read any more; check the disk that it is on"]
    try:
        os.write(2, "".join(f"seqnet: error: {line}\n" for line in lines).encode(errors="backslashreplace"))
    finally:
        os._exit(1)


def _is_cut(mapped: mmap.mmap) -> bool:
    """Returns whether the file is shorter than its mapping."""
    return mapped.size() < len(mapped)
