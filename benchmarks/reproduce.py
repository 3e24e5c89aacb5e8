"""`make reproduce`: every preset on the real sequences, through the command line, into benchmarks/results/quality.md.

Each step is skipped where its output is there from an earlier run, so that a run that was cut off goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.machine import describe_machine

ROOT = Path(__file__).parent.parent
SEQNET = Path(sys.executable).parent / "seqnet"
DATA = "../shared/data"
"""The real sequences, seen from the root, where commands run: no file says more of the machine than that."""


@dataclass(frozen=True)
class Task:
    """A dataset and the presets that are measured on it.

    Attributes:
        name: of its folder.
        title: heading of its table.
        encode: arguments of encode; `{data}` is the folder of the real sequences.
        presets: names of presets.
    """

    name: str
    title: str
    encode: tuple[str, ...]
    presets: tuple[str, ...]


TASKS = (
    Task(
        "reads",
        "DNA or random: 100,000 human 36-bp reads and as many uniform random 36-mers, split 80/10/10 by 10-kb region",
        ("--class", "human={data}/human_reads_36bp.bam", "--class", "random=@uniform",
         "--group-by", r"^MHC_H1:(\d*)\d{4}:"),
        ("dense", "dna-cnn", "gap-cnn", "deep-cnn", "rnn", "gru", "lstm",
         "dna-hybrid", "dna-deep-hybrid", "dilated-cnn"),
    ),
    Task(
        "shuffles",
        "DNA or its shuffle: the same reads, and each of them shuffled so that it keeps its pairs of neighbours",
        ("--class", "human={data}/human_reads_36bp.bam", "--class", "shuffled=@dinucleotide",
         "--group-by", r"^MHC_H1:(\d*)\d{4}:"),
        ("dna-cnn", "dna-hybrid"),
    ),
    Task(
        "clusters",
        "Protein solubility: solubility_train.fasta.gz, 24,706 proteins, split 80/10/10 by clusters of the similar",
        ("{data}/solubility_train.fasta.gz", "--label-regex", r"label=(\S+)", "--split-by", "similarity"),
        ("solubility-cnn", "deepsol", "dilated-cnn", "protein-hybrid"),
    ),
    Task(
        "proteins",
        "Protein solubility: solubility.npz, 18,453 proteins, split 80/10/10 at random (near-duplicates not separated)",
        ("{data}/solubility.npz",),
        ("solubility-cnn", "solubility-cnn-dropout", "solubility-cnn-l2", "deepsol", "protein-hybrid"),
    ),
)  # fmt: skip


def run(*words: str | Path) -> float:
    """Shows a seqnet command, runs it, and returns the seconds that processors worked on it."""
    print(f"$ {shlex.join(['seqnet', *map(str, words)])}", flush=True)
    process = subprocess.Popen([SEQNET, *map(str, words)], stdout=subprocess.DEVNULL, cwd=ROOT)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args)
    return usage.ru_utime + usage.ru_stime


def measure(task: Task, preset: str, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Returns what evaluate says of a preset on a task, its parameters, and the CPU seconds of its training."""
    dataset, model = folder / "dataset.safetensors", folder / f"{preset}.safetensors"
    results = folder / preset / "metrics.json"
    common = ("--threads", str(options.threads))
    if not dataset.exists():
        limit = ("--limit", "5000") if options.quick else ()
        words = [word.format(data=options.data) if "{data}" in word else word for word in task.encode]
        run("encode", *words, *limit, "--split", "80/10/10", "--seed", "1", "-o", dataset)
    if not (results.exists() and (results.parent / "seconds").exists()):
        results.parent.mkdir(parents=True, exist_ok=True)
        fewer = ("--set", "epochs=1") if options.quick else ()
        seconds = run(
            "train", dataset, "--preset", preset, *fewer, "--seed", "1", "--no-audit", *common, "--force", "-o", model
        )
        (results.parent / "seconds").write_text(f"{seconds:.1f}\n")
        run("evaluate", model, dataset, *common, "--force", "-o", results.parent)
    shown = subprocess.run([SEQNET, "inspect", model, "--json"], check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(results.read_text())
    seconds = float((results.parent / "seconds").read_text())
    return found | {"parameters": json.loads(shown.stdout)["parameters"], "seconds": seconds}


def table(task: Task, folder: Path, options: argparse.Namespace) -> list[str]:
    """Returns the lines of Markdown of a task: its presets, then the baselines that they have to beat."""
    lines = [f"## {task.title}", "", "| preset | parameters | accuracy | AUROC | MCC | training, CPU minutes |"]
    lines.append("|---|---|---|---|---|---|")
    baselines: dict[str, Any] = {}
    for preset in task.presets:
        if options.finished and not (folder / preset / "seconds").exists():
            lines.append(f"| `{preset}` | | not measured | | | |")
            continue
        found = measure(task, preset, folder, options)
        lines.append(
            f"| `{preset}` | {found['parameters']:,} | {_estimates(found['metrics'])} | {found['seconds'] / 60:.1f} |"
        )
        baselines = found["baselines"]
    for name, found in baselines.items():
        lines.append(f"| {name} | | {_estimates(found['metrics'])} | |")
    return [*lines, ""]


def _estimates(metrics: dict[str, Any]) -> str:
    return " | ".join(_estimate(metrics[name]) for name in ("accuracy", "auroc", "mcc"))


def _estimate(estimate: dict[str, float | None]) -> str:
    value, low, high = (estimate[key] for key in ("value", "low", "high"))
    return "" if value is None else f"{value:.3f} [{low:.3f}, {high:.3f}]"


def main() -> None:
    """Measures and writes the tables."""
    os.chdir(ROOT)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=DATA, help="folder of the real sequences")
    parser.add_argument("--output", type=Path, help="the page to write [default: benchmarks/results/quality.md]")
    parser.add_argument("--quick", action="store_true", help="few records, one epoch: to see that it runs")
    parser.add_argument("--finished", action="store_true", help="write the page from the runs that are finished")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    work = Path("build") / ("reproduce-quick" if options.quick else "reproduce")
    page = options.output or (work if options.quick else ROOT / "benchmarks" / "results") / "quality.md"
    lines = ["# Quality of the presets", "", *describe_machine(options.threads), ""]
    lines += [
        "Test split, 95 % bootstrap intervals (of whole regions or clusters, if any). Made by `make reproduce`.",
        "",
    ]
    for task in TASKS:
        folder = work / task.name
        folder.mkdir(parents=True, exist_ok=True)
        lines += table(task, folder, options)
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
