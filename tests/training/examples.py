"""Settings and datasets that several tests of training use."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seqnet.configs.run import RunConfig
from seqnet.datasets.dataset import Dataset
from seqnet.datasets.splits import SPLITS
from tests.building import (
    Recorder,
    fit,
    same_weights,
)

CONSTANT = {"schedule": "constant"}


CHANCE = {
    "dropout_input": 0.1,
    "dropout_conv": 0.2,
    "dropout_dense": [0.3],
}


FINDER = {"name": "cnn", "filters": [16], "kernels": [8], "pools": [1], "dense": [8]}


def relabelled(dataset: Dataset, split: str) -> Dataset:
    """Returns the dataset with inverted labels in a split."""
    labels = dataset.labels.copy()
    labels[dataset.members(split)] = 1 - labels[dataset.members(split)]
    return dataclasses.replace(dataset, labels=labels)


def moved(dataset: Dataset, source: str, target: str) -> Dataset:
    """Returns the dataset with the records of one split moved to another one."""
    split = dataset.split.copy()
    split[dataset.members(source)] = SPLITS.index(target)
    return dataclasses.replace(dataset, split=split)


def resume_of(
    dataset: Dataset, config: RunConfig, checkpoint: Path, observer: Recorder, first: RunConfig | None = None
) -> bool:
    """Returns whether an interrupted and resumed run ends like an uninterrupted one."""
    unbroken = fit(dataset, config)
    options: Mapping[str, Any] = {"checkpoint": checkpoint, "identity": "abc"}
    stopped = fit(dataset, first or config, observer, **options)
    assert len(stopped.rows) < len(unbroken.rows)
    resumed = fit(dataset, config, Recorder(), resume=True, **options)
    assert resumed.rows == unbroken.rows
    assert resumed.best_epoch == unbroken.best_epoch
    return same_weights(resumed, unbroken)
