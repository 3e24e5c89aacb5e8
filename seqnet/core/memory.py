"""Memory of the process: recognising errors from lack of memory, refusing early, and keeping freed memory.

If the address space of the process is limited (`ulimit -v`, as batch systems set it), libraries fail in many ways. Some
raise an error of any type, some end the process, and some retry without end. So a command that can't be loaded
within the limit is refused before its imports. Later errors are recognised by the words of their message. OpenBLAS
retries without end and ignores signals, so it gets its memory before it needs it (`reserve_blas`).
"""

from __future__ import annotations

import mmap
import os
import sys
from collections.abc import Callable, MutableMapping
from importlib.util import find_spec
from pathlib import Path

from seqnet.core.errors import ResourceError

__all__ = [
    "address_space",
    "check_address_space",
    "is_lack_of_memory",
    "keep_freed_memory",
    "reserve_blas",
    "save_address_space",
]

_WORDS = (
    "allocate memory",
    "out of memory",
    "not enough memory",
    "can't start new thread",
    "failed to map segment",
    "could not create a primitive",
    "could not create a memory",
    "std::bad_alloc",
    "cannot enlarge",
    "resource temporarily unavailable",
)
"""Words of the error messages of libraries (PyTorch, oneDNN and others) and of the dynamic loader on lack of memory."""
_ARENAS = -8
"""Number of glibc's parameter for the maximum number of heaps; each heap takes 64 MB of address space."""
_MMAP_THRESHOLD, _TRIM_THRESHOLD = -3, -1
"""Numbers of glibc's parameters for the size from which a block is mapped, and for what is kept of freed memory."""
_MB = 1_000_000
_reserved: set[str] = set()
_BLAS = 40 * _MB
"""Bytes that OpenBLAS allocates at its first product of matrices, and keeps: 32 MiB, and what the allocator adds."""
_BASE, _BESIDE_TORCH = 360 * _MB, 620 * _MB
"""Bytes that the commands need without PyTorch, and in addition to PyTorch's libraries: the lowest limit with which
small inputs work plus 10 %, and 70 MB for PyTorch, without which large inputs failed at some limits. Measured with
Python 3.11 on x86-64 Linux."""


def is_lack_of_memory(error: BaseException) -> bool:
    """Returns whether an error is caused by lack of memory, whichever library raised it."""
    if isinstance(error, MemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError | ImportError) and any(words in text for words in _WORDS)


def address_space() -> int | None:
    """Returns the limit of this process's address space in bytes; None without a limit."""
    if sys.platform == "win32":
        return None
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if limit == resource.RLIM_INFINITY else limit


def save_address_space(environment: MutableMapping[str, str]) -> None:
    """Makes libraries that are loaded later reserve less memory if the address space is limited.

    Args:
        environment: the environment variables of the process, changed in place; variables that are set are kept.
    """
    if address_space() is None:
        return
    environment.setdefault("OPENBLAS_NUM_THREADS", "1")  # it reserves memory for each of its threads
    environment.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    if mallopt := _mallopt():
        mallopt(_ARENAS, 1)


def keep_freed_memory() -> None:
    """Makes the C library keep freed memory; a library must not do that to the process of its caller.

    By default it returns large blocks to the system at once. The next batch then waits until the same pages have been
    filled with zeros, which takes a fifth of the training time.
    """
    if mallopt := _mallopt():
        # Older versions of glibc allow 32 MB at most.
        _ = mallopt(_MMAP_THRESHOLD, 1 << 30) or mallopt(_MMAP_THRESHOLD, 1 << 25)
        mallopt(_TRIM_THRESHOLD, (1 << 31) - 1)


def _mallopt() -> Callable[[int, int], int] | None:
    """Returns glibc's function that sets a parameter of its allocator; None elsewhere."""
    if sys.platform != "linux":
        return None
    import ctypes

    return getattr(ctypes.CDLL(None), "mallopt", None)


def check_address_space(command: str, *, torch: bool) -> None:
    """Checks that there is enough address space to load a command.

    Args:
        command: name of the command.
        torch: whether it imports PyTorch.

    Raises:
        ResourceError: the limit of the address space is lower than the command needs.
    """
    limit = address_space()
    if limit is None:
        return
    needed = _BASE if not torch else _BESIDE_TORCH + _torch_libraries()
    if limit < needed:
        problem = f"there is too little memory: the limit is {limit // _MB:,} MB, and it needs {needed // _MB:,} MB"
        raise ResourceError(command, problem, f"raise the limit with ulimit -v {-(-needed // 1024)}, or remove it")


def reserve_blas(package: str) -> None:
    """Makes the OpenBLAS of a package allocate its memory now, if the address space is limited.

    Call it before a package of Python multiplies matrices or solves equations for the first time.

    Args:
        package: "numpy" or "scipy"; each has a copy of OpenBLAS. scikit-learn uses that of scipy.

    Raises:
        MemoryError: there is too little address space.
    """
    if package in _reserved or address_space() is None:
        return
    import numpy as np

    one = np.eye(2)
    if package == "scipy":
        from scipy.linalg.lapack import dpotrf as factorize
    else:
        factorize = np.linalg.cholesky
    try:
        mmap.mmap(-1, _BLAS).close()
    except OSError as error:
        raise MemoryError from error
    factorize(one)
    _reserved.add(package)


def _torch_libraries() -> int:
    """Returns the size of PyTorch's libraries in bytes; a process maps them completely."""
    found = find_spec("torch")
    if found is None or found.origin is None:
        return 0
    folder = Path(found.origin).parent / "lib"
    with os.scandir(folder) as files:
        return sum(file.stat().st_size for file in files if ".so" in file.name)
