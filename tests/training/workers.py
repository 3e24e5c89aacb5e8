"""Processes that train networks for others, as tests find them."""

from __future__ import annotations

from pathlib import Path

import pytest

from seqnet.training import concurrent_members

needs_proc = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")


def workers_of(parent: int) -> list[int]:
    """Returns the numbers of the processes that train networks for a process."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            after_name = (folder / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if b"seqnet.training.worker" in words and int(after_name[1]) == parent and after_name[0] != "Z":
            found.append(int(folder.name))
    return sorted(found)


def always_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has networks trained at the same time however small they are."""
    monkeypatch.setattr(concurrent_members, "_FEWEST_SYMBOLS", 0)


ALWAYS_AT_ONCE = """
import sys
import seqnet.training.concurrent_members as concurrent
concurrent._FEWEST_SYMBOLS = 0
"""
"""Lines of a program that do the same."""
