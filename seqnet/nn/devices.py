"""Choice and set-up of the device."""

from __future__ import annotations

import ctypes
import sys
import warnings

import torch
from torch import Tensor

from seqnet.core.errors import SettingError
from seqnet.core.memory import is_lack_of_memory

__all__ = ["choose_device", "moved", "out_of_memory", "start_thread", "uses_cpu_kernels"]

_MMAP_THRESHOLD, _TRIM_THRESHOLD = -3, -1
"""Numbers of glibc's malloc parameters."""
_BY_HAND = ("cpu",)
"""Devices for which seqnet has faster operations than PyTorch."""


def choose_device(name: str, threads: int) -> torch.device:
    """Returns the device with this name, and makes the CPU use `threads` threads.

    Args:
        name: `auto` (CUDA, else MPS, else the CPU), `cpu`, `cuda`, `cuda:N` or `mps`.
        threads: number of threads of the CPU.

    Raises:
        SettingError: this machine does not have the device.
    """
    torch.set_num_threads(threads)
    _keep_memory()
    # Directions are computed one by one, and their small weights are concatenated for each batch.
    warnings.filterwarnings("ignore", "RNN module weights are not part of single contiguous chunk")
    # No TF32: on a GPU it would round float32 to ten bits in convolutions and recurrences.
    torch.backends.cudnn.allow_tf32 = False
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    kind = name.partition(":")[0]
    available = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not available.get(kind, False):
        raise SettingError("device", name, "one of " + ", ".join(key for key, there in available.items() if there))
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except RuntimeError:
        raise SettingError("device", name, f"a {kind} device that there is") from None
    return device


def _keep_memory() -> None:
    """Makes the C library keep freed memory.

    By default it returns large blocks to the system at once. The next batch then waits until the same pages have been
    filled with zeros, which takes a fifth of the training time.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        # Older versions of glibc allow 32 MB at most.
        _ = mallopt(_MMAP_THRESHOLD, 1 << 30) or mallopt(_MMAP_THRESHOLD, 1 << 25)
        mallopt(_TRIM_THRESHOLD, (1 << 31) - 1)


def uses_cpu_kernels(tensor: Tensor) -> bool:
    """Returns whether seqnet's own operations are used for a tensor instead of PyTorch's.

    They are written for the CPU. Some read values of tensors, which makes other devices wait and interrupts
    `torch.compile`.
    """
    return tensor.device.type in _BY_HAND and not torch.compiler.is_compiling()


def start_thread(device: torch.device) -> None:
    """Makes a thread that computes in parallel to others use one CPU thread and, with CUDA, its own stream.

    In a common stream, the copies of a batch would wait for computations of other threads.
    """
    torch.set_num_threads(1)
    if device.type == "cuda":
        stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        # The weights were copied in the default stream, so this stream waits for it.
        stream.wait_stream(torch.cuda.default_stream(device))
        torch.cuda.set_stream(stream)


def moved(tensor: Tensor, device: torch.device) -> Tensor:
    """Returns a CPU tensor on the device; a copy to a CUDA device is asynchronous."""
    if device.type == "cuda":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)


def out_of_memory(error: BaseException) -> bool:
    """Returns whether an error is caused by lack of memory, on any device."""
    # On the CPU and on MPS, PyTorch's error for this has no type of its own.
    return isinstance(error, torch.OutOfMemoryError) or is_lack_of_memory(error)
