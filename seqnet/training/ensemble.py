"""Several networks, of one kind with different seeds or of different kinds, as one calibrated bundle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from seqnet.configs.calibration import BALANCED
from seqnet.datasets.dataset import Dataset
from seqnet.evaluation.calibration import calibrate, tempered
from seqnet.evaluation.imbalance import is_imbalanced, never_predicted, rare_class_line
from seqnet.evaluation.scored_records import decide
from seqnet.models.bundles import Bundle
from seqnet.models.precision import changed_labels
from seqnet.training.finalization import with_baselines, with_calibration
from seqnet.training.fit import TrainingResult
from seqnet.training.member_training import train_members
from seqnet.training.members import (
    Member,
    TrainingJob,
    check_criterion,
    class_shares,
    criterion_for,
    imbalance_note,
    joined_bundle,
    training_counts,
    validation_probabilities,
)
from seqnet.training.mixing import mixed, weigh
from seqnet.training.observer import MembersObserver, Observer

__all__ = ["EnsembleResult", "calibrated", "train_ensemble"]


@dataclass(frozen=True)
class EnsembleResult:
    """The result of the runs.

    Attributes:
        bundle: all members, calibrated on the validation split.
        runs: one for each network that was trained.
        interruption: what stopped them early; None if nothing did.
        weights: share of each network in the mean; 0 for a network that the bundle does not have.
    """

    bundle: Bundle
    runs: list[TrainingResult]
    interruption: KeyboardInterrupt | None
    weights: tuple[float, ...]


def train_ensemble(job: TrainingJob, observer: MembersObserver) -> EnsembleResult:
    """Returns networks of one or more kinds, trained with the seeds s, s + 1, …, as one bundle.

    Args:
        job: what is trained.
        observer: receives the progress.

    Raises:
        KeyboardInterrupt: the user stopped it before the first epoch was over.
        SettingError: a threshold is requested, and there are more than two classes.
        SeqnetError: see `seqnet.training.fit.train`.
    """
    dataset, configs = job.dataset, job.networks
    check_criterion(dataset, job.optimize)
    members = []
    for number, (config, checkpoint) in enumerate(zip(configs, job.checkpoints, strict=True), 1):
        label = f"{'network' if job.others else 'member'} {number}"
        kind = f", {config.network.name}" if job.others else ""
        title = f"{label} of {len(configs)}{kind}, seed {config.training.seed}" if len(configs) > 1 else ""
        members.append(Member(title, label, dataset, config, checkpoint, job.identity, job.start_of(number - 1)))
    if note := imbalance_note(job.config, dataset):
        observer.note(note)
    runs, interruption = train_members(
        members, observer, device=job.device, resume=job.resume, seconds=job.seconds, processes=job.processes
    )
    criterion = criterion_for(job.config, dataset, job.optimize)
    weights = weigh(runs, dataset, job.device) if job.others else (1 / len(runs),) * len(runs)
    kept = [run for run, weight in zip(runs, weights, strict=True) if weight]
    about = dict(job.provenance) | ({"weights": list(weights)} if job.others else {})
    bundle = joined_bundle(kept, dataset, about)
    if job.others:
        bundle = mixed(bundle, kept, [weight for weight in weights if weight])

    def raw() -> NDArray[np.float64]:
        each = [validation_probabilities(run, dataset, job.device) for run in kept]
        found: NDArray[np.float64] = np.average(each, axis=0, weights=bundle.weights)
        return found

    bundle = calibrated(bundle, raw, dataset, criterion, observer, job.device)
    bundle, stop = with_baselines(bundle, dataset, observer.note)
    return EnsembleResult(bundle, runs, interruption or stop, weights)


def calibrated(
    bundle: Bundle,
    score: Callable[[], NDArray[np.float64]],
    dataset: Dataset,
    criterion: str | None,
    observer: Observer,
    device: torch.device,
) -> Bundle:
    """Returns the bundle, calibrated on the validation split; unchanged if the split lacks a class.

    Args:
        bundle: the model, not yet calibrated.
        score: returns the probabilities (M, K) float64 of the M records of the validation split, not calibrated.
        dataset: its validation split has the true labels.
        criterion: what the threshold is best for; None for one half.
        observer: receives messages.
        device: device for the computation.
    """
    members = dataset.members("validation")
    labels = dataset.labels[members].astype(np.int64)
    if len(np.unique(labels)) < len(dataset.classes):
        what = "the validation split lacks a class" if len(labels) else "there is no validation split"
        observer.note(
            f"{what}, so the model is not calibrated{'' if bundle.positive is None else ' and its threshold is 0.5'}"
        )
        return bundle
    raw = score()
    found = calibrate(labels, raw, bundle.positive, class_shares(dataset), criterion, dataset.groups[members])
    probabilities = tempered(raw, found.temperature)
    threshold = None if bundle.positive is None else found.threshold
    decided = decide(probabilities, bundle.positive, threshold)
    if line := never_predicted(labels, decided, bundle.classes, "validation split"):
        observer.note(f"seqnet: warning: {line}")
    counts = training_counts(dataset)
    if bundle.positive is not None and is_imbalanced(bundle.config.training, counts):
        line = rare_class_line(labels, decided, bundle.classes, counts, "validation split")
        advice = "; --optimize mcc gives fewer false positives" if criterion == BALANCED else ""
        observer.note(f"at the threshold {found.threshold:.3f}, {line}{advice}")
    bundle = with_calibration(bundle, found, labels, raw)
    bundle.to(device)
    changed = changed_labels(bundle, dataset.tokens, members, probabilities)
    bundle.to(torch.device("cpu"))
    return replace(bundle, calibration=replace(found, changed=changed))
