"""Advisory locks on open files; the system releases them when the process ends in any way.

The locks are `flock`s. Some file systems have none, and Windows has no `fcntl`. There nothing is locked and no file
counts as locked by another process, so two processes must not write the same output at the same time.
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
    """Locks an open file and returns whether that worked; False if another process has locked it.

    Raises:
        OSError: the file system has no locks.
    """
    if HAS_LOCKS:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            return False
    return True
