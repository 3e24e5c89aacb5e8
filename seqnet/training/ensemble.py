"""Several networks that differ in their seed, as one calibrated bundle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from seqnet.baselines.examples import draw_examples
from seqnet.bundles import Bundle
from seqnet.calibration import calibrate
from seqnet.configs.run import RunConfig
from seqnet.datasets import Dataset
from seqnet.errors import SettingError
from seqnet.inference.engine import bundle_probabilities
from seqnet.novelty import Novelty, describe
from seqnet.training.fit import Observer, TrainingResult, train

__all__ = ["EnsembleResult", "train_ensemble"]

_DESCRIBED = 50_000
"""Sequences of a split, at most, that what is usual is learned from."""


@dataclass(frozen=True)
class EnsembleResult:
    """What the runs came to.

    Attributes:
        bundle: all members, calibrated on the validation split.
        runs: one per member.
        interruption: what stopped them early; None if nothing did.
    """

    bundle: Bundle
    runs: list[TrainingResult]
    interruption: KeyboardInterrupt | None


def train_ensemble(
    dataset: Dataset,
    config: RunConfig,
    observer: Observer,
    *,
    checkpoints: Sequence[Path],
    optimize: str | None,
    device: torch.device,
    resume: bool = False,
    dataset_hash: str = "",
    provenance: Mapping[str, Any] | None = None,
) -> EnsembleResult:
    """Returns networks trained with the seeds s, s + 1, …, as one bundle; see `train` for the other arguments.

    Args:
        dataset: what they are fitted to.
        config: settings of the first.
        observer: is told how it goes.
        checkpoints: one file per member.
        optimize: what the decision threshold is best for on the validation split; None leaves it at one half.
        device: where to compute.
        resume: whether to go on from the checkpoints.
        dataset_hash: SHA-256 of the dataset file.
        provenance: goes into the bundle.

    Raises:
        SettingError: a threshold is asked for, and there are more than two classes.
    """
    if optimize and dataset.positive is None:
        raise SettingError("optimize", optimize, "two classes: of more, the most probable one is the decision")
    runs: list[TrainingResult] = []
    interruption = None
    for index, checkpoint in enumerate(checkpoints):
        seeded = replace(config, training=replace(config.training, seed=config.training.seed + index))
        if len(checkpoints) > 1:
            observer.note(f"member {index + 1} of {len(checkpoints)}, seed {seeded.training.seed}")
        try:
            run = train(
                dataset,
                seeded,
                observer,
                device=device,
                checkpoint=checkpoint,
                resume=resume,
                dataset_hash=dataset_hash,
            )
        except KeyboardInterrupt as stop:
            # Before its first epoch a member has nothing to give; those before it have.
            if not runs:
                raise
            interruption = stop
            break
        runs.append(run)
        interruption = run.interruption
        if interruption:
            break
    names = set.intersection(*(set(run.bundle.metrics) for run in runs))
    bundle = replace(
        runs[0].bundle,
        members=tuple(run.bundle.classifier for run in runs),
        metrics={name: float(np.mean([run.bundle.metrics[name] for run in runs])) for name in sorted(names)},
        provenance=dict(provenance or {}),
        novelty=_novelty(runs[0].bundle, dataset),
    )
    calibrated = _calibrated(bundle, dataset, optimize)
    if not calibrated.calibration.quality:
        observer.note("the validation split lacks a class: the model is not calibrated, its threshold is one half")
    return EnsembleResult(calibrated, runs, interruption)


def _calibrated(bundle: Bundle, dataset: Dataset, optimize: str | None) -> Bundle:
    """Returns the bundle with what the validation split tells of its probabilities; as it is, if that lacks a class."""
    members = dataset.members("validation")
    labels = dataset.labels[members].astype(np.int64)
    if len(np.unique(labels)) < len(dataset.classes):
        return bundle
    probabilities = bundle_probabilities(bundle, dataset.tokens, members).probabilities
    shares = _training_shares(dataset)
    return replace(bundle, calibration=calibrate(labels, probabilities, bundle.positive, shares, optimize))


def _novelty(bundle: Bundle, dataset: Dataset) -> Novelty:
    """Returns what the sequences that training sees are like, windows that it draws among them."""
    rng = np.random.default_rng(bundle.config.training.seed)
    training, held_out = (
        drawn.tokens.take(drawn.members)
        for drawn in (draw_examples(dataset, split, _DESCRIBED, rng) for split in ("train", "validation"))
    )
    turned = bundle.classifier.both_strands or bundle.config.augmentation.reverse_complement
    return describe(training, held_out, dataset.alphabet, both_strands=turned and dataset.alphabet.has_strands)


def _training_shares(dataset: Dataset) -> list[float]:
    """Returns the share (K,) of each class in training; classes of windows that are drawn are drawn equally often."""
    if dataset.crop:
        return [1 / len(dataset.classes)] * len(dataset.classes)
    counts = np.bincount(dataset.labels[dataset.members("train")], minlength=len(dataset.classes))
    return [float(share) for share in counts / counts.sum()]
