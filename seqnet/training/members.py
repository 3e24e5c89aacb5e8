"""The networks of a bundle: what each is fitted to, and how they are joined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from seqnet.configs.calibration import BALANCED
from seqnet.configs.run import RunConfig
from seqnet.core.errors import SettingError
from seqnet.datasets.dataset import Dataset
from seqnet.datasets.sampling import draw_labelled_sample
from seqnet.evaluation.imbalance import is_imbalanced, ratio
from seqnet.evaluation.novelty import Novelty, describe
from seqnet.models.bundles import Bundle
from seqnet.models.probabilities import class_probabilities
from seqnet.training.fit import NetworkJob, TrainingResult
from seqnet.training.processes import ALONE, Processes
from seqnet.training.time_limit import TimeLimit
from seqnet.training.warm_start import StartingWeights, WarmStart

__all__ = [
    "Member",
    "TrainingJob",
    "check_criterion",
    "class_shares",
    "criterion_for",
    "imbalance_note",
    "joined_bundle",
    "probabilities_of",
    "seeded",
    "training_counts",
    "validation_probabilities",
]

_DESCRIBED = 50_000
"""Maximum number of sequences of a split from which the usual lengths and compositions are computed."""


@dataclass(frozen=True)
class Member:
    """A network to train.

    Attributes:
        title: heading of its messages; empty for none.
        label: begins its messages if other networks are trained at the same time, such as "network 2".
        dataset: what it is fitted to.
        config: all settings.
        checkpoint: file that is written after each epoch; None for none.
        identity: identifies its records in a checkpoint.
        start: weights to start from; None for random ones.
    """

    title: str
    label: str
    dataset: Dataset
    config: RunConfig
    checkpoint: Path | None
    identity: str
    start: StartingWeights | None = None

    def job(
        self,
        device: torch.device,
        *,
        resume: bool,
        limit: TimeLimit | None = None,
        processes: Processes = ALONE,
    ) -> NetworkJob:
        """Returns what trains the network; see `NetworkJob` for the arguments."""
        return NetworkJob(
            dataset=self.dataset,
            config=self.config,
            device=device,
            checkpoint=self.checkpoint,
            resume=resume,
            identity=self.identity,
            start=self.start,
            limit=limit,
            processes=processes,
        )


@dataclass(frozen=True)
class TrainingJob:
    """What is to be trained: one or more networks, one for each checkpoint.

    Attributes:
        dataset: what they are fitted to.
        config: settings of the first.
        device: device for the computation.
        checkpoints: a file that is written after each epoch of a network, or None for none.
        optimize: what the decision threshold is best for on the validation split; None leaves it at one half, or has it
            be best for balanced accuracy where classes are imbalanced (see `criterion_for`).
        resume: whether to continue from the checkpoints.
        dataset_hash: SHA-256 of the dataset file.
        provenance: goes into the bundle.
        start: model to start from; None for random weights.
        others: settings of networks of other kinds. Each kind has the same number of networks, and the checkpoints are
            those of the first kind, then those of the others. The weights of the networks in the mean are fitted to the
            validation split.
        seconds: time for all networks; None for no limit.
        processes: those that train together; each has the same job.
    """

    dataset: Dataset
    config: RunConfig
    device: torch.device
    checkpoints: tuple[Path | None, ...] = (None,)
    optimize: str | None = None
    resume: bool = False
    dataset_hash: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict)
    start: WarmStart | None = None
    others: tuple[RunConfig, ...] = ()
    seconds: float | None = None
    processes: Processes = ALONE

    def start_of(self, index: int) -> StartingWeights | None:
        """Returns the weights that the network of an index starts from; all networks of one kind have the same."""
        if self.start is None:
            return None
        return self.start.weights(index // self.seeds if self.others else index)

    @property
    def identity(self) -> str:
        """Identifies the run in checkpoints: the dataset, and the model that it starts from."""
        return self.dataset_hash + (f", from {self.start.sha256[:16]}" if self.start else "")

    @property
    def seeds(self) -> int:
        """Number of networks of each kind."""
        return len(self.checkpoints) // (1 + len(self.others))

    @property
    def networks(self) -> list[RunConfig]:
        """Settings of each network: of every kind, as many seeds, one after the other."""
        kinds = [self.config, *self.others]
        return [seeded(kind, index) for kind in kinds for index in range(self.seeds)]


def check_criterion(dataset: Dataset, optimize: str | None) -> None:
    """Checks that a threshold can be chosen if one is requested.

    Raises:
        SettingError: there are more than two classes.
    """
    if optimize and dataset.positive is None:
        raise SettingError(
            "optimize", optimize, problem="needs two classes; of more, the most probable class is the label"
        )


def criterion_for(config: RunConfig, dataset: Dataset, optimize: str | None) -> str | None:
    """Returns the criterion of the threshold: the requested one, or balanced accuracy for imbalanced classes.

    With a threshold of one half, a rare class would hardly ever be predicted.
    """
    automatic = config.training.balance == "auto" and dataset.positive is not None
    if optimize is None and automatic and is_imbalanced(config.training, training_counts(dataset)):
        return BALANCED
    return optimize


def imbalance_note(config: RunConfig, dataset: Dataset) -> str | None:
    """Returns a line about the weights of imbalanced classes; None if classes are balanced, or the settings decide."""
    counts = training_counts(dataset)
    if config.training.balance != "auto" or not is_imbalanced(config.training, counts):
        return None
    threshold = "; the threshold is chosen for balanced accuracy, unless --optimize is given"
    return (
        f"imbalanced classes: the largest has {ratio(counts):,.0f} times the training records of the smallest; rare "
        f"classes get more weight in the loss{threshold if dataset.positive is not None else ''}; probabilities are "
        "for the class fractions of the train split; --set balance=none turns this off"
    )


def validation_probabilities(run: TrainingResult, dataset: Dataset, device: torch.device) -> NDArray[np.float64]:
    """Returns the probabilities (M, K) of the validation split by the network of a run, at its best epoch if stored."""
    if run.validation is not None:
        return run.validation
    return probabilities_of(run, dataset, dataset.members("validation"), device)


def probabilities_of(
    run: TrainingResult, dataset: Dataset, members: NDArray[np.int64], device: torch.device
) -> NDArray[np.float64]:
    """Returns the probabilities (M, K) float64 of records by the network of a run, computed on a device."""
    classifier = run.bundle.classifier.to(device)
    probabilities = class_probabilities(classifier, dataset.tokens, members)
    classifier.cpu()
    return probabilities


def seeded(config: RunConfig, index: int) -> RunConfig:
    """Returns the settings of the member of that index: the seeds of members follow each other."""
    return replace(config, training=replace(config.training, seed=config.training.seed + index))


def joined_bundle(runs: Sequence[TrainingResult], dataset: Dataset, provenance: Mapping[str, Any]) -> Bundle:
    """Returns the networks of the runs as one bundle with the mean of their metrics, not yet calibrated.

    Args:
        runs: one per member.
        dataset: its train and validation splits define which sequences are usual.
        provenance: goes into the bundle.
    """
    names = set.intersection(*(set(run.bundle.metrics) for run in runs))
    return replace(
        runs[0].bundle,
        members=tuple(run.bundle.classifier for run in runs),
        metrics={name: float(np.mean([run.bundle.metrics[name] for run in runs])) for name in sorted(names)},
        provenance=dict(provenance),
        novelty=_novelty(runs[0].bundle, dataset),
    )


def _novelty(bundle: Bundle, dataset: Dataset) -> Novelty:
    """Returns the usual lengths and compositions of the training sequences, or of the windows that training draws."""
    rng = np.random.default_rng(bundle.config.training.seed)
    training, held_out = (
        drawn.tokens.take(drawn.members)
        for drawn in (draw_labelled_sample(dataset, split, _DESCRIBED, rng) for split in ("train", "validation"))
    )
    turned = bundle.both_strands or bundle.config.augmentation.reverse_complement
    return describe(
        training,
        held_out,
        dataset.alphabet,
        both_strands=turned and dataset.alphabet.has_strands,
        windows=dataset.crop is not None,
    )


def training_counts(dataset: Dataset) -> NDArray[np.int64]:
    """Returns the training records (K,) int64 of each class; if windows are drawn, all classes have the same number."""
    if dataset.crop:
        return np.ones(len(dataset.classes), dtype=np.int64)
    return np.bincount(dataset.labels[dataset.members("train")], minlength=len(dataset.classes))


def class_shares(dataset: Dataset) -> list[float]:
    """Returns the share (K,) of each class in training."""
    counts = training_counts(dataset)
    return [float(share) for share in counts / counts.sum()]
