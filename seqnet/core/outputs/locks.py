"""Advisory locks on open files; the system gives them back when the process ends in any way.

They are `flock`s. Where there are none, in the file system or in the whole system (Windows has no `fcntl`), nothing is
locked, and nobody else is known to hold a file: two processes must not write one output at once there.
"""

from __future__ import annotations

try:
    import fcntl
except ImportError:
    HAS_LOCKS = False
else:
    HAS_LOCKS = True

__all__ = ["HAS_LOCKS", "try_lock"]


def try_lock(descriptor: int) -> bool:
    """Returns whether the open file is locked by this process from now on; False where another one holds it.

    Raises:
        OSError: its file system has no locks.
    """
    if HAS_LOCKS:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            return False
    return True
