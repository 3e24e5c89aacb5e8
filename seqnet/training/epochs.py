"""Trains one epoch after the other on the train split, and measures the validation split.

In: a dataset, settings and a device. Out: an `EpochRow` for each epoch, and a trained classifier.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from seqnet.configs.run import RunConfig
from seqnet.configs.training import TrainingConfig
from seqnet.core.errors import SettingError
from seqnet.core.printable import counted
from seqnet.datasets.dataset import Dataset
from seqnet.evaluation.imbalance import balanced_accuracy, class_weights, how_balanced
from seqnet.evaluation.metrics import measure
from seqnet.models.probabilities import class_probabilities
from seqnet.models.scoring import prefers_bfloat16
from seqnet.nn.batching import on_device
from seqnet.nn.devices import moved
from seqnet.training.batches import TrainingBatches
from seqnet.training.boosting import grow
from seqnet.training.compilation import compiled
from seqnet.training.history import EpochRow
from seqnet.training.initialization import make_classifier, seed_torch
from seqnet.training.observer import Observer
from seqnet.training.optimization import Penalties, Stepper, learning_rate, make_optimizer
from seqnet.training.processes import ALONE, BatchPart, Processes
from seqnet.training.warm_start import Kept, StartingWeights
from seqnet.training.window_batches import WindowBatches

__all__ = ["EpochFitter"]


class EpochFitter:
    """Fits the classifier of a dataset, epoch by epoch.

    Args:
        dataset: its train split is fitted, its validation split measured.
        config: all settings.
        device: device for the computation.
        start: weights to start from; None for random ones.
        processes: those that train together.

    Raises:
        LabelError: the train split is empty or lacks a class.
        SettingError: the settings don't suit the dataset, or the number of processes.

    Attributes:
        classifier: what is fitted.
        config: the settings, with `auto` of `balance` and `precision` replaced by the choice.
        feeder: makes the batches.
        kept: the weights that the classifier has from the model that it starts from.
        parameters: all weights that are trained.
        optimizer: of the weights.
        penalties: on weights and activities; a context, within which an epoch is fitted.
        validation: (M,) int64, the records of the validation split.
        validation_probabilities: (M, K) float64, of the validation split after the last epoch; None without one.
    """

    def __init__(
        self,
        dataset: Dataset,
        config: RunConfig,
        device: torch.device,
        start: StartingWeights | None = None,
        processes: Processes = ALONE,
    ) -> None:
        self.dataset, self.device, self.processes = dataset, device, processes
        self.classifier = make_classifier(dataset, config)
        self.kept = Kept()
        if start is not None:
            self.kept = start.load_into(self.classifier, dataset.classes, freeze=config.training.freeze)
        self.classifier.to(device)
        _check_batch_size(self.classifier, config, processes.size)
        self.feeder = (
            WindowBatches(dataset, config) if dataset.crop else TrainingBatches(dataset, config, self.classifier)
        )
        # The choice of `auto`, so that a checkpoint from before there was `auto` belongs to the same run.
        balance = how_balanced(config.training, self.feeder.class_counts)
        precision = _precision(config.training, device)
        self.config = replace(config, training=replace(config.training, balance=balance, precision=precision))
        self.parameters = [weight for weight in self.classifier.parameters() if weight.requires_grad]
        self.optimizer = make_optimizer(self.classifier, config.training, self.kept.names)
        self.stepper = Stepper(self.optimizer)
        self.penalties = Penalties(self.classifier, config.training)
        self.forward = self._forward()
        self.validation = dataset.members("validation")
        self.validation_probabilities: NDArray[np.float64] | None = None
        self.class_weights, self.offsets = self._weigh_classes()
        self.cpu_weights = None if self.class_weights is None else self.class_weights.cpu()

    def _forward(self) -> Callable[[Tensor, Tensor | None], Tensor]:
        """Returns the classifier as training calls it, compiled if the settings say so."""
        training = self.config.training
        if not training.compile:
            return self.processes.wrapped(self.classifier)
        if self.processes.size > 1:
            raise SettingError("training.compile", True, problem="can't be combined with several processes")
        if training.activity_l2:
            raise SettingError("training.compile", True, problem="can't be combined with training.activity_l2")
        if not self.feeder.one_length:
            raise SettingError("training.compile", True, problem="needs sequences of one length")
        return compiled(self.classifier)

    def _weigh_classes(self) -> tuple[Tensor | None, Tensor | None]:
        """Returns the weight of each class in the loss, and the number added to its logit there, (K,) each, or None.

        Within the loss, the network starts without a preference for a class; so outside of it, it has one.
        """
        counts = self.feeder.class_counts
        way = self.config.training.balance
        if way == "none":
            return None, None
        weights = torch.tensor(class_weights(counts), dtype=torch.float32, device=self.device)
        if not self.kept.head:  # A head that is kept already has the right preference.
            self.classifier.shift(-weights.log())
        return weights if way == "weights" else None, weights.log()

    def grow_trees(self, observer: Observer) -> None:
        """Grows the trees beside the network, if it has any."""
        if self.classifier.trees is None:
            return
        count = grow(self.classifier, self.dataset, self.config) if self.processes.first else 0
        self.processes.align(self.classifier)
        rounds = len(self.classifier.trees.feature)
        observer.note(
            f"fitted {counted(rounds, 'trees')} to the profiles of {count:,} sequences; "
            "predictions are a mean of the trees and the network"
        )

    def fit(self, number: int, observer: Observer) -> EpochRow:
        """Trains on the train split once and returns the row of this epoch."""
        training, steps = self.config.training, self.feeder.steps()
        # Dropout depends only on seed and epoch, so that a resumed run is the same as an uninterrupted one.
        seed_torch(training.seed * 1_000_003 + number + self.processes.seed)
        self.classifier.train()
        for module in self.kept.frozen:
            module.eval()
        # Summed on the device, so that the CPU rarely waits for it; MPS has no float64.
        losses = torch.zeros((), device=self.device)
        right = torch.zeros((), dtype=torch.int64, device=self.device)
        total, seen, rate = 0.0, 0, 0.0
        for done, batch in enumerate(self.feeder.epoch(number), 1):
            rate = learning_rate(training, (number - 1) * steps + done - 1, training.epochs * steps)
            part = self.processes.part(batch, self.cpu_weights)
            loss, logits, targets = self._fit_batch(part, rate)
            losses += loss.detach() * part.rows
            if part.weight:
                right += (logits.argmax(dim=1) == (targets if targets.dim() == 1 else targets.argmax(dim=1))).sum()
            seen += part.rows
            if done % 50 == 0 or done == steps:
                total += float(self.processes.summed(losses)) / self.processes.size
                losses.zero_()
                if not math.isfinite(total):
                    raise self._diverged()
                observer.step(number, done, steps, total / seen)
        self.processes.align(self.classifier)  # other processors may round otherwise
        measured = {"train_loss": total / seen, "train_accuracy": int(self.processes.summed(right)) / seen}
        measured |= self._validate()
        values = self.processes.agreed(list(measured.values()))
        columns = dict(zip(measured, values, strict=True))
        return EpochRow(epoch=number, step=number * steps, learning_rate=rate, **columns)

    def _fit_batch(self, part: BatchPart, rate: float) -> tuple[Tensor, Tensor, Tensor]:
        training = self.config.training
        tokens, lengths = on_device(part.tokens, part.lengths, self.device)
        targets = moved(part.targets, self.device)
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["factor"]
        with torch.autocast(self.device.type, torch.bfloat16, enabled=training.precision == "bfloat16"):
            logits = self.forward(tokens, lengths)
        logits = logits.float()
        loss = functional.cross_entropy(
            logits if self.offsets is None else logits + self.offsets,
            targets,
            weight=self.class_weights,
            label_smoothing=training.label_smoothing,
        )
        if part.weight != 1:
            loss = loss * part.weight
        loss = self.penalties.added_to(loss, part.share)
        for parameter in self.parameters:
            parameter.grad = None
        loss.backward()  # type: ignore[no-untyped-call]
        if training.clip_norm:
            nn.utils.clip_grad_norm_(self.parameters, training.clip_norm)
        self.stepper.step()
        return loss, logits, targets

    def _diverged(self) -> SettingError:
        rate = self.config.training.learning_rate
        problem = f"{rate:g} is too high: training diverged (the loss is NaN or infinite); use a lower one"
        return SettingError("training.learning_rate", rate, problem=problem)

    def _validate(self) -> dict[str, float]:
        """Returns the validation columns of a row, after checking that the weights are finite."""
        if not all(bool(weight.isfinite().all()) for weight in self.classifier.parameters()):
            raise self._diverged()
        names = {"loss": "log_loss", "accuracy": "accuracy", "auroc": "auroc"}
        if not len(self.validation):
            return {f"validation_{name}": math.nan for name in names}
        probabilities = self.processes.scored(
            self.validation,
            len(self.dataset.classes),
            lambda members: class_probabilities(self.classifier, self.dataset.tokens, members),
        )
        if not np.isfinite(probabilities).all():
            raise self._diverged()
        labels = self.dataset.labels[self.validation].astype(np.int64)
        self.validation_probabilities = probabilities
        values = measure(labels, probabilities, positive=self.dataset.positive, names=tuple(names.values()))
        if self.dataset.targets is not None:
            values["log_loss"] = _cross_entropy(self.dataset.targets[self.validation], probabilities)
        balanced = balanced_accuracy(labels, probabilities, self.feeder.class_counts)
        return {f"validation_{name}": values[metric] for name, metric in names.items()} | {
            "validation_balanced_accuracy": balanced
        }


def _precision(training: TrainingConfig, device: torch.device) -> str:
    """Returns the number format of the computation: `float32` or `bfloat16`; `auto` is resolved."""
    if training.precision != "auto":
        return training.precision
    return "bfloat16" if prefers_bfloat16(device) else "float32"


def _cross_entropy(targets: NDArray[np.float32], probabilities: NDArray[np.float64]) -> float:
    """Returns the mean cross-entropy of probabilities (M, K) against targets (M, K), in nats."""
    return float(-(targets * np.log(np.maximum(probabilities, np.finfo(np.float64).tiny))).sum(axis=1).mean())


def _check_batch_size(classifier: nn.Module, config: RunConfig, processes: int) -> None:
    """Checks that there are enough sequences in a batch for the network and for the processes.

    Raises:
        SettingError: there are not.
    """
    size = config.training.batch_size
    if size < processes:
        problem = f"must be at least {processes}, the number of processes"
        raise SettingError("training.batch_size", size, problem=problem)
    if size == 1 and any(isinstance(module, nn.BatchNorm1d) for module in classifier.modules()):
        problem = "must be at least 2, because the network has batch normalisation"
        raise SettingError("training.batch_size", 1, problem=problem)
