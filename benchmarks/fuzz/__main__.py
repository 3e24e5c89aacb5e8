"""Random and mutated input for every reader and parser, by hypothesis, and by atheris where that is installed.

    python -m benchmarks.fuzz [--seconds N] [--only TARGET] [--seed N]

The time is shared by all targets; see `targets` for what may come out.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

from hypothesis import HealthCheck, given, seed, settings
from hypothesis.errors import Flaky

from benchmarks.fuzz.guided import by_atheris, run_atheris
from benchmarks.fuzz.mutations import mutated
from benchmarks.fuzz.targets import TARGETS, BadError, make_samples, sample, tried
from benchmarks.machine import describe_machine
from benchmarks.racing import RESULTS

_EXAMPLES = 100


def _by_hypothesis(target: str, folder: Path, seconds: float, first: int) -> tuple[Counter[str], dict[str, str]]:
    """Returns how often what came out in so many seconds, and bad outcomes with what brings them about."""
    counts: Counter[str] = Counter()
    bad: dict[str, str] = {}
    number = first
    latest: list[bytes] = []
    tried(target, sample(target, folder), folder)  # what is imported at the first use takes seconds
    until = time.monotonic() + seconds
    while time.monotonic() < until:

        @seed(number)
        @settings(
            max_examples=_EXAMPLES,
            deadline=None,
            database=None,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        )
        @given(mutated(sample(target, folder)))
        def attempt(data: bytes) -> None:
            latest[:] = [data]
            counts[tried(target, data, folder)] += 1

        try:
            attempt()
        except (BadError, Flaky) as error:
            bad.setdefault(re.sub(r"\d+", "N", str(error)), f"{target}: {error}: {latest[0]!r:.2000}")
            counts["bad"] += 1
        number += 1
    return counts, bad


def _main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600, help="time for all targets together")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", choices=TARGETS)
    parser.add_argument("--atheris", choices=TARGETS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.atheris:
        run_atheris(options.atheris, options.folder, options.seconds)
    targets, guided = options.only or TARGETS, find_spec("atheris") is not None
    share = options.seconds / len(targets) / (2 if guided else 1)
    rows: list[str] = []
    worst: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="fuzz-") as made:
        folder = Path(made)
        make_samples(folder)
        for target in targets:
            counts, bad = _by_hypothesis(target, folder, share, options.seed)
            runs, said = by_atheris(target, folder, share) if guided else (0, "")
            bad |= {said: said} if said else {}
            errors = sum(counts.values()) - counts["sound"] - counts["bad"]
            rows.append(f"| {target} | {counts['sound']:,} | {errors:,} | {runs:,} | {len(bad)} |")
            print(rows[-1], *bad.values(), sep="\n", flush=True)
            worst |= bad
    if not options.only:
        _write(rows, list(worst.values()), options, guided)
    return bool(worst)


def _write(rows: list[str], bad: list[str], options: argparse.Namespace, guided: bool) -> None:
    lines = ["# Fuzzing", "", *describe_machine(1), ""]
    way = "hypothesis and atheris, half of the time each" if guided else "hypothesis; atheris is not installed"
    lines += [f"Made by `make fuzz`, seed {options.seed}, {options.seconds:.0f} seconds in all: {way}.", ""]
    lines += [
        "| | sound result | clear error | tried by atheris | different bad outcomes |",
        "|---|---|---|---|---|",
        *rows,
        "",
    ]
    lines += [f"- bad: {json.dumps(one)}" for one in bad]
    (RESULTS / "fuzz.md").write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(_main())
