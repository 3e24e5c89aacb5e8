"""`make bench`: time per read and memory of predict, from few reads to many."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.machine import describe_machine
from benchmarks.predict import model_of
from benchmarks.racing import RESULTS, options, write_reads
from seqnet.core.processors import usable_processors

__all__ = ["main"]


def _measured(model: Path, reads: Path, target: Path, workers: int) -> tuple[float, float]:
    """Returns seconds, and the most memory in MB, of one prediction as a process."""
    target.unlink(missing_ok=True)
    command = [Path(sys.executable).parent / "seqnet", "predict", model, reads, "-o", target, "--threads", str(workers)]
    started = time.perf_counter()
    process = subprocess.Popen(list(map(str, command)), stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command}: exit code {process.returncode}")
    return seconds, usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def main(smoke: bool, repeats: int) -> None:
    """Prints the table, and writes it unless this is a smoke test."""
    workers = usable_processors()
    counts = (1, 500, 2_000) if smoke else (1, 100_000, 1_000_000, 10_000_000)
    lines = ["# Growth of predict", "", *describe_machine(workers), ""]
    lines += [
        f"dna-cnn, reads of 36 bases, FASTA to TSV, whole process, medians of {repeats} runs with the range. The time "
        "per read is without that of a single one, which is start-up.",
        "",
        "| reads | seconds | µs per read after start-up | most memory, MB |",
        "|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = model_of(folder, "dna-cnn")
        files = [write_reads(folder / f"{count}.fa", count) for count in counts]
        runs: list[list[tuple[float, float]]] = [[] for _ in counts]
        for _ in range(repeats):
            for reads, found in zip(files, runs, strict=True):
                found.append(_measured(model, reads, folder / "out.tsv", workers))
                print(f"{reads.name}: {found[-1][0]:.2f} s, {found[-1][1]:.0f} MB", file=sys.stderr, flush=True)
    start = statistics.median(seconds for seconds, _ in runs[0])
    for count, found in zip(counts, runs, strict=True):
        seconds, memory = zip(*found, strict=True)
        middle = statistics.median(seconds)
        each = "" if count == 1 else f"{(middle - start) / count * 1e6:.2f}"
        spread = f"{middle:.2f} ({min(seconds):.2f} to {max(seconds):.2f})"
        lines.append(f"| {count:,} | {spread} | {each} | {statistics.median(memory):.0f} |")
    text = "\n".join(lines) + "\n"
    print(text)
    if not smoke:
        (RESULTS / "growth.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    found = options(__doc__, repeats=3)
    main(found.smoke, found.repeats)
