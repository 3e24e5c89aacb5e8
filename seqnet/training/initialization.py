"""The untrained classifier of a dataset; its weights depend only on the seed."""

from __future__ import annotations

import numpy as np
import torch

from seqnet.configs.run import RunConfig
from seqnet.core.errors import LabelError, SettingError
from seqnet.datasets.dataset import Dataset
from seqnet.nn.networks import Classifier

__all__ = ["make_classifier", "seed_torch"]


def make_classifier(dataset: Dataset, config: RunConfig) -> Classifier:
    """Returns the untrained classifier of a dataset; its weights depend only on the seed.

    Raises:
        LabelError: the train split is empty or lacks a class.
        SettingError: the settings don't suit the dataset.
    """
    members = dataset.members("train")
    counts = np.bincount(dataset.labels[members], minlength=len(dataset.classes))
    drawn = dataset.generators if dataset.crop else {}
    missing = [name for name, count in zip(dataset.classes, counts, strict=True) if not count and name not in drawn]
    if missing:
        name = missing[0]
        raise LabelError(
            str(dataset.path), f"the train split has no record of class {name}", "encode it with another --split"
        )
    window = config.network.window or dataset.crop or int(dataset.tokens.lengths[members].max())
    if dataset.crop and config.network.flattens and window < dataset.crop:
        raise SettingError(
            "network.window", window, f"at least {dataset.crop}, the length of the training sequences (--crop)"
        )
    with torch.random.fork_rng(devices=[]):
        seed_torch(config.training.seed)
        return Classifier(dataset.alphabet, len(dataset.classes), config.encoder, config.network, window)


def seed_torch(value: int) -> None:
    """Seeds PyTorch's own random numbers, which takes 64 bits."""
    torch.manual_seed(value % 2**63)
