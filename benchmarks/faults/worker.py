"""Tries cases in a process of their own, and says of each what it came to.

    python -m benchmarks.faults.worker PART FOLDER '[["KIND", SEED], …]'

writes `result<TAB>what was wrong` for each case. `run_cases` starts such processes, and counts a case that
ends or holds up its process as bad.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path

from benchmarks.faults.inputs import ROOT
from benchmarks.faults.verdicts import Part, Verdict

__all__ = ["PARTS", "Case", "load", "run_cases"]

Case = tuple[str, int]
"""Kind and seed."""

PARTS = ("kills", "resume", "predictions", "damage", "environment")
_START = 60.0
"""Seconds in which a worker loads its modules."""


def load(name: str) -> Part:
    """Returns a part by its name."""
    part = import_module(f"benchmarks.faults.{name}").PART
    assert isinstance(part, Part)
    return part


def run_cases(name: str, cases: Sequence[Case], folder: Path) -> Iterator[tuple[Case, Verdict]]:
    """Yields cases with their verdicts, in order."""
    part, done = load(name), 0
    while done < len(cases):
        words = [sys.executable, "-m", __name__, name, str(folder), json.dumps(cases[done:])]
        with subprocess.Popen(
            words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
        ) as process:
            try:
                for verdict in _verdicts(process, part.seconds):
                    yield cases[done], verdict
                    done += 1
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
        if done < len(cases):
            code = process.returncode
            how = "it hung" if code == -signal.SIGKILL else f"its process ended with exit code {code}"
            yield cases[done], Verdict("bad", how)
            done += 1


def _verdicts(process: subprocess.Popen[bytes], seconds: float) -> Iterator[Verdict]:
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
            yield Verdict(*line.decode().split("\t", 1))
        latest = time.monotonic()


def _main(name: str, folder: str, cases: str) -> None:
    part = load(name)
    # What a library prints is not to come between the verdicts.
    output = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for kind, seed in json.loads(cases):
        verdict = part.attempt(kind, seed, Path(folder))
        said = " ".join(verdict.said.split())
        output.write(f"{verdict.result}\t{said}\n")
        output.flush()


if __name__ == "__main__":
    _main(*sys.argv[1:])
