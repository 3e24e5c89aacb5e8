"""Timing of commands against each other: interleaved, repeated, as medians and ratios."""

from __future__ import annotations

import argparse
import gzip
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from benchmarks.machine import describe_machine

__all__ = ["RESULTS", "Race", "available", "options", "python", "race", "report", "seqnet", "write_reads"]

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results"
_BASES = np.frombuffer(b"ACGT", dtype=np.uint8)


@dataclass(frozen=True)
class Race:
    """What is timed side by side.

    Attributes:
        title: heading of its table.
        unit: what is counted, such as reads.
        count: how many of them each entrant works on.
        entrants: name → what is timed, once; it may return its own seconds, without what it did to get ready.
        ours: the entrant that the others are compared with.
    """

    title: str
    unit: str
    count: int
    entrants: Mapping[str, Callable[[], float | None]]
    ours: str


def seqnet(*words: str | Path) -> Callable[[], float | None]:
    """Returns what runs a command of seqnet as a process of its own."""
    return _process([Path(sys.executable).parent / "seqnet", *words])


def python(module: str, *words: str | Path) -> Callable[[], float | None]:
    """Returns what runs a module of Python as a process; its seconds are its last line, if that is a number."""
    return _process([sys.executable, "-m", module, *words], own_time=True)


def _process(words: Sequence[str | Path], *, own_time: bool = False) -> Callable[[], float | None]:
    def run() -> float | None:
        done = subprocess.run(list(map(str, words)), cwd=ROOT, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{' '.join(map(str, words))}\n{done.stderr[-2000:]}")
        lines = done.stdout.split()
        return float(lines[-1]) if own_time and lines else None

    return run


def available(*packages: str) -> bool:
    """Returns whether packages are there, and says so if they are not."""
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        print(f"left out: {', '.join(missing)} not installed; pip install -e '.[bench]'", file=sys.stderr)
    return not missing


def race(found: Race, repeats: int) -> dict[str, list[float]]:
    """Returns the seconds of every entrant, each run once in every round, in turns from round to round."""
    seconds: dict[str, list[float]] = {name: [] for name in found.entrants}
    for round_ in range(repeats):
        names = list(found.entrants)
        for name in names[round_ % len(names) :] + names[: round_ % len(names)]:
            started = time.perf_counter()
            own = found.entrants[name]()
            seconds[name].append(time.perf_counter() - started if own is None else own)
            print(f"{found.title}: {name}: {seconds[name][-1]:.2f} s", file=sys.stderr, flush=True)
    return seconds


def report(target: str, heading: str, races: Sequence[Race], repeats: int, threads: int, *, write: bool) -> None:
    """Runs races, prints their tables, and writes them to a page of results."""
    lines = [
        f"# {heading}",
        "",
        *describe_machine(threads),
        "",
        f"Medians of {repeats} interleaved runs, with the range.",
    ]
    for one in races:
        seconds = race(one, repeats)
        ours = statistics.median(seconds[one.ours])
        lines += ["", f"## {one.title}", ""]
        lines += [f"| | seconds | {one.unit} per second | time ÷ that of {one.ours} |", "|---|---|---|---|"]
        for name, values in seconds.items():
            middle = statistics.median(values)
            spread = f"{middle:.2f} ({min(values):.2f} to {max(values):.2f})"
            lines.append(f"| {name} | {spread} | {one.count / middle:,.0f} | {middle / ours:.2f} |")
    text = "\n".join(lines) + "\n"
    print(text)
    if write:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{target}.md").write_text(text, encoding="utf-8")


def write_reads(path: Path, count: int, length: int = 36, seed: int = 1) -> Path:
    """Writes a FASTA file of random reads, compressed where its name ends in .gz; returns its path."""
    rng = np.random.default_rng(seed)
    with gzip.open(path, "wb", compresslevel=1) if path.suffix == ".gz" else path.open("wb") as file:
        for start in range(0, count, 100_000):
            rows = _BASES[rng.integers(0, 4, (min(100_000, count - start), length))]
            file.write(b"".join(b">read%d\n%s\n" % (start + index, row.tobytes()) for index, row in enumerate(rows)))
    return path


def options(about: str | None, *, repeats: int = 5, records: int = 0) -> argparse.Namespace:
    """Returns what the command line of a benchmark says: smoke, repeats, and records where it has a number of them."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--smoke", action="store_true", help="once, with little, to see that it runs")
    parser.add_argument("--repeats", type=int, default=repeats)
    if records:
        parser.add_argument("--records", type=int, default=records, help="reads of the first table")
    found = parser.parse_args()
    if found.smoke:
        found.repeats = 1
    return found
