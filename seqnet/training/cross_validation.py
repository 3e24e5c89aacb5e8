"""Cross-validation: a network for each fold, its predictions of records that it was not trained on, and one bundle.

All records outside the test split are divided into K folds. The network of fold k is measured on fold k. A tenth of the
other records, in whole groups and at least one of each class, chooses its epoch. The network is fitted to the rest. So
a measured record was not used for the weights, the epoch, the temperature or the threshold. The test split is not used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch

from seqnet.configs.run import RunConfig
from seqnet.core.printable import counted
from seqnet.datasets.dataset import Dataset
from seqnet.evaluation import CrossValidation, evaluate_folds
from seqnet.evaluation.calibration import Calibration, calibrate
from seqnet.evaluation.imbalance import never_predicted
from seqnet.models.bundles import Bundle
from seqnet.training.ensemble import EnsembleResult
from seqnet.training.finalization import with_baselines, with_calibration
from seqnet.training.fit import TrainingResult
from seqnet.training.folds import Folds, deal
from seqnet.training.member_training import train_members
from seqnet.training.members import (
    Member,
    TrainingJob,
    check_criterion,
    class_shares,
    criterion_for,
    imbalance_note,
    joined_bundle,
    seeded,
    validation_probabilities,
)
from seqnet.training.observer import MembersObserver
from seqnet.training.out_of_fold import OutOfFold, predict_out_of_fold

__all__ = ["FoldsResult", "train_folds"]


@dataclass(frozen=True)
class FoldsResult(EnsembleResult):
    """The result of a cross-validation; the bundle is calibrated on out-of-fold probabilities.

    Attributes:
        folds: the fold of each record.
        calibrations: one for each fold, from the records that chose the epoch.
        out_of_fold: the prediction of each record by the network that was not fitted to it.
        evaluation: metrics of these predictions.
    """

    folds: Folds
    calibrations: tuple[Calibration, ...]
    out_of_fold: OutOfFold
    evaluation: CrossValidation

    def to_json(self) -> dict[str, Any]:
        """Returns the metrics, and the details of each fold, as plain values, None for NaN."""
        found = self.evaluation.to_json()
        rows = []
        for index, (run, calibration) in enumerate(zip(self.runs, self.calibrations, strict=True)):
            rows.append(
                {
                    "fold": index + 1,
                    **self.folds.sizes(index),
                    "seed": run.bundle.config.training.seed,
                    "epoch": run.best_epoch,
                    "temperature": calibration.temperature,
                    "threshold": None if self.bundle.positive is None else calibration.threshold,
                    "metrics": found["folds"][index],
                }
            )
        return found | {"folds": rows}


def train_folds(job: TrainingJob, observer: MembersObserver) -> FoldsResult:
    """Returns a network for each fold as one bundle, and the metrics on the folds; see `train_ensemble`.

    The temperature and the threshold of a fold come from the records that chose its epoch. Those of the bundle are
    fitted to the out-of-fold probabilities, each from the one member that was not trained on the record. The bundle
    predicts the mean of its members, which is a little less confident than each of them. So with this calibration, it
    is underconfident rather than overconfident.

    All members have one window, the longest record's of any fold, unless the settings name one.

    Args:
        job: what is trained: the records outside the test split of its dataset are dealt into as many folds as it has
            checkpoints; the seed of its settings deals them. The provenance of the bundle says so.
        observer: receives the progress.

    Raises:
        SettingError: there are too few folds, or a threshold is requested and there are more than two classes.
        LabelError: there are too few groups for so many folds, or the dataset has no fixed records.
        KeyboardInterrupt: the user stopped it; the checkpoints remain.
    """
    dataset, config, device = job.dataset, job.config, job.device
    check_criterion(dataset, job.optimize)
    if job.start:
        job.start.check_folds(dataset)
    count, seed = len(job.checkpoints), config.training.seed
    folds = deal(dataset, count, seed)
    longest = int(dataset.tokens.lengths[folds.members].max())
    config = replace(config, network=replace(config.network, window=config.network.window or longest))
    members = [
        replace(_member(dataset, folds, index, seeded(config, index), path, job.identity), start=job.start_of(index))
        for index, path in enumerate(job.checkpoints)
    ]
    if note := imbalance_note(config, dataset):
        observer.note(note)
    criterion = criterion_for(config, dataset, job.optimize)
    runs, interruption = train_members(members, observer, device=device, resume=job.resume, processes=job.processes)
    if interruption:
        # A model of fewer folds would be another one, and the metrics would not be those of this one.
        raise interruption
    views = [member.dataset for member in members]
    calibrations = [_calibrated(run, view, criterion, device) for run, view in zip(runs, views, strict=True)]
    found = predict_out_of_fold(runs, folds, dataset, calibrations, device)
    evaluation = _evaluated(found, calibrations)
    if line := never_predicted(found.truth, found.labels, dataset.classes, "held-out folds"):
        observer.note(f"seqnet: warning: {line}")
    about = dict(job.provenance) | {"folds": {"count": count, "seed": seed}}
    bundle = _completed(joined_bundle(runs, dataset, about), found, evaluation, criterion)
    bundle, stop = with_baselines(bundle, dataset, observer.note)
    return FoldsResult(bundle, runs, stop, bundle.weights, folds, tuple(calibrations), found, evaluation)


def _member(
    dataset: Dataset, folds: Folds, index: int, config: RunConfig, checkpoint: Path | None, dataset_hash: str
) -> Member:
    """Returns the network of a fold as it is to be trained."""
    sizes = folds.sizes(index)
    label = f"fold {index + 1}"
    title = (
        f"{label} of {folds.count}, seed {config.training.seed}: "
        f"{counted(sizes['fitted'], 'training records')}, {sizes['choosing']:,} to choose the epoch, "
        f"{sizes['held_out']:,} held out"
    )
    dealt = sha256(folds.split[index].tobytes()).hexdigest()
    identity = f"{dataset_hash}, {label} of {folds.count}, {dealt[:16]}"
    return Member(title, label, folds.view(dataset, index), config, checkpoint, identity)


def _calibrated(run: TrainingResult, view: Dataset, optimize: str | None, device: torch.device) -> Calibration:
    """Returns the calibration of the network of a fold, from the records that chose its epoch."""
    members = view.members("validation")
    labels = view.labels[members].astype(np.int64)
    probabilities = validation_probabilities(run, view, device)
    return calibrate(labels, probabilities, view.positive, class_shares(view), optimize, view.groups[members])


def _evaluated(found: OutOfFold, calibrations: Sequence[Calibration]) -> CrossValidation:
    return evaluate_folds(
        found.truth,
        found.probabilities,
        found.fold,
        [calibration.threshold for calibration in calibrations],
        found.dataset.classes,
        positive=found.dataset.positive,
        groups=found.dataset.groups[found.members],
    )


def _completed(bundle: Bundle, found: OutOfFold, evaluation: CrossValidation, optimize: str | None) -> Bundle:
    """Returns the bundle with its calibration, from all out-of-fold probabilities, and with the means over folds."""
    counts = np.bincount(found.truth, minlength=len(bundle.classes))
    shares = [float(share) for share in counts / counts.sum()]
    means = {f"out_of_fold_{name}": evaluation.mean[name] for name in ("accuracy", "auroc")}
    groups = found.dataset.groups[found.members]
    calibration = calibrate(found.truth, found.raw, bundle.positive, shares, optimize, groups)
    metrics = dict(bundle.metrics) | {name: value for name, value in means.items() if not np.isnan(value)}
    return replace(with_calibration(bundle, calibration, found.truth, found.raw), metrics=metrics)
