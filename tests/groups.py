"""Starts the processes of a group, for tests of training on several processes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent


def free_port() -> str:
    with socket.socket() as one:
        one.bind(("localhost", 0))
        return str(one.getsockname()[1])


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
