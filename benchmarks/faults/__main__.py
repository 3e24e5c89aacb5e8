"""Tries all cases and adds up what came of them, into benchmarks/results/faults.md."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.faults.verdicts import RESULTS, Part, Verdict
from benchmarks.faults.worker import PARTS, Case, load, run_cases
from benchmarks.machine import describe_machine
from benchmarks.racing import RESULTS as PAGES

Counts = dict[str, Counter[str]]

_HEAD = """# Faults

Made by `make faults`. [docs/results.md](../../docs/results.md#faults) describes the faults and the outcomes. `python -m
benchmarks.faults --case PART/KIND/SEED` repeats one case. [fuzz.md](fuzz.md), made by `make fuzz`, has the results of
random and mutated input.
"""


def _main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="a few cases of each kind, to see that it runs")
    parser.add_argument("--only", action="append", choices=PARTS, help="one part; may be given several times")
    parser.add_argument("--share", type=float, default=1.0, help="share of the cases of a whole run that is tried")
    parser.add_argument("--case", metavar="PART/KIND/SEED", help="one case alone, as a bad one is printed")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), help="cases at a time")
    options = parser.parse_args()
    if options.case:
        return _one(options.case)
    sections, bad = {}, 0
    with tempfile.TemporaryDirectory(prefix="faults-") as made:
        folder = Path(made)
        for name in options.only or PARTS:
            part, started = load(name), time.monotonic()
            counts: Counts = {kind: Counter() for kind in part.kinds}
            told = []
            for (kind, seed), verdict in _tried(name, part, options, folder):
                counts[kind][verdict.result] += 1
                if verdict.result == "bad":
                    told.append(f"{name}/{kind}/{seed}: {verdict.said}")
                    print(told[-1], flush=True)
            minutes = (time.monotonic() - started) / 60
            lines = [part.title, "", *describe_machine(options.jobs), f"It took {minutes:.0f} minutes.", ""]
            lines += [*_table(counts), *([""] if told else []), *(f"- bad: `{one}`" for one in told)]
            sections[part.title] = "\n".join(lines)
            print(sections[part.title], flush=True)
            bad += len(told)
    if not options.smoke:
        _write(sections)
    return bool(bad)


def _one(case: str) -> int:
    name, kind, seed = case.split("/")
    with tempfile.TemporaryDirectory() as folder:
        load(name).prepare(Path(folder))
        (found,) = run_cases(name, [(kind, int(seed))], Path(folder))
    print(f"{case}: {RESULTS[found[1].result]} {found[1].said}")
    return found[1].result == "bad"


def _tried(name: str, part: Part, options: argparse.Namespace, folder: Path) -> Iterator[tuple[Case, Verdict]]:
    """Yields all cases of a part with their verdicts."""
    counts = {
        kind: part.smoke if options.smoke else max(1, round(count * options.share))
        for kind, count in part.kinds.items()
    }
    cases = [(kind, seed) for kind, count in counts.items() for seed in range(count)]
    size = min(part.chunk, -(-len(cases) // options.jobs))
    part.prepare(folder)
    with ThreadPoolExecutor(options.jobs) as pool:
        chunks = [cases[first : first + size] for first in range(0, len(cases), size)]
        for found in pool.map(lambda chunk: list(run_cases(name, chunk, folder)), chunks):
            kinds = ", ".join(dict.fromkeys(kind for (kind, _), _ in found))
            print(f"{name}: {len(found)} cases: {kinds}", file=sys.stderr, flush=True)
            yield from found


def _table(counts: Counts) -> list[str]:
    lines = ["| | cases | " + " | ".join(RESULTS.values()) + " |", "|---|" + "---|" * 5]
    total: Counter[str] = Counter()
    for kind, found in counts.items():
        total += found
        lines.append(_row(kind, found))
    return [*lines, _row("all", total)]


def _row(kind: str, found: Counter[str]) -> str:
    numbers = [sum(found.values()), *(found[result] for result in RESULTS)]
    return f"| {kind} | " + " | ".join(f"{number:,}" for number in numbers) + " |"


def _write(sections: dict[str, str]) -> None:
    """Puts the tables of the parts that were tried in place of their former ones."""
    page = PAGES / "faults.md"
    former = page.read_text(encoding="utf-8") if page.exists() else ""
    kept = {text.partition("\n")[0]: text for text in former.split("\n## ")[1:]}
    found = {load(name).title: kept.get(load(name).title, "") for name in PARTS} | sections
    texts = ["## " + text.strip() + "\n" for text in found.values() if text]
    PAGES.mkdir(exist_ok=True)
    page.write_text("\n".join([_HEAD, *texts]), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(_main())
