"""What a result was measured on."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

from seqnet.core.printable import counted
from seqnet.core.provenance import versions

__all__ = ["describe_machine"]


def describe_machine(threads: int) -> list[str]:
    """Returns lines of Markdown: date, processor, memory, versions."""
    packages = ", ".join(f"{name} {version}" for name, version in versions().items())
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return [
        f"Measured {datetime.now(UTC):%Y-%m-%d} on {_processor()}, {counted(threads, 'threads')}, {gigabytes:.0f} GiB, "
        f"{platform.system()} {platform.machine()}; {packages}.",
    ]


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
