"""Adds to models of older versions what newer ones keep of their training records, and changes nothing else.

    python scripts/complete.py MODEL DATASET [CRITERION]

The dataset is the one that the model was trained on, which its checksum tells. What is added are baselines and the
scores of validation records, and CRITERION, what its threshold was chosen for (`train --optimize`). Weights,
temperature, threshold and confidences stay.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from seqnet.core.outputs import whole_file
from seqnet.core.provenance import file_hash
from seqnet.datasets.dataset import open_dataset
from seqnet.models.bundles import open_bundle, write_bundle
from seqnet.models.probabilities import class_probabilities
from seqnet.models.shipped import find_model
from seqnet.training.finalization import with_baselines, with_calibration


def complete(model: Path, path: Path, criterion: str | None) -> None:
    """Writes one model again, in its place.

    Raises:
        SystemExit: the model was trained on another dataset.
    """
    target = find_model(model)
    bundle, dataset = open_bundle(target), open_dataset(path)
    if file_hash(path) != bundle.provenance["dataset"]["sha256"]:
        sys.exit(f"{path}: this is not the dataset that {model} was trained on")
    members = dataset.members("validation")
    raw = np.mean([class_probabilities(one, dataset.tokens, members) for one in bundle.members], axis=0)
    calibration = replace(bundle.calibration, criterion=criterion or bundle.calibration.criterion)
    bundle = with_calibration(bundle, calibration, dataset.labels[members].astype(np.int64), raw)
    bundle, stop = with_baselines(bundle, dataset, print)
    if stop:
        raise stop
    with whole_file(target, force=True) as temporary:
        write_bundle(temporary, bundle)
    print(target)


if __name__ == "__main__":
    complete(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else None)
