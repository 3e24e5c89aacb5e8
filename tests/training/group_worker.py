"""What a process of a group does in `test_distributed`: trains each case, and writes what the first process has."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from seqnet.configs.run import RunConfig
from seqnet.core.launch import this_launch
from seqnet.datasets.dataset import Dataset
from seqnet.models.bundles import write_bundle
from seqnet.training.distributed import process_group
from seqnet.training.fit import NetworkJob, TrainingResult, train
from seqnet.training.processes import ALONE, Processes
from tests.building import CPU, Recorder, make_dataset, random_strings, run_config

SGD: dict[str, Any] = {"optimizer": "sgd", "learning_rate": 0.05, "momentum": 0.9, "epochs": 2, "batch_size": 20}
CONVOLUTIONS = {"name": "cnn", "filters": [6, 6], "kernels": [5, 3], "pools": [2, 1], "dense": [5]}
HYBRID = {"name": "hybrid", "filters": [6], "kernels": [5], "pools": [2], "units": 4, "dense": [5], "norm": "batch"}
PARALLEL = {"name": "parallel", "filters": [6, 4], "kernels": [5, 3], "dense": [5], "norm": "batch"}
PROFILE = {"composition": True, "profile_units": 4, "trees": 4}

CASES: dict[str, RunConfig] = {
    "flattened": run_config(SGD | {"balance": "weights"}, CONVOLUTIONS),
    "penalties": run_config(SGD | {"l2": 0.01, "activity_l2": 0.1, "clip_norm": 0.5}, CONVOLUTIONS),
    "recurrent, masked": run_config(SGD | {"balance": "weights"}, HYBRID),
    "normalised maxima": run_config(SGD, PARALLEL),
    "profile, trees": run_config(SGD, HYBRID | PROFILE),
}


def examples() -> Dataset:
    """Returns DNA of several lengths; the class sizes differ, and the last batch of an epoch has 2 records."""
    lengths = np.random.default_rng(3).integers(12, 30, 62 + 25)
    labels = [int(index % 4 == 0) for index in range(len(lengths))]
    strings = random_strings(lengths.tolist())
    for index, label in enumerate(labels):
        if label:
            strings[index] = "GATTACA" + strings[index][7:]
    return make_dataset(strings, labels, ["train"] * 62 + ["validation"] * 25)


def trained(name: str, processes: Processes = ALONE) -> TrainingResult:
    """Returns what comes of a case."""
    return train(NetworkJob(examples(), CASES[name], CPU, processes=processes), Recorder())


def main(folder: Path) -> None:
    """Trains all cases in a group; the first process writes a model and the rows of each into a folder."""
    torch.set_num_threads(1)
    launch = this_launch()
    with process_group(launch, "cpu", 60) as (processes, _):
        for name in CASES:
            result = trained(name, processes)
            if launch.first:
                write_bundle(folder / f"{name}.safetensors", result.bundle)
                rows = [asdict(row) for row in result.rows]
                (folder / f"{name}.json").write_text(json.dumps(rows), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
