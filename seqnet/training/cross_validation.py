"""Cross-validation: a network for each fold, what each says of records that it has not seen, and all as one bundle.

All records outside the test split are dealt into K folds. The network of fold k is measured on fold k; a tenth of the
other records, in whole groups and at least one of each class, chooses its epoch, and it is fitted to the rest, so that
a measured record has no part in the weights, the epoch, the temperature or the threshold that it is measured with. The
test split stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray

from seqnet.configs.cross_validation import FoldOptions
from seqnet.configs.run import RunConfig
from seqnet.core.errors import LabelError
from seqnet.core.printable import counted
from seqnet.datasets.dataset import Dataset
from seqnet.datasets.splits import SPLITS, deal_folds, split_records
from seqnet.datasets.tokenizing import RecordStatus
from seqnet.evaluation import CrossValidation, evaluate_folds
from seqnet.evaluation.calibration import Calibration, calibrate, tempered
from seqnet.evaluation.imbalance import never_predicted
from seqnet.evaluation.scored_records import decide
from seqnet.models.bundles import Bundle
from seqnet.prediction.predictor import Predictions
from seqnet.prediction.writers import joined_lines, text_columns
from seqnet.training.ensemble import EnsembleResult
from seqnet.training.finalization import with_baselines, with_calibration
from seqnet.training.fit import Observer, TrainingResult
from seqnet.training.members import (
    Member,
    check_criterion,
    criterion_for,
    imbalance_note,
    joined,
    probabilities_of,
    seeded,
    train_members,
    training_shares,
    validation_probabilities,
)

__all__ = ["Folds", "FoldsResult", "OutOfFold", "deal", "train_folds", "write_out_of_fold"]


_CHOOSING = 0.1
"""Share of the records outside a fold that choose the epoch of its network; at least a group of each class does."""


@dataclass(frozen=True, eq=False)
class Folds:
    """Which records are in which fold, and what each is to the networks of the others.

    Attributes:
        members: (M,) int64, the records outside the test split, in file order.
        split: (K, M) uint8, where the network of each fold has each of them, an index into `SPLITS`: what is fitted,
            what chooses the epoch, what is measured.
    """

    members: NDArray[np.int64]
    split: NDArray[np.uint8]

    @property
    def count(self) -> int:
        """K, number of folds."""
        return len(self.split)

    @property
    def fold(self) -> NDArray[np.int64]:
        """(M,) int64, fold of each record, in 0..K-1."""
        found: NDArray[np.int64] = (self.split == SPLITS.index("test")).argmax(axis=0)
        return found

    def view(self, dataset: Dataset, index: int) -> Dataset:
        """Returns the dataset as the network of a fold is to see it: what is measured is in its test split."""
        split = np.full(len(dataset), SPLITS.index("test"), dtype=np.uint8)
        split[self.members] = self.split[index]
        return replace(dataset, split=split)

    def sizes(self, index: int) -> dict[str, int]:
        """Returns how many records the network of a fold is fitted to, choose its epoch, and are held out."""
        counts = np.bincount(self.split[index], minlength=len(SPLITS))
        return dict(zip(("fitted", "choosing", "held_out"), counts.tolist(), strict=True))


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """What each record's network, which has not seen it, says of it.

    Attributes:
        dataset: where they are from.
        members: (M,) int64, its records outside the test split, in file order.
        fold: (M,) int64, fold of each, from 0.
        raw: (M, K) float64, probabilities as the network gives them.
        probabilities: (M, K) float64, with the temperature of its fold.
        labels: (M,) int64, decided with the threshold of its fold.
    """

    dataset: Dataset
    members: NDArray[np.int64]
    fold: NDArray[np.int64]
    raw: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    labels: NDArray[np.int64]

    @property
    def truth(self) -> NDArray[np.int64]:
        """(M,) int64, true classes."""
        return self.dataset.labels[self.members].astype(np.int64)


@dataclass(frozen=True)
class FoldsResult(EnsembleResult):
    """What a cross-validation came to; the bundle is calibrated on out-of-fold probabilities.

    Attributes:
        folds: who is in which fold.
        calibrations: one per fold, from the records that chose the epoch.
        out_of_fold: what is said of each record by the network that has not seen it.
        evaluation: how good that is.
    """

    folds: Folds
    calibrations: tuple[Calibration, ...]
    out_of_fold: OutOfFold
    evaluation: CrossValidation

    def to_json(self) -> dict[str, Any]:
        """Returns the metrics and how each fold came to them as plain values, None for NaN."""
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


def train_folds(
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
) -> FoldsResult:
    """Returns a network for each fold as one bundle, and how good each is on its fold; see `train_ensemble`.

    The temperature and the threshold behind the figures of a fold are from what chose its epoch. Those of the bundle
    are fitted to the out-of-fold probabilities, each record's from the one member that was not trained on it.
    The bundle predicts the mean of its members, which is a little less sure than each of them, and so, calibrated like
    this, rather too unsure than too sure.

    All members have one window, the longest record's of any fold, unless the settings name one.

    Args:
        dataset: the records outside its test split are dealt into folds.
        config: settings of the first network; its seed deals the folds.
        observer: is told how it goes.
        checkpoints: one file per fold, which says how many folds there are.
        optimize: what the decision threshold is best for; None as in `train_ensemble`.
        device: where to compute.
        resume: whether to go on from the checkpoints.
        dataset_hash: SHA-256 of the dataset file.
        provenance: goes into the bundle, with number and seed of the folds.

    Raises:
        SettingError: there are too few folds, or a threshold is asked for and there are more than two classes.
        LabelError: there are too few groups for so many folds, or the dataset has no fixed records.
        KeyboardInterrupt: the user stopped it; the checkpoints are there to go on from.
    """
    check_criterion(dataset, optimize)
    count, seed = len(checkpoints), config.training.seed
    folds = deal(dataset, count, seed)
    longest = int(dataset.tokens.lengths[folds.members].max())
    config = replace(config, network=replace(config.network, window=config.network.window or longest))
    members = [
        _member(dataset, folds, index, seeded(config, index), path, dataset_hash)
        for index, path in enumerate(checkpoints)
    ]
    if note := imbalance_note(config, dataset):
        observer.note(note)
    criterion = criterion_for(config, dataset, optimize)
    runs, interruption = train_members(members, observer, device=device, resume=resume)
    if interruption:
        # Fewer folds would be another model, and no measure of this one.
        raise interruption
    views = [member.dataset for member in members]
    calibrations = [_calibrated(run, view, criterion, device) for run, view in zip(runs, views, strict=True)]
    found = _out_of_fold(runs, folds, dataset, calibrations, device)
    evaluation = _evaluated(found, calibrations)
    if line := never_predicted(found.truth, found.labels, dataset.classes, "held-out folds"):
        observer.note(f"seqnet: warning: {line}")
    about = dict(provenance or {}) | {"folds": {"count": count, "seed": seed}}
    bundle = _completed(joined(runs, dataset, about), found, evaluation, criterion)
    bundle, stop = with_baselines(bundle, dataset, observer.note)
    return FoldsResult(bundle, runs, stop, folds, tuple(calibrations), found, evaluation)


def deal(dataset: Dataset, count: int, seed: int) -> Folds:
    """Returns the folds of the records outside the test split; whole groups, with every class in every part.

    Raises:
        SettingError: there are fewer than three folds, or too many.
        LabelError: there are too few groups for so many folds, or the dataset has no fixed records.
    """
    FoldOptions(folds=count)
    if dataset.crop:
        problem = "it was encoded with --crop, and folds need fixed records"
        raise LabelError(str(dataset.path), problem, "encode it without --crop")
    members = np.flatnonzero(dataset.split != SPLITS.index("test"))
    labels, groups = dataset.labels[members], dataset.groups[members]
    remedy = "use fewer --folds, or encode it with smaller groups"
    for label, name in enumerate(dataset.classes):
        if (kinds := len(np.unique(groups[labels == label]))) < count:
            groups_of = counted(kinds, "groups")
            problem = f"class {name} has {groups_of} outside the test split, fewer than the {count} folds"
            raise LabelError(str(dataset.path), problem, remedy)
    rng = np.random.default_rng([seed, count])
    fold = deal_folds(labels, groups, count, rng)
    split = np.stack([_parts(labels, groups, fold == index, len(dataset.classes), rng) for index in range(count)])
    for label, name in enumerate(dataset.classes):
        if any(len(np.unique(parts)) < len(SPLITS) for parts in split[:, labels == label]):
            problem = f"its groups can't be dealt into {count} folds with records of class {name} in each part"
            raise LabelError(str(dataset.path), problem, remedy)
    return Folds(members, split)


def _parts(
    labels: NDArray[np.int32],
    groups: NDArray[np.int64],
    held: NDArray[np.bool_],
    class_count: int,
    rng: np.random.Generator,
) -> NDArray[np.uint8]:
    """Returns the split (M,) uint8 of each record as the network of a fold has it, whose records are held out."""
    train, validation, test = range(len(SPLITS))
    split = np.full(len(labels), test, dtype=np.uint8)
    rest = np.flatnonzero(~held)
    # The last of the parts has a group that would fit into either.
    dealt = split_records(labels[rest], groups[rest], [_CHOOSING, 1 - _CHOOSING], rng)
    split[rest] = np.where(dealt == 0, validation, train)
    for own in (labels == label for label in range(class_count)):
        for part, other in ((validation, train), (train, validation)):
            there = own & (split == other)
            if there.any() and not (own & (split == part)).any():
                split[groups == min(np.unique(groups[there]), key=lambda group: (groups == group).sum())] = part
    return split


def _member(
    dataset: Dataset, folds: Folds, index: int, config: RunConfig, checkpoint: Path, dataset_hash: str
) -> Member:
    """Returns the network of a fold as it is to be trained."""
    sizes = folds.sizes(index)
    title = (
        f"fold {index + 1} of {folds.count}, seed {config.training.seed}: "
        f"{counted(sizes['fitted'], 'training records')}, {sizes['choosing']:,} to choose the epoch, "
        f"{sizes['held_out']:,} held out"
    )
    dealt = sha256(folds.split[index].tobytes()).hexdigest()
    identity = f"{dataset_hash}, fold {index + 1} of {folds.count}, {dealt[:16]}"
    return Member(title, folds.view(dataset, index), config, checkpoint, identity)


def _calibrated(run: TrainingResult, view: Dataset, optimize: str | None, device: torch.device) -> Calibration:
    """Returns the calibration of the network of a fold, from the records that chose its epoch."""
    members = view.members("validation")
    labels = view.labels[members].astype(np.int64)
    probabilities = validation_probabilities(run, view, device)
    return calibrate(labels, probabilities, view.positive, training_shares(view), optimize, view.groups[members])


def _out_of_fold(
    runs: Sequence[TrainingResult],
    folds: Folds,
    dataset: Dataset,
    calibrations: Sequence[Calibration],
    device: torch.device,
) -> OutOfFold:
    """Returns what each network says of the records that it has not seen."""
    raw = np.empty((len(folds.members), len(dataset.classes)))
    probabilities, labels = np.empty_like(raw), np.empty(len(raw), dtype=np.int64)
    fold = folds.fold
    for index, (run, calibration) in enumerate(zip(runs, calibrations, strict=True)):
        own = fold == index
        raw[own] = probabilities_of(run, dataset, folds.members[own], device)
        probabilities[own] = tempered(raw[own], calibration.temperature)
        labels[own] = decide(probabilities[own], dataset.positive, calibration.threshold)
    return OutOfFold(dataset, folds.members, fold, raw, probabilities, labels)


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


def write_out_of_fold(target: Path, found: OutOfFold) -> None:
    """Writes one line per record as tab-separated values: name, fold from 1, class, label, one p_CLASS per class."""
    classes = found.dataset.classes
    predictions = Predictions(
        names=found.dataset.names.take(found.members),
        status=np.full(len(found.members), RecordStatus.OK, dtype=np.uint8),
        labels=found.labels,
        probabilities=found.probabilities,
    )
    name, label, _, *probabilities, _ = text_columns(predictions, classes)
    fold = pa.array(found.fold + 1).cast(pa.large_string())
    truth = pa.array(classes, pa.large_string()).take(pa.array(found.truth))
    header = ["name", "fold", "class", "label", *(f"p_{one}" for one in classes)]
    with target.open("wb") as file:
        file.write(("\t".join(header) + "\n").encode())
        file.write(joined_lines([name, fold, truth, label, *probabilities]))
