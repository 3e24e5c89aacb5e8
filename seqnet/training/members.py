"""The networks of a bundle with several: what each is fitted to, and how they become one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from seqnet.baselines.examples import draw_examples
from seqnet.bundles import Bundle
from seqnet.configs.run import RunConfig
from seqnet.datasets import Dataset
from seqnet.errors import SettingError
from seqnet.novelty import Novelty, describe
from seqnet.training.fit import Observer, TrainingResult, train

__all__ = ["Member", "check_criterion", "joined", "seeded", "train_members", "training_shares"]

_DESCRIBED = 50_000
"""Sequences of a split, at most, that what is usual is learned from."""


@dataclass(frozen=True)
class Member:
    """A network to train.

    Attributes:
        title: what the user is told before it is trained; empty for nothing.
        dataset: what it is fitted to.
        config: all settings.
        checkpoint: file that is written after each epoch.
        identity: what its checkpoint knows its records by.
    """

    title: str
    dataset: Dataset
    config: RunConfig
    checkpoint: Path
    identity: str


def check_criterion(dataset: Dataset, optimize: str | None) -> None:
    """Checks that a threshold can be chosen if one is asked for.

    Raises:
        SettingError: there are more than two classes.
    """
    if optimize and dataset.positive is None:
        raise SettingError("optimize", optimize, "two classes: of more, the most probable one is the decision")


def seeded(config: RunConfig, index: int) -> RunConfig:
    """Returns the settings of the member of that index: the seeds of members follow each other."""
    return replace(config, training=replace(config.training, seed=config.training.seed + index))


def train_members(
    members: Sequence[Member], observer: Observer, *, device: torch.device, resume: bool
) -> tuple[list[TrainingResult], KeyboardInterrupt | None]:
    """Trains one member after the other, and returns what the runs came to and what stopped them early, if anything.

    Raises:
        KeyboardInterrupt: the user stopped it before there was anything to return.
    """
    runs: list[TrainingResult] = []
    for member in members:
        if member.title:
            observer.note(member.title)
        try:
            run = train(
                member.dataset,
                member.config,
                observer,
                device=device,
                checkpoint=member.checkpoint,
                resume=resume,
                dataset_hash=member.identity,
            )
        except KeyboardInterrupt as stop:
            # Before its first epoch a member has nothing to give; those before it have.
            if not runs:
                raise
            return runs, stop
        runs.append(run)
        if run.interruption:
            return runs, run.interruption
    return runs, None


def joined(runs: Sequence[TrainingResult], dataset: Dataset, provenance: Mapping[str, Any] | None) -> Bundle:
    """Returns the networks of the runs as one bundle with the mean of their metrics, not yet calibrated.

    Args:
        runs: one per member.
        dataset: its train and validation splits tell which sequences are usual.
        provenance: goes into the bundle.
    """
    names = set.intersection(*(set(run.bundle.metrics) for run in runs))
    return replace(
        runs[0].bundle,
        members=tuple(run.bundle.classifier for run in runs),
        metrics={name: float(np.mean([run.bundle.metrics[name] for run in runs])) for name in sorted(names)},
        provenance=dict(provenance or {}),
        novelty=_novelty(runs[0].bundle, dataset),
    )


def _novelty(bundle: Bundle, dataset: Dataset) -> Novelty:
    """Returns what the sequences that training sees are like, windows that it draws among them."""
    rng = np.random.default_rng(bundle.config.training.seed)
    training, held_out = (
        drawn.tokens.take(drawn.members)
        for drawn in (draw_examples(dataset, split, _DESCRIBED, rng) for split in ("train", "validation"))
    )
    turned = bundle.classifier.both_strands or bundle.config.augmentation.reverse_complement
    return describe(
        training,
        held_out,
        dataset.alphabet,
        both_strands=turned and dataset.alphabet.has_strands,
        windows=dataset.crop is not None,
    )


def training_shares(dataset: Dataset) -> list[float]:
    """Returns the share (K,) of each class in training; classes of windows that are drawn are drawn equally often."""
    if dataset.crop:
        return [1 / len(dataset.classes)] * len(dataset.classes)
    counts = np.bincount(dataset.labels[dataset.members("train")], minlength=len(dataset.classes))
    return [float(share) for share in counts / counts.sum()]
