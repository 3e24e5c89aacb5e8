"""Choice and set-up of the device."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from functools import cache
from itertools import count
from threading import Lock

import torch
from torch import Tensor

from seqnet.core.errors import SettingError
from seqnet.core.memory import is_lack_of_memory
from seqnet.core.printable import counted

__all__ = [
    "STREAMS",
    "choose_device",
    "computing",
    "device_text",
    "exact_float32",
    "moved",
    "out_of_memory",
    "silence_warnings",
    "start_thread",
    "uses_cpu_kernels",
]

STREAMS = 4
"""Maximum number of threads that use one GPU; each has a stream, and batches in the memory of the GPU."""
_started = count()
_CPU_KERNEL_DEVICES = ("cpu",)
"""Devices for which seqnet has faster operations than PyTorch."""


def choose_device(name: str) -> torch.device:
    """Returns the device of that name; changes nothing.

    Args:
        name: `auto` (CUDA, else MPS, else the CPU), `cpu`, `cuda`, `cuda:N` or `mps`.

    Raises:
        SettingError: this machine does not have the device.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    kind = name.partition(":")[0]
    available = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not available.get(kind, False):
        raise SettingError("device", name, choices=[key for key, there in available.items() if there])
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except RuntimeError:
        raise SettingError("device", name, problem=f"{name} does not exist on this machine") from None
    return device


def device_text(device: torch.device, threads: int, processes: int = 1) -> str:
    """Returns one line with the device and the threads of a command, such as "using the CPU, 2 threads"."""
    name = "the CPU"
    if device.type != "cpu":
        model = f" ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else ""
        name = f"the GPU {device}{model}"
    each = f", as each of {processes} processes" if processes > 1 else ""
    return f"using {name}, {counted(threads, 'threads')}{each}"


def silence_warnings() -> None:
    """Adds filters for the warnings of PyTorch that say nothing to users.

    PyTorch warns that the weights of recurrent layers are not contiguous, because directions are computed one by one.
    PyTorch 2.6 also warns of settings of its own compiler that it does not write to its cache.
    """
    warnings.filterwarnings("ignore", "RNN module weights are not part of single contiguous chunk")
    warnings.filterwarnings("ignore", "Skipping serialization of ", UserWarning)


class _Exactly:
    """A setting of all threads that compute at the same time: the first sets it, the last restores the old value."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside = 0
        self._before = ExitStack()

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._before.enter_context(warnings.catch_warnings())
                silence_warnings()
                self._before.callback(setattr, torch.backends.cudnn, "allow_tf32", torch.backends.cudnn.allow_tf32)
                torch.backends.cudnn.allow_tf32 = False
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._before.close()


exact_float32 = _Exactly()
"""Within `with exact_float32:` float32 is exact on a GPU, too, where convolutions and recurrent layers would otherwise
round to ten bits. Several threads may use it at the same time."""


@contextmanager
def computing(threads: int, device: torch.device) -> Iterator[None]:
    """Within this, the CPU uses this many threads, and a device exact float32; restores the previous settings."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with nullcontext() if device.type == "cpu" else exact_float32:
            yield
    finally:
        torch.set_num_threads(before)


def uses_cpu_kernels(tensor: Tensor) -> bool:
    """Returns whether seqnet's own operations are used for a tensor instead of PyTorch's.

    They are written for the CPU. Some read values of tensors, which makes other devices wait and interrupts
    `torch.compile`.
    """
    return tensor.device.type in _CPU_KERNEL_DEVICES and not torch.compiler.is_compiling()


@cache
def _stream(device: torch.device, number: int) -> torch.cuda.Stream:
    return torch.cuda.Stream(device)  # type: ignore[no-untyped-call]


def start_thread(device: torch.device) -> None:
    """Makes a thread that computes in parallel to others use one CPU thread and, with CUDA, its own stream.

    In a common stream, the copies of a batch would wait for computations of other threads. Memory is kept for each
    stream, so later threads use the streams of earlier ones.
    """
    torch.set_num_threads(1)
    if device.type == "cuda":
        stream = _stream(device, next(_started) % STREAMS)
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
