"""What a command sets for its whole process before it computes; a library must not, so that nothing else does."""

from __future__ import annotations

import ctypes
import sys

__all__ = ["set_up_process"]

_MMAP_THRESHOLD, _TRIM_THRESHOLD = -3, -1
"""Numbers of glibc's parameters of memory."""


def set_up_process(threads: int) -> None:
    """Has the process compute with `threads` threads of the CPU, in exact float32, and keep memory that it frees."""
    import torch

    from seqnet.nn.devices import silence_warnings

    torch.set_num_threads(threads)
    # What is called float32 is float32 on a GPU, too, where convolutions and recurrences would round to ten bits.
    torch.backends.cudnn.allow_tf32 = False
    silence_warnings()
    _keep_memory()


def _keep_memory() -> None:
    """Has the C library keep memory that is freed.

    It would give large pieces back at once, and the next batch would wait for the same pages to be filled with zeros: a
    fifth of the time of a training.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        # Older ones take 32 MB at most.
        _ = mallopt(_MMAP_THRESHOLD, 1 << 30) or mallopt(_MMAP_THRESHOLD, 1 << 25)
        mallopt(_TRIM_THRESHOLD, (1 << 31) - 1)
