"""Starts the server of warm commands, and makes the program that asks it."""

from __future__ import annotations

import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


@contextmanager
def warm_program() -> Iterator[Path]:
    """Yields a program `seqnet` whose processes have their imports already; on other systems than Linux, as it is."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:  # the path of a socket has at most 100 bytes
        program, address = Path(folder) / "seqnet", f"{folder}/socket"
        if sys.platform != "linux":
            write_program(program, sys.executable, "-m", "seqnet")
            yield program
            return
        write_program(program, sys.executable, "-I", "-S", str(Path(__file__).with_name("client.py")), address)
        words = [sys.executable, "-m", "tests.warm.server", address]
        with subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
            assert server.stdin
            assert server.stdout
            assert server.stdout.readline() == b"ready\n"
            yield program
            server.stdin.close()


def write_program(path: Path, *words: str) -> None:
    """Writes a script that is what the words are."""
    path.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
    path.chmod(0o755)
