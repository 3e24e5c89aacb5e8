"""Where to compute."""

from __future__ import annotations

import torch

from seqnet.errors import SettingError

__all__ = ["choose_device"]


def choose_device(name: str, threads: int) -> torch.device:
    """Returns the device of that name, and has the CPU compute with `threads` threads.

    Args:
        name: `auto` (CUDA, else MPS, else the CPU), `cpu`, `cuda`, `cuda:N` or `mps`.
        threads: for the CPU.

    Raises:
        SettingError: there is no such device here.
    """
    torch.set_num_threads(threads)
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
