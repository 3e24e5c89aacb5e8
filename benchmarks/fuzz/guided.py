"""Fuzzing by atheris, which is guided by the lines that are reached; each target runs in a process of its own."""

from __future__ import annotations

import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from benchmarks.faults.inputs import ROOT
from benchmarks.fuzz.targets import MOST_SECONDS, sample, tried, use

__all__ = ["by_atheris", "run_atheris"]

_PATIENCE = 12
"""Times the most processor time of an input, by the clock: so much longer it may take where other work runs."""


def by_atheris(target: str, folder: Path, seconds: float) -> tuple[int, str]:
    """Returns how many inputs were tried in a process of atheris, and what was bad."""
    corpus = folder / f"corpus-{target.replace(' ', '-')}"
    corpus.mkdir(exist_ok=True)
    (corpus / "sample").write_bytes(sample(target, folder))
    words = [
        sys.executable,
        "-m",
        "benchmarks.fuzz",
        "--atheris",
        target,
        "--folder",
        str(folder),
        "--seconds",
        str(seconds),
    ]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, errors="replace", check=False)
    runs = re.findall(r"(?:Done |#)(\d+)", done.stderr)
    if done.returncode == 0:
        return int(runs[-1]) if runs else 0, ""
    said = re.findall(
        r"^(?:benchmarks\.fuzz\.targets\.)?BadError: .*|ALARM: .*|.*ERROR: libFuzzer: .*",
        done.stdout + done.stderr,
        re.M,
    )
    return int(runs[-1]) if runs else 0, f"{target}: {said[:2] or done.stderr[-500:]}"


def run_atheris(target: str, folder: Path, seconds: float) -> None:
    """Fuzzes a target in this process, and ends it."""
    import atheris

    words = [sys.argv[0], str(folder / f"corpus-{target.replace(' ', '-')}"), f"-max_total_time={max(1, int(seconds))}"]
    words += [
        f"-timeout={int(MOST_SECONDS * _PATIENCE)}",
        "-rss_limit_mb=4096",
        f"-artifact_prefix={folder}/bad-",
        "-max_len=65536",
    ]
    with atheris.instrument_imports(include=["seqnet"]):
        with suppress(Exception):  # which the first input will bring about again
            use(target, sample(target, folder), folder)  # imports what the target needs, and nothing else
        atheris.Setup(words, lambda data: tried(target, data, folder) and None)
        atheris.Fuzz()
