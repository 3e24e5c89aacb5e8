"""Tries cases in a process of their own, and says of each what it came to.

    python -m benchmarks.faults.worker PART KIND FIRST COUNT FOLDER

writes `seed<TAB>result<TAB>what was wrong` for each case. `run_cases` starts such processes, and counts a case that
ends or holds up its process as bad.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from benchmarks.faults.inputs import ROOT
from benchmarks.faults.verdicts import Part, Verdict

__all__ = ["PARTS", "load", "run_cases"]

PARTS = ("kills", "resume", "damage", "environment")
_START = 60.0
"""Seconds in which a worker loads its modules."""


def load(name: str) -> Part:
    """Returns a part by its name."""
    part = import_module(f"benchmarks.faults.{name}").PART
    assert isinstance(part, Part)
    return part


def run_cases(name: str, kind: str, first: int, count: int, folder: Path) -> Iterator[tuple[int, Verdict]]:
    """Yields seed and verdict of the cases of a kind from a seed on."""
    part, seed = load(name), first
    while seed < first + count:
        words = [sys.executable, "-m", __name__, name, kind, str(seed), str(first + count - seed), str(folder)]
        with subprocess.Popen(
            words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
        ) as process:
            try:
                for found, verdict in _verdicts(process, part.seconds):
                    yield found, verdict
                    seed = found + 1
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
        if seed < first + count:
            code = process.returncode
            how = "it hung" if code == -signal.SIGKILL else f"its process ended with exit code {code}"
            yield seed, Verdict("bad", how)
            seed += 1


def _verdicts(process: subprocess.Popen[bytes], seconds: float) -> Iterator[tuple[int, Verdict]]:
    """Yields what a worker says until it ends, or is silent for too long."""
    assert process.stdout is not None
    number, buffer, latest = process.stdout.fileno(), b"", time.monotonic() + _START
    while True:
        ready, _, _ = select.select([number], [], [], max(0, latest + seconds - time.monotonic()))
        if not ready:
            return
        piece = os.read(number, 1 << 16)
        if not piece:
            process.wait()
            return
        *lines, buffer = (buffer + piece).split(b"\n")
        for line in lines:
            seed, result, said = line.decode().split("\t", 2)
            yield int(seed), Verdict(result, said)
        latest = time.monotonic()


def _main(name: str, kind: str, first: str, count: str, folder: str) -> None:
    part = load(name)
    # What a library prints is not to come between the verdicts.
    output = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for seed in range(int(first), int(first) + int(count)):
        verdict = part.attempt(kind, seed, Path(folder))
        said = " ".join(verdict.said.split())
        output.write(f"{seed}\t{verdict.result}\t{said}\n")
        output.flush()


if __name__ == "__main__":
    _main(*sys.argv[1:])
