"""How good the recipe of the model `solubility` is on five splits: encode, train and evaluate for each seed.

    python -m benchmarks.solubility_splits [--data FOLDER] [--threads N]

Commands are those of benchmarks/models/solubility.toml with other seeds. Each step is skipped if its output exists, and
training goes on from its checkpoint, so that an interrupted run can be started again. Prints AUROC, accuracy and
calibration error of each test split, and mean and standard deviation.
"""

from __future__ import annotations

import argparse
import json
import os
import tomllib
from pathlib import Path

import numpy as np

from benchmarks.reproduce import DATA, ROOT, run
from seqnet.datasets.dataset import open_dataset
from seqnet.evaluation.calibration import expected_calibration_error
from seqnet.models.bundles import open_bundle
from seqnet.models.probabilities import bundle_probabilities
from seqnet.reporting.measurement import class_order

SEEDS = (1, 11, 12, 13, 14)
METRICS = ("auroc", "accuracy")


def measured(seed: int, options: argparse.Namespace) -> list[float]:
    """Returns the metrics of the test split of a seed."""
    page = tomllib.loads((ROOT / "benchmarks" / "models" / "solubility.toml").read_text(encoding="utf-8"))
    folder = Path("build") / "solubility-splits" / str(seed)
    folder.mkdir(parents=True, exist_ok=True)
    dataset, model = folder / "dataset.safetensors", folder / "model.safetensors"
    threads = ("--threads", str(options.threads))
    encode, train = (with_seed(page[name], seed) for name in ("encode", "train"))
    if not dataset.exists():
        run("encode", *(word.replace("{data}", options.data) for word in encode), "-o", dataset)
    if not model.exists():
        run("train", dataset, *train, *threads, "--resume", "-o", model)
    if not (folder / "metrics.json").exists():
        run("evaluate", model, dataset, *threads, "--force", "-o", folder)
    found = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))["metrics"]
    return [*(found[name]["value"] for name in METRICS), calibration_error(model, dataset)]


def calibration_error(model: Path, dataset: Path) -> float:
    """Returns the expected calibration error of a model on the test split of its dataset."""
    bundle, data = open_bundle(model), open_dataset(dataset)
    members = data.members("test")
    labels = class_order(bundle.classes, data)[data.labels[members]]
    return expected_calibration_error(labels, bundle_probabilities(bundle, data.tokens, members).probabilities)


def with_seed(words: list[str], seed: int) -> list[str]:
    """Returns the words of a command with another value after `--seed`."""
    place = words.index("--seed") + 1
    return [*words[:place], str(seed), *words[place + 1 :]]


def main() -> None:
    """Measures all splits."""
    os.chdir(ROOT)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=DATA, help="folder of the real sequences")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    options = parser.parse_args()
    rows = []
    print("seed  " + "  ".join(f"{name:>8}" for name in (*METRICS, "ECE")))
    for seed in options.seeds:
        rows.append(measured(seed, options))
        print(f"{seed:4}  " + "  ".join(f"{value:8.4f}" for value in rows[-1]), flush=True)
    for name, values in (("mean", np.mean(rows, axis=0)), ("sd", np.std(rows, axis=0, ddof=min(len(rows) - 1, 1)))):
        print(f"{name:4}  " + "  ".join(f"{value:8.4f}" for value in values))


if __name__ == "__main__":
    main()
