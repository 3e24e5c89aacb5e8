"""What this machine has: device, threads, number formats, fast operations, space on disk."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from seqnet.api.diagnosis.problems import Problem
from seqnet.core.memory import address_space
from seqnet.core.processors import processor_limits

__all__ = ["device_facts", "disk_facts", "fast_path_facts", "system", "thread_facts"]

_LITTLE = 1_000_000_000
"""Free bytes below which a warning is given."""
_DRIVER = Path("/proc/driver/nvidia/version")

Facts = tuple[dict[str, Any], list[Problem]]
"""JSON values, and what is wrong."""


def device_facts(name: str = "auto") -> Facts:
    """Returns the device that commands use by default, and all that could be used.

    Raises:
        SettingError: this machine does not have the device of that name.
    """
    import torch

    from seqnet.models.scoring import prefers_bfloat16
    from seqnet.nn.devices import choose_device

    device = choose_device(name)
    gpus = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
    values = {
        "used": str(device),
        "gpus": gpus,
        "mps": torch.backends.mps.is_available(),
        "cuda_version": torch.version.cuda,
        "fast_bfloat16": prefers_bfloat16(device),
    }
    problems = []
    if not torch.cuda.is_available() and (_DRIVER.exists() or shutil.which("nvidia-smi")):
        built = "can't use it" if torch.version.cuda else "is built for CPUs only"
        problem = f"there is an NVIDIA driver, but PyTorch {torch.__version__} {built}"
        remedy = "update the driver" if torch.version.cuda else "install a build of PyTorch with CUDA (pytorch.org)"
        problems.append(Problem("warning", "device", problem, f"{remedy}, or ignore this to use the CPU"))
    return values, problems


def thread_facts() -> Facts:
    """Returns the number of CPUs that may be used, each limit, and the limit of memory."""
    limits = processor_limits()
    usable = min(limits.values())
    values = {
        "usable": usable,
        "machine": os.cpu_count(),
        "limits": limits,
        "limited_by": [name for name, limit in limits.items() if limit == usable],
        "address_space_bytes": address_space(),
    }
    return values, []


def fast_path_facts() -> Facts:
    """Returns name → whether the fast operation can be used, for all in `seqnet.nn.fast.capabilities`."""
    from seqnet.nn.fast.capabilities import CAPABILITIES, has

    return {name: has(name) for name in CAPABILITIES}, []


def disk_facts() -> Facts:
    """Returns path, free bytes and whether it can be written, of the temporary folder and of the caches."""
    problems = []
    folders = {"temporary files": Path(tempfile.gettempdir()), **_caches()}
    values: dict[str, Any] = {}
    for name, path in folders.items():
        there = next(folder for folder in (path, *path.parents) if folder.exists())
        free, writable = shutil.disk_usage(there).free, os.access(there, os.W_OK)
        values[name] = {"path": str(path), "exists": path.exists(), "free_bytes": free, "writable": writable}
        variable = _VARIABLES[name]
        remedy = f"set {variable} to another folder"
        if not writable:
            problems.append(Problem("warning", name, f"{path} can't be written", remedy))
        elif free < _LITTLE:
            problems.append(Problem("warning", name, f"only {free / 1e6:,.0f} MB are free in {path}", remedy))
    return values, problems


_VARIABLES = {
    "temporary files": "TMPDIR",
    "cache of embeddings": "encoder.cache",
    "cache of language models": "HF_HUB_CACHE",
}
"""Folder → the variable or setting for its path."""


def _caches() -> dict[str, Path]:
    from seqnet.nn.plm.cache import cache_folder

    home = os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface"
    models = Path(os.environ.get("HF_HUB_CACHE") or Path(home) / "hub").expanduser()
    embeddings = cache_folder("auto")
    assert embeddings is not None
    return {"cache of embeddings": embeddings, "cache of language models": models}


def system() -> str:
    """Returns the operating system and the processor's architecture."""
    import platform

    return f"{platform.system()} {platform.release()}, {platform.machine()}, Python {sys.version.split()[0]}"
