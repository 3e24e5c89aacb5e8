"""`make demo`: the main job on the embedded, simulated data, for both tasks.

The models of the package, and encode → train → evaluate → predict, through the command line, each command shown as it
is run; ends in a table of results and the paths of what was written.
"""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
OUTPUT = Path("demo-output")


@dataclass(frozen=True)
class Task:
    """One run of the main job.

    Attributes:
        name: of the files it writes.
        title: for the table.
        encode: arguments of encode.
        train: arguments of train.
        new: the file to predict.
    """

    name: str
    title: str
    encode: tuple[str, ...]
    train: tuple[str, ...]
    new: str


TASKS = (
    Task(
        "reads",
        "DNA reads or random sequence",
        ("--class", "human=data/simulated_reads.bam", "--class", "random=@uniform",
         "--group-by", r"^sim:(\d*)\d{4}:", "--split", "70/15/15"),
        ("--preset", "dna-cnn"),
        "data/simulated_reads.bam",
    ),
    Task(
        "proteins",
        "soluble or insoluble proteins",
        ("data/simulated_proteins.fasta.gz", "--label-regex", r"label=(\S+)", "--split", "70/15/15"),
        ("--preset", "protein-hybrid"),
        "data/simulated_proteins.fasta.gz",
    ),
)  # fmt: skip


def run(*arguments: str) -> None:
    """Shows a seqnet command and runs it."""
    print(f"\n$ {shlex.join(['seqnet', *arguments])}", flush=True)
    subprocess.run([Path(sys.executable).parent / "seqnet", *arguments], cwd=ROOT, check=True)


def perform(task: Task) -> str:
    """Runs a task and returns its line of the table."""
    dataset, model = f"{OUTPUT}/{task.name}.safetensors", f"{OUTPUT}/{task.name}-model.safetensors"
    results, predictions = f"{OUTPUT}/{task.name}-results", f"{OUTPUT}/{task.name}-predictions.tsv"
    run("encode", *task.encode, "--seed", "1", "-o", dataset)
    run("train", dataset, *task.train, "--seed", "1", "-o", model)
    run("evaluate", model, dataset, "-o", results)
    run("predict", model, task.new, "-o", predictions)
    metrics = json.loads((ROOT / results / "metrics.json").read_text())["metrics"]
    cells = (
        f"{metrics[m]['value']:.3f} [{metrics[m]['low']:.3f}, {metrics[m]['high']:.3f}]" for m in ("accuracy", "auroc")
    )
    return f"{task.title:30}  " + "  ".join(cells)


def main() -> None:
    """Runs both tasks and prints what came of them."""
    started = time.monotonic()
    shutil.rmtree(ROOT / OUTPUT, ignore_errors=True)
    (ROOT / OUTPUT).mkdir()
    for shipped, task in zip(("human-dna", "solubility"), TASKS, strict=True):
        run("predict", shipped, task.new, "-o", f"{OUTPUT}/{shipped}.tsv")
    rows = [perform(task) for task in TASKS]
    seconds = time.monotonic() - started
    print(f"\nSimulated data (see data/README.md), test split, 95 % intervals, {seconds:.0f} s in all:\n")
    print(f"{'task':30}  {'accuracy':20}  AUROC")
    print("\n".join(rows))
    print("\nWritten:")
    for path in sorted((ROOT / OUTPUT).rglob("*.*")):
        print(f"  {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
