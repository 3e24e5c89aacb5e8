"""How many processors this process may use, and how its threads wait for each other.

In: affinity and control groups of the operating system, variables of OpenMP and Slurm. Out: a number of threads.
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
"""Name of the controller of processor time, in version 1 of control groups."""
_SPINNING = {"GOMP_SPINCOUNT": "1500", "KMP_BLOCKTIME": "0"}
"""How long threads of GNU's OpenMP look before they sleep, in looks, and those of LLVM's and Intel's, in milliseconds.

GNU's default is 300,000. Those that sleep at once make a training of small steps half as long again on an idle machine
(docs/results.md).
"""


def usable_processors() -> int:
    """Returns the number of processors that this process may use: the least of `processor_limits`."""
    return min(processor_limits().values())


def processor_limits(root: Path = Path("/")) -> dict[str, int]:
    """Returns what limits the processors of this process → how many it leaves, at least 1.

    The limits are those of the machine or the process's affinity, of control groups (of containers and of batch
    systems; a quota of one and a half processors counts as two), and of the variables OMP_NUM_THREADS and
    SLURM_CPUS_PER_TASK. What sets no limit is left out.

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
        # OpenMP takes a number for each level of nesting.
        first = os.environ.get(name, "").partition(",")[0].strip()
        if first.isdecimal() and int(first) > 0:
            limits[name] = int(first)
    return limits


def _quotas(root: Path) -> Iterator[float]:
    """Yields the quota, in processors, of each control group that this process is in, those above it included."""
    for controllers, group in _groups(root):
        # Version 2 has no names of controllers; version 1 has a folder for each, or for a few together.
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
    """Yields the controllers, by commas, and the path of each control group that this process is in."""
    with suppress(OSError):
        for line in (root / "proc/self/cgroup").read_text().splitlines():
            _, controllers, group = line.split(":", 2)
            yield controllers, group


def _quota_1(folder: Path) -> float | None:
    """Returns the quota of a control group of version 1, None where it has none."""
    with suppress(OSError, ValueError):
        quota, period = (int((folder / f"cpu.cfs_{name}_us").read_text()) for name in ("quota", "period"))
        return quota / period if quota > 0 and period > 0 else None
    return None


def _quota_2(folder: Path) -> float | None:
    """Returns the quota of a control group of version 2, None where it has none."""
    with suppress(OSError, ValueError):
        quota, period = (folder / "cpu.max").read_text().split()
        return int(quota) / int(period) if quota != "max" else None
    return None


def limit_spinning(environment: MutableMapping[str, str]) -> None:
    """Has waiting threads of OpenMP sleep soon; to be called before anything loads OpenMP, PyTorch say.

    By default they look for work for milliseconds. Where another process has work for the same processors, a thread
    that does so keeps from computing the one that it waits for, and a training takes many times as long. What the
    user has set stays.

    Args:
        environment: the variables of the process, which are changed.
    """
    if "OMP_WAIT_POLICY" not in environment:
        for name, value in _SPINNING.items():
            environment.setdefault(name, value)
