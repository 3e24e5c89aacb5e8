"""Predictions that are killed once or several times at random moments, and go on to the same bytes.

Each run is a process of its own, and is ended by SIGKILL.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

from benchmarks.faults.inputs import ROOT, make_model
from benchmarks.faults.processes import PART_FILE
from benchmarks.faults.verdicts import Part, Verdict
from benchmarks.racing import write_reads

__all__ = ["PART"]

_READS = 150_000
_MOST_KILLS = 3
_KINDS = {"tsv": (), "tsv.gz": (), "jsonl.gz": (), "parquet": (), "shard.tsv": ("--shard", "2/3")}


def _prepare(folder: Path) -> None:
    make_model(folder)
    if not (folder / "reads.fa.gz").exists():
        write_reads(folder / "reads.fa.gz", _READS)


def _start(folder: Path, kind: str, target: Path) -> subprocess.Popen[bytes]:
    words = ("predict", folder / "m.safetensors", folder / "reads.fa.gz", "--resume", "--threads", "1", "-o", target)
    return subprocess.Popen(
        [sys.executable, "-m", "seqnet", *map(str, words), *_KINDS[kind]],
        cwd=ROOT,
        stderr=subprocess.PIPE,
    )


@cache
def _unbroken(folder: Path, kind: str) -> tuple[bytes, float]:
    """Returns the bytes of a run that nobody kills, and how long it takes."""
    target = folder / f"unbroken.{kind}"
    for path in (target, Path(f"{target}.shard.json")):
        path.unlink(missing_ok=True)
    started = time.monotonic()
    process = _start(folder, kind, target)
    _, said = process.communicate()
    if process.returncode:
        raise RuntimeError(said.decode())
    return target.read_bytes(), time.monotonic() - started


def _leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


def _attempt(kind: str, seed: int, folder: Path) -> Verdict:
    rng = random.Random(f"{kind} {seed}")
    expected, seconds = _unbroken(folder, kind)
    own = folder / f"resumed-{kind}-{seed}"
    shutil.rmtree(own, ignore_errors=True)
    own.mkdir()
    target = own / f"x.{kind}"
    moments = [rng.uniform(0, seconds) for _ in range(rng.randint(1, _MOST_KILLS))]
    for moment in moments:
        process = _start(folder, kind, target)
        try:
            process.communicate(timeout=moment)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        if target.exists():
            break
        # While a set of files is put in place, its first file is called .ready, and others are there.
        found = sorted(path.name for path in own.iterdir())
        if not all(map(PART_FILE.fullmatch, found)) and not any(name.endswith(".ready") for name in found):
            return Verdict("bad", f"killed at {moments}: {found}")
    complete = target.exists()
    if not complete or _leftovers(own):
        process = _start(folder, kind, target)
        _, said = process.communicate()
        refused = complete and b"already exists" in said
        if process.returncode and not refused:
            return Verdict("bad", f"killed at {moments}: {said.decode()}")
    if target.read_bytes() != expected:
        return Verdict("bad", f"killed at {moments}: other bytes")
    if left := _leftovers(own):
        return Verdict("bad", f"killed at {moments}: {left} are left")
    shutil.rmtree(own)
    return Verdict("right")


PART = Part(
    "Predictions that are killed and resumed",
    dict.fromkeys(_KINDS, 4),
    _prepare,
    _attempt,
    smoke=1,
    seconds=300,
    chunk=4,
)
