"""Where to compute."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from threading import Lock

import torch
from torch import Tensor

from seqnet.core.errors import SettingError
from seqnet.core.memory import is_lack_of_memory
from seqnet.core.printable import counted

__all__ = [
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

_BY_HAND = ("cpu",)
"""Devices that faster ways than PyTorch's own are written for."""


def choose_device(name: str) -> torch.device:
    """Returns the device of that name; changes nothing.

    Args:
        name: `auto` (CUDA, else MPS, else the CPU), `cpu`, `cuda`, `cuda:N` or `mps`.

    Raises:
        SettingError: there is no such device here.
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


def device_text(device: torch.device, threads: int) -> str:
    """Returns one line that says where a command computes, such as "using the CPU, 2 threads"."""
    name = "the CPU"
    if device.type != "cpu":
        model = f" ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else ""
        name = f"the GPU {device}{model}"
    return f"using {name}, {counted(threads, 'threads')}"


def silence_warnings() -> None:
    """Adds a filter for the one warning of PyTorch that says nothing to users.

    Directions are computed one by one, and their weights, which are small, put together for each batch.
    """
    warnings.filterwarnings("ignore", "RNN module weights are not part of single contiguous chunk")


class _Exactly:
    """What all threads that compute at once hold together: the first sets it, the last puts back what was there."""

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
"""Within `with exact_float32:` float32 is float32 on a GPU, too, where convolutions and recurrences would round to ten
bits. Any number of threads may be within."""


@contextmanager
def computing(threads: int, device: torch.device) -> Iterator[None]:
    """Has the CPU compute with so many threads, and a device in exact float32; leaves the process as it was."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with nullcontext() if device.type == "cpu" else exact_float32:
            yield
    finally:
        torch.set_num_threads(before)


def uses_cpu_kernels(tensor: Tensor) -> bool:
    """Returns whether faster ways than PyTorch's own are to be taken with a tensor.

    They are written for the CPU. Some look at numbers, for which other devices would have to be waited for, and
    `torch.compile` to break off.
    """
    return tensor.device.type in _BY_HAND and not torch.compiler.is_compiling()


def start_thread(device: torch.device) -> None:
    """Has a thread that computes beside others use one thread of the CPU and, with CUDA, a stream of its own.

    In one stream the copies of a batch would wait for what other threads compute.
    """
    torch.set_num_threads(1)
    if device.type == "cuda":
        stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        # The weights were copied in the default stream.
        stream.wait_stream(torch.cuda.default_stream(device))
        torch.cuda.set_stream(stream)


def moved(tensor: Tensor, device: torch.device) -> Tensor:
    """Returns a tensor of the CPU on a device; a CUDA device copies it while the CPU goes on."""
    if device.type == "cuda":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)


def out_of_memory(error: BaseException) -> bool:
    """Returns whether an error says that there is too little memory, on any device."""
    # What PyTorch raises for the CPU, and for MPS, has no type of its own.
    return isinstance(error, torch.OutOfMemoryError) or is_lack_of_memory(error)
