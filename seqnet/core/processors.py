"""The number of processors that this process may use, and how long its waiting threads spin.

In: CPU affinity, control groups, and environment variables of OpenMP and Slurm. Out: a number of threads.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, MutableMapping
from contextlib import suppress
from pathlib import Path

__all__ = ["limit_spinning", "processor_limits", "usable_processors"]

_VARIABLES = ("OMP_NUM_THREADS", "SLURM_CPUS_PER_TASK")
_CGROUP = Path("sys/fs/cgroup")
_CPU = "cpu"
"""Name of the CPU controller in version 1 of control groups."""
_SPINNING = {"GOMP_SPINCOUNT": "1500", "KMP_BLOCKTIME": "0"}
"""How long idle OpenMP threads spin before they sleep: GNU's as a number of checks, LLVM's and Intel's in ms.

GNU's default is 300,000 checks. With threads that sleep at once, training with small steps takes half as long again on
an idle machine (docs/results.md).
"""


def usable_processors() -> int:
    """Returns the number of processors that this process may use: the smallest of `processor_limits`."""
    return min(processor_limits().values())


def processor_limits(root: Path = Path("/")) -> dict[str, int]:
    """Returns the name of each limit → the number of processors that it allows, at least 1.

    The limits are: the machine or the CPU affinity of the process, control groups (set by containers and batch systems;
    a quota of 1.5 processors counts as 2), and the variables OMP_NUM_THREADS and SLURM_CPUS_PER_TASK. A source without
    a limit is left out.

    Args:
        root: where the file systems `proc` and `sys` are mounted.

    Source: Linux kernel, Documentation/admin-guide/cgroup-v2.rst, `cpu.max`; Documentation/scheduler/sched-bwc.rst,
    `cpu.cfs_quota_us`; OpenMP API 5.2, section 21.1.2, OMP_NUM_THREADS; Slurm, man sbatch, SLURM_CPUS_PER_TASK.
    """
    if hasattr(os, "sched_getaffinity"):
        limits = {"affinity": len(os.sched_getaffinity(0))}
    else:
        limits = {"machine": os.cpu_count() or 1}
    if quotas := list(_quotas(root)):
        limits["control group"] = max(1, math.ceil(min(quotas)))
    for name in _VARIABLES:
        # OMP_NUM_THREADS may have a number for each nesting level.
        first = os.environ.get(name, "").partition(",")[0].strip()
        if first.isdecimal() and int(first) > 0:
            limits[name] = int(first)
    return limits


def _quotas(root: Path) -> Iterator[float]:
    """Yields the CPU quota, in processors, of each control group of this process and of the groups above it."""
    for controllers, group in _groups(root):
        # Version 2 has no controller names. Version 1 has a folder for each controller or for several together.
        version_1 = _CPU in controllers.split(",")
        if controllers and not version_1:
            continue
        top = root / _CGROUP / (controllers if version_1 else "")
        if version_1 and not top.is_dir():
            top = root / _CGROUP / _CPU
        folder = top / group.lstrip("/")
        for place in (folder, *folder.parents):
            if not place.is_relative_to(top):
                break
            quota = _quota_1(place) if version_1 else _quota_2(place)
            if quota is not None:
                yield quota


def _groups(root: Path) -> Iterator[tuple[str, str]]:
    """Yields the controllers, separated by commas, and the path of each control group of this process."""
    with suppress(OSError):
        for line in (root / "proc/self/cgroup").read_text().splitlines():
            _, controllers, group = line.split(":", 2)
            yield controllers, group


def _quota_1(folder: Path) -> float | None:
    """Returns the quota of a version 1 control group; None without a quota."""
    with suppress(OSError, ValueError):
        quota, period = (int((folder / f"cpu.cfs_{name}_us").read_text()) for name in ("quota", "period"))
        return quota / period if quota > 0 and period > 0 else None
    return None


def _quota_2(folder: Path) -> float | None:
    """Returns the quota of a version 2 control group; None without a quota."""
    with suppress(OSError, ValueError):
        quota, period = (folder / "cpu.max").read_text().split()
        return int(quota) / int(period) if quota != "max" else None
    return None


def limit_spinning(environment: MutableMapping[str, str]) -> None:
    """Makes waiting OpenMP threads sleep soon; call it before anything loads OpenMP (for example PyTorch).

    By default these threads spin for milliseconds. If another process needs the same processors, a spinning thread
    takes time from the thread that it waits for, and training takes many times as long. Variables that the user has set
    are kept.

    Args:
        environment: the environment variables of the process, changed in place.
    """
    if "OMP_WAIT_POLICY" not in environment:
        for name, value in _SPINNING.items():
            environment.setdefault(name, value)
