"""Starts the processes of a group, for tests of training on several processes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parent.parent


PORTS = 10_000, 30_000
"""The first port, and the end: the system gives none of these to a program that asks for any port."""
_used: set[int] = set()


def free_port() -> str:
    """Returns a port that no program listens at, and that no other call returned, in this or another process."""
    low, high = PORTS
    for number in range(os.getpid() * 16, high + os.getpid() * 16):
        port = low + number % (high - low)
        with socket.socket() as one, suppress(OSError):
            one.bind(("localhost", port))
            if port not in _used:
                _used.add(port)
                return str(port)
    raise OSError("all ports are in use")


def start(
    size: int, words: Sequence[str | Path], ranks: Sequence[int] = (), more: Sequence[Sequence[str]] = ()
) -> list[subprocess.Popen[str]]:
    """Starts the processes of a group, or some of them, as a cluster's launcher does.

    Args:
        size: number of processes.
        words: arguments of Python.
        ranks: which are started; empty for all.
        more: further arguments of each rank.
    """
    group = {"WORLD_SIZE": str(size), "MASTER_ADDR": "localhost", "MASTER_PORT": free_port(), "PYTHONPATH": str(ROOT)}
    return [
        subprocess.Popen(
            [sys.executable, *map(str, words), *(more[rank] if more else ())],
            env=os.environ | group | {"RANK": str(rank), "LOCAL_RANK": str(rank), "LOCAL_WORLD_SIZE": str(size)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in ranks or range(size)
    ]
