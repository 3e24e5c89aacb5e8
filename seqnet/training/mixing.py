"""Networks of different kinds → a mixture, with weights that are fitted to the validation split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from seqnet.datasets.dataset import Dataset
from seqnet.evaluation.stacking import stacking_weights
from seqnet.models.bundles import Bundle
from seqnet.models.mixture import MemberConfig
from seqnet.training.fit import TrainingResult
from seqnet.training.members import validation_probabilities

__all__ = ["mixed", "weigh"]

_SMALLEST = 0.05
"""Minimum weight of a network that is kept, because predictions take the time of all networks; of many networks, half
of an equal share."""


def weigh(runs: Sequence[TrainingResult], dataset: Dataset, device: torch.device) -> tuple[float, ...]:
    """Returns the share of each network in the mean, 0 for those that add nothing; equal shares without validation.

    Args:
        runs: the trained networks.
        dataset: the weights are fitted to its validation split.
        device: device for the computation.
    """
    held_out = dataset.members("validation")
    if len(runs) == 1 or not len(held_out):
        return (1 / len(runs),) * len(runs)
    smallest = min(_SMALLEST, 0.5 / len(runs))
    labels = dataset.labels[held_out].astype(np.int64)
    found = stacking_weights(labels, [validation_probabilities(run, dataset, device) for run in runs], smallest)
    return tuple(float(weight) for weight in found)


def mixed(bundle: Bundle, runs: Sequence[TrainingResult], weights: Sequence[float]) -> Bundle:
    """Returns the bundle as a mixture; a single network stays as it is.

    Args:
        bundle: the networks of the runs, in order.
        runs: one per member.
        weights: share of each in the mean; they add up to 1.
    """
    if len(runs) == 1:
        return bundle
    members = [MemberConfig(run.bundle.config, weight) for run, weight in zip(runs, weights, strict=True)]
    return replace(bundle, mixture=tuple(members))
