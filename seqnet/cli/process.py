"""What a command sets for its whole process before it computes; a library must not, so that nothing else does."""

from __future__ import annotations

import sys

from seqnet.cli.variables import used_variables

__all__ = ["command_line", "hide_pandas", "leave_out_pandas", "own_process", "set_up_process"]

_owned: list[bool] = []
"""Not empty where this process runs one command and ends."""

_MMAP_THRESHOLD, _TRIM_THRESHOLD = -3, -1
"""Numbers of glibc's malloc parameters."""


def command_line() -> str:
    """Returns the command line of this process, with the environment variables that options have their values from."""
    import shlex

    values = [f"{name}={shlex.quote(text)}" for name, text in used_variables().items()]
    return " ".join([*values, shlex.join(["seqnet", *sys.argv[1:]])])


def set_up_process(threads: int) -> None:
    """Has the process compute with `threads` threads of the CPU, in exact float32, and keep memory that it frees."""
    import torch

    from seqnet.nn.devices import silence_warnings

    torch.set_num_threads(threads)
    # No TF32: on a GPU it would round float32 to ten bits in convolutions and recurrences.
    torch.backends.cudnn.allow_tf32 = False
    silence_warnings()
    _keep_memory()


def _keep_memory() -> None:
    """Makes the C library keep freed memory.

    By default it returns large blocks to the system at once. The next batch then waits until the same pages have been
    filled with zeros, which takes a fifth of the training time.
    """
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        # Older versions of glibc allow 32 MB at most.
        _ = mallopt(_MMAP_THRESHOLD, 1 << 30) or mallopt(_MMAP_THRESHOLD, 1 << 25)
        mallopt(_TRIM_THRESHOLD, (1 << 31) - 1)


def own_process() -> None:
    """Says that this process runs one command and ends; a command may be run within another program, too."""
    _owned.append(True)


def leave_out_pandas() -> None:
    """Prevents pyarrow from loading pandas, if this process runs one command and ends."""
    if _owned:
        from seqnet.core import arrow

        arrow.leave_out_pandas()


def hide_pandas() -> None:
    """Prevents every import of pandas, if this process runs one command and ends."""
    if _owned:
        from seqnet.core import arrow

        arrow.hide_pandas()
