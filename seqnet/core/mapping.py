"""Memory-mapped files, and an error message when such a file is cut while it is in use.

The system ends a process that reads behind the end of a file that it has mapped, with the signal SIGBUS and without a
word. No check before the reading can rule that out. So the command line sets a handler (`watch_mapped_files`), which
says which file it was, in one line, and ends the process with exit code 1. It can't raise an exception: the code that
reads is compiled, and must not go on. A library must not set it: the process is not its own.
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
    """Has this process end with one line where a file is cut that it has mapped.

    C calls `_report_and_exit` on SIGBUS: a handler of Python's own would wait for the code that can't go on.
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
