"""Too little memory: what it looks like, and how little is too little to begin with.

Where the address space of the process is limited (`ulimit -v`, as batch systems set it), libraries fail in many ways:
some raise an error of any type, some end the process, and some try again for ever. So a command that can't be loaded
within the limit is refused before it is imported, and what fails later is told by its words.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import MutableMapping
from importlib.util import find_spec
from pathlib import Path

from seqnet.core.errors import ResourceError

__all__ = ["address_space", "check_address_space", "is_lack_of_memory", "save_address_space"]

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
"""What libraries, PyTorch and oneDNN among them, and the loader of libraries say where memory does not suffice."""
_ARENAS = -8
"""Number of glibc's parameter of how many heaps there may be; each takes 64 MB of the address space."""
_MB = 1_000_000
_BASE, _BESIDE_TORCH = 330 * _MB, 490 * _MB
"""Bytes that the commands need without PyTorch, and beside its libraries: measured with Python 3.11 on x86-64 Linux
as the least limit at which small inputs are done, and a tenth."""


def is_lack_of_memory(error: BaseException) -> bool:
    """Returns whether an error says that there is too little memory, whoever raised it."""
    if isinstance(error, MemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError | ImportError) and any(words in text for words in _WORDS)


def address_space() -> int | None:
    """Returns the bytes that the address space of this process may have; None where nobody limits it."""
    if sys.platform == "win32":
        return None
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if limit == resource.RLIM_INFINITY else limit


def save_address_space(environment: MutableMapping[str, str]) -> None:
    """Has libraries that are loaded later reserve less where the address space is limited.

    Args:
        environment: the variables of the process, which are changed; what the user has set stays.
    """
    if address_space() is None:
        return
    environment.setdefault("OPENBLAS_NUM_THREADS", "1")  # it reserves memory for each of its threads
    environment.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(_ARENAS, 1)


def check_address_space(command: str, *, torch: bool) -> None:
    """Checks that a command can be loaded.

    Args:
        command: its name.
        torch: whether it imports PyTorch.

    Raises:
        ResourceError: the address space is limited to less than it needs.
    """
    limit = address_space()
    if limit is None:
        return
    needed = _BASE if not torch else _BESIDE_TORCH + _torch_libraries()
    if limit < needed:
        problem = f"there is too little memory: the limit is {limit // _MB:,} MB, and it needs {needed // _MB:,} MB"
        raise ResourceError(command, problem, f"raise the limit with ulimit -v {-(-needed // 1024)}, or remove it")


def _torch_libraries() -> int:
    """Returns the bytes of PyTorch's libraries, which a process maps whole."""
    found = find_spec("torch")
    if found is None or found.origin is None:
        return 0
    folder = Path(found.origin).parent / "lib"
    with os.scandir(folder) as files:
        return sum(file.stat().st_size for file in files if ".so" in file.name)
