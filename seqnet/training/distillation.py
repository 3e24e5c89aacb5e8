"""A small network that learns from the probabilities of a model: sequences without labels → a fast model.

Source: Hinton, Vinyals and Dean 2015, arXiv:1503.02531: cross-entropy with the probabilities of another model, here its
calibrated ones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from seqnet.configs.distillation import DistillOptions
from seqnet.configs.run import RunConfig, RunRequest, compose
from seqnet.configs.training import TrainingConfig
from seqnet.core.errors import LabelError, SettingError
from seqnet.core.printable import counted
from seqnet.core.ragged import Ragged
from seqnet.datasets.dataset import Dataset
from seqnet.datasets.encoding.unlabelled import DrawnSequences
from seqnet.datasets.recipes import Recipe, fitted_to
from seqnet.datasets.run_choice import ChosenRun
from seqnet.datasets.splits import SPLITS
from seqnet.evaluation import decide
from seqnet.evaluation.calibration import Calibration
from seqnet.models.bundles import Bundle
from seqnet.models.precision import changed_labels
from seqnet.models.probabilities import bundle_probabilities
from seqnet.models.scoring import ready
from seqnet.training.ensemble import calibrated
from seqnet.training.fit import NetworkJob, Observer, TrainingResult, train
from seqnet.training.members import TrainingJob
from seqnet.training.warm_start import WarmStart

__all__ = ["Distilled", "choose_student", "distill", "fast_card", "label_sequences", "piece_length"]

_LONGEST_PIECE = 1_000
"""Maximum length of a piece, unless the user names one; some models read any length at once."""
_LONGEST_READ = 100
"""Maximum length of pieces of DNA for the preset of reads, whose network has a fixed input length."""


@dataclass(frozen=True)
class Distilled:
    """A fast model, and how near it is to the model that it learned from.

    Attributes:
        bundle: the fast model.
        result: its training.
        agreement: share of the validation sequences that both give the same label.
    """

    bundle: Bundle
    result: TrainingResult
    agreement: float

    @property
    def line(self) -> str:
        """Summary in one line."""
        best, count = self.result.best_epoch, self.bundle.parameter_count
        return (
            f"kept epoch {best}; {counted(count, 'parameters')}; gives {self.agreement:.4f} of held-out sequences the "
            "same label"
        )


def piece_length(teacher: Bundle, options: DistillOptions) -> int:
    """Returns the length of the pieces that are drawn for a model."""
    return options.length or min(teacher.window, _LONGEST_PIECE)


def choose_student(teacher: Bundle, request: RunRequest, options: DistillOptions, length: int) -> ChosenRun:
    """Returns the settings of the fast model.

    Args:
        teacher: the model to learn from.
        request: what the user requests.
        options: number of sequences, and the seed.
        length: of the pieces.

    Raises:
        SettingError: a setting is unknown or wrong, or would change sequences or weights of classes after the model has
            labelled the sequences.
    """
    preset, recipe = request.preset, None
    if request.run is None:
        reads = teacher.alphabet.has_strands and length <= _LONGEST_READ
        preset = "dna-fast" if reads else "dilated-cnn"
        fitted = fitted_to(compose(preset).training, options.count)
        run = compose(preset, None, request.encoder, None, (*fitted, *request.assignments))
        recipe = Recipe(preset, fitted, f"{teacher.alphabet.name}, pieces of {length:,}").line
    else:
        run = request.run
    _check(run, teacher, length)
    if run.training.seed not in (TrainingConfig().seed, options.seed):
        problem = "is set by --seed, which is also the seed of the sequences"
        raise SettingError("training.seed", run.training.seed, problem=problem)
    both = teacher.classifier.both_strands
    strands = run.network.strands
    if teacher.alphabet.has_strands and strands == "auto" and not both:
        strands = "single"
    run = replace(
        run,
        network=replace(run.network, strands=strands),
        training=replace(run.training, balance="none", seed=options.seed),
        augmentation=replace(run.augmentation, reverse_complement=both),
    )
    return ChosenRun(run, preset, recipe)


def _check(run: RunConfig, teacher: Bundle, length: int) -> None:
    """Checks that the fast model is trained on the sequences as the model has labelled them.

    Raises:
        SettingError: they would be changed, or the fast model would have trees, which can't learn from probabilities.
    """
    if run.network.boosted is not None:
        raise SettingError("network.trees", run.network.boosted.rounds, problem="must be 0: trees need labels")
    if run.training.balance in ("weights", "oversample"):
        problem = "must be none: probabilities of a model are for its own class fractions"
        raise SettingError("training.balance", run.training.balance, problem=problem)
    for name in ("shift", "mutation_rate", "fresh_negatives", "fresh_shuffles"):
        value = getattr(run.augmentation, name)
        if value:
            problem = "must be off: the model has labelled the sequences as they are"
            raise SettingError(f"augmentation.{name}", value, problem=problem)
    both = teacher.classifier.both_strands
    if not both and (run.network.strands == "both" or run.augmentation.reverse_complement):
        place = "network.strands" if run.network.strands == "both" else "augmentation.reverse_complement"
        problem = "needs a model that uses both strands; this one uses one strand"
        raise SettingError(place, "both" if place == "network.strands" else True, problem=problem)
    if run.network.window is not None and run.network.window < length:
        raise SettingError("network.window", run.network.window, f"at least {length}, the length of the pieces")


def label_sequences(
    teacher: Bundle, drawn: DrawnSequences, *, progress: Callable[[int], None] = lambda records: None
) -> Dataset:
    """Returns a dataset of the sequences, with the calibrated probabilities of a model as targets.

    Args:
        teacher: the model, on its device; it computes in its fastest precision that keeps labels.
        drawn: N sequences.
        progress: called with the number of sequences that were labelled since the last call.

    Raises:
        LabelError: the model gives no sequence to one of its classes.
    """
    members = ready(teacher, "auto")
    found = bundle_probabilities(teacher, drawn.tokens, members=members, progress=progress).probabilities
    labels = decide(found).astype(np.int32)
    train = ~drawn.validation
    missing = np.flatnonzero(np.bincount(labels[train], minlength=len(teacher.classes)) == 0)
    if len(missing):
        name = teacher.classes[int(missing[0])]
        problem = f"the model gives this label to none of {int(train.sum()):,} sequences"
        raise LabelError(f"class {name}", problem, "give SEQUENCES of this class")
    count = len(drawn.tokens)
    return Dataset(
        path=Path("sequences"),
        alphabet=teacher.alphabet,
        classes=teacher.classes,
        positive=teacher.positive,
        generators={},
        crop=None,
        tokens=drawn.tokens,
        names=Ragged(np.zeros(0, dtype=np.uint8), np.zeros(count + 1, dtype=np.int64)),
        labels=labels,
        groups=np.arange(count, dtype=np.int64),
        split=np.where(drawn.validation, SPLITS.index("validation"), SPLITS.index("train")).astype(np.uint8),
        provenance={},
        targets=found.astype(np.float32),
    )


def distill(
    job: TrainingJob, start: WarmStart, observer: Observer, *, real: int = 0, labelled: Dataset | None = None
) -> Distilled:
    """Returns the fast model.

    Args:
        job: what it is fitted to (see `label_sequences`), its settings and its provenance.
        start: the model that it learns from.
        observer: receives progress and messages.
        real: number of the sequences that are pieces of real ones, for the card.
        labelled: dataset with true labels, whose validation split calibrates the fast model; None to keep the threshold
            of the model, whose probabilities it has learned.

    Raises:
        KeyboardInterrupt: the user stopped it before the first epoch was over.
        SeqnetError: see `seqnet.training.fit.train`.
    """
    dataset, members, teacher = job.dataset, job.dataset.members("validation"), start.bundle
    result = train(NetworkJob(dataset, job.config, job.device, provenance=job.provenance), observer)
    own = teacher.calibration
    calibration = Calibration(threshold=own.threshold, shares=own.shares, criterion=own.criterion)
    bundle = replace(result.bundle, novelty=teacher.novelty, calibration=calibration)
    if labelled is not None:
        held_out = labelled.members("validation")
        raw = partial(_on_device, bundle, labelled.tokens, held_out, job.device)
        bundle = calibrated(bundle, raw, labelled, own.criterion, observer, job.device)
    else:
        probabilities = _on_device(bundle, dataset.tokens, members, job.device)
        bundle.to(job.device)
        changed = changed_labels(bundle, dataset.tokens, members, probabilities)
        bundle.to(torch.device("cpu"))
        bundle = replace(bundle, calibration=replace(calibration, changed=changed))
    agreement = _agreement(bundle, teacher, dataset, members, job.device)
    measured = bundle.metrics
    metrics = {"epoch": measured["epoch"], "agreement": agreement, "cross_entropy": measured["validation_loss"]}
    card = fast_card(start, dataset, real, agreement)
    return Distilled(replace(bundle, metrics=metrics, card=card), result, agreement)


def _on_device(bundle: Bundle, tokens: Ragged, members: NDArray[np.int64], device: torch.device) -> NDArray[np.float64]:
    """Returns the calibrated probabilities (M, K) float64 of records, computed on a device."""
    bundle.to(device)
    found = bundle_probabilities(bundle, tokens, members).probabilities
    bundle.to(torch.device("cpu"))
    return found


def _agreement(
    bundle: Bundle, teacher: Bundle, dataset: Dataset, members: NDArray[np.int64], device: torch.device
) -> float:
    """Returns the share of records with the same label by the fast model and by the model, each with its threshold."""
    assert dataset.targets is not None
    pair = (_on_device(bundle, dataset.tokens, members, device), dataset.targets[members].astype(np.float64))
    thresholds = (bundle.calibration.threshold, teacher.calibration.threshold)
    labels = [decide(found, bundle.positive, one) for found, one in zip(pair, thresholds, strict=True)]
    return float((labels[0] == labels[1]).mean())


def fast_card(start: WarmStart, dataset: Dataset, real: int, agreement: float) -> dict[str, Any]:
    """Returns the card of a fast model: what it learned from, and how near it is.

    Args:
        start: the model that it learned from.
        dataset: the sequences with the probabilities of the model.
        real: number of the sequences that are pieces of real ones.
        agreement: share of the validation sequences that both give the same label.
    """
    count, held_out = len(dataset), len(dataset.members("validation"))
    card: dict[str, Any] = {
        "title": f"fast version of {str(start.bundle.card.get('title') or start.name)[:1000]}",
        "teacher": {"model": start.name, "sha256": start.sha256},
        "training_data": f"probabilities that the teacher gives to {counted(count, 'sequences')}: "
        f"{counted(real, 'pieces')} of real sequences and {counted(count - real, 'random sequences')}",
        "agreement": f"{agreement:.4f} of {counted(held_out, 'validation sequences')} get the teacher's label",
    }
    kept = ("intended_use", "data_licence", "known_failures")
    return card | {key: start.bundle.card[key] for key in kept if key in start.bundle.card}
