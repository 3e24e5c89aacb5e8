"""The training loop: Dataset → Bundle.

The train split is fitted, the validation split chooses the epoch that is kept, the test split is not touched.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from seqnet.configs.run import RunConfig
from seqnet.core.errors import ContainerError, LabelError, ResourceError, SettingError
from seqnet.core.outputs import whole_file
from seqnet.core.printable import counted
from seqnet.datasets.dataset import Dataset
from seqnet.evaluation.imbalance import balanced_accuracy, class_weights, how_balanced
from seqnet.evaluation.metrics import measure
from seqnet.models.bundles import Bundle
from seqnet.models.probabilities import class_probabilities
from seqnet.nn.devices import moved, out_of_memory
from seqnet.nn.networks import Classifier
from seqnet.nn.plm import settled
from seqnet.training.batches import TrainingBatches
from seqnet.training.boosting import grow
from seqnet.training.checkpoints import TrainingProgress, restore, save_checkpoint
from seqnet.training.compilation import compiled
from seqnet.training.history import EpochRow
from seqnet.training.optimization import Penalties, Stepper, clip, learning_rate, make_optimizer
from seqnet.training.precomputed_embeddings import precompute_embeddings
from seqnet.training.window_batches import WindowBatches

__all__ = ["Observer", "TrainingResult", "make_classifier", "train"]


class Observer(Protocol):
    """Who is told how training goes."""

    def note(self, text: str) -> None:
        """Is told a fact about the run, once."""

    def step(self, epoch: int, done: int, steps: int, loss: float) -> None:
        """Is told every 50 batches and after the last: epoch (from 1), batches done, of how many, and the mean loss."""

    def epoch(self, row: EpochRow, best: bool) -> None:
        """Is told after each epoch, and whether it is the best so far."""


@dataclass(frozen=True)
class TrainingResult:
    """What a run came to.

    Attributes:
        bundle: the trained model, with the weights of the best epoch.
        rows: one per epoch.
        best_epoch: number of the epoch that was kept.
        interruption: what stopped it early, Ctrl-C or a signal; None if nothing did.
        validation: (M, K) float64, what the network says of the validation split; None where there is none, or the best
            epoch was before a run that was resumed.
        fitted: epochs that this process fitted; a resumed run has more rows.
    """

    bundle: Bundle
    rows: list[EpochRow]
    best_epoch: int
    interruption: KeyboardInterrupt | None
    validation: NDArray[np.float64] | None = None
    fitted: int = 0


def make_classifier(dataset: Dataset, config: RunConfig) -> Classifier:
    """Returns the untrained classifier of a dataset; its weights are a function of the seed.

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
        _seed(config.training.seed)
        return Classifier(dataset.alphabet, len(dataset.classes), config.encoder, config.network, window)


def _seed(value: int) -> None:
    # torch takes 64 bits.
    torch.manual_seed(value % 2**63)


class _Run:
    """The state of one run."""

    def __init__(
        self, dataset: Dataset, config: RunConfig, device: torch.device, checkpoint: Path | None, dataset_hash: str
    ) -> None:
        self.dataset, self.device = dataset, device
        self.checkpoint, self.dataset_hash = checkpoint, dataset_hash
        self.classifier = make_classifier(dataset, config).to(device)
        normed = any(isinstance(module, nn.BatchNorm1d) for module in self.classifier.modules())
        if normed and config.training.batch_size == 1:
            problem = "must be at least 2, because the network has batch normalisation"
            raise SettingError("training.batch_size", 1, problem=problem)
        self.feeder = (
            WindowBatches(dataset, config) if dataset.crop else TrainingBatches(dataset, config, self.classifier)
        )
        # What `auto` came to: a checkpoint of before there was `auto` is of the same run.
        balance = how_balanced(config.training, self.feeder.class_counts)
        self.config = replace(config, training=replace(config.training, balance=balance))
        self.parameters = list(self.classifier.parameters())
        self.optimizer = make_optimizer(self.classifier, config.training)
        self.stepper = Stepper(self.optimizer)
        self.penalties = Penalties(self.classifier, config.training)
        self.forward: Callable[[Tensor, Tensor], Tensor] = self.classifier
        if config.training.compile:
            if config.training.activity_l2:
                raise SettingError("training.compile", True, problem="can't be combined with training.activity_l2")
            if not self.feeder.one_length:
                raise SettingError("training.compile", True, problem="needs sequences of one length")
            self.forward = compiled(self.classifier)
        self.validation = dataset.members("validation")
        self.progress = TrainingProgress(rows=[])
        self.epochs_before = 0
        self.said: NDArray[np.float64] | None = None
        """What the network said of the validation split after the last epoch, (M, K)."""
        self.class_weights, self.offsets = self._weigh_classes()

    def _weigh_classes(self) -> tuple[Tensor | None, Tensor | None]:
        """Returns what each class weighs in the loss, and what is added to its logit there, (K,) or None for nothing.

        The network starts without a preference for a class within the loss, and so with one outside of it.
        """
        counts = self.feeder.class_counts
        way = self.config.training.balance
        if way == "none":
            return None, None
        weights = torch.tensor(class_weights(counts), dtype=torch.float32, device=self.device)
        self.classifier.shift(-weights.log())
        return weights if way == "weights" else None, weights.log()

    def grow_trees(self, observer: Observer) -> None:
        """Grows the trees beside the network, unless a checkpoint had them."""
        if self.classifier.trees is None or self.progress.rows:
            return
        count = grow(self.classifier, self.dataset, self.config)
        rounds = len(self.classifier.trees.feature)
        observer.note(
            f"fitted {counted(rounds, 'trees')} to the profiles of {count:,} sequences; "
            "predictions average the trees and the network"
        )

    def fit_epoch(self, number: int, observer: Observer) -> EpochRow:
        """Passes once over the train split and returns the row of that epoch."""
        training, steps = self.config.training, self.feeder.steps()
        # Dropout is a function of seed and epoch, so that a resumed run draws as an unbroken one would.
        _seed(training.seed * 1_000_003 + number)
        self.classifier.train()
        # Summed on the device, so as to wait for it now and then only; MPS has no float64.
        losses = torch.zeros((), device=self.device)
        right = torch.zeros((), dtype=torch.int64, device=self.device)
        total, seen, rate = 0.0, 0, 0.0
        for done, batch in enumerate(self.feeder.epoch(number), 1):
            rate = learning_rate(training, (number - 1) * steps + done - 1, training.epochs * steps)
            loss, logits, labels = self._fit_batch(batch, rate)
            losses += loss.detach() * len(labels)
            right += (logits.argmax(dim=1) == labels).sum()
            seen += len(labels)
            if done % 50 == 0 or done == steps:
                total += float(losses)
                losses.zero_()
                if not math.isfinite(total):
                    raise self._diverged()
                observer.step(number, done, steps, total / seen)
        return EpochRow(
            epoch=number,
            step=number * steps,
            learning_rate=rate,
            train_loss=total / seen,
            train_accuracy=int(right) / seen,
            **self._validate(),
        )

    def _fit_batch(self, batch: tuple[Tensor, Tensor, Tensor], rate: float) -> tuple[Tensor, Tensor, Tensor]:
        training = self.config.training
        tokens, lengths, labels = (moved(tensor, self.device) for tensor in batch)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        with torch.autocast(self.device.type, torch.bfloat16, enabled=training.precision == "bfloat16"):
            logits = self.forward(tokens, lengths)
        logits = logits.float()
        loss = functional.cross_entropy(
            logits if self.offsets is None else logits + self.offsets,
            labels,
            weight=self.class_weights,
            label_smoothing=training.label_smoothing,
        )
        loss = self.penalties.added_to(loss)
        for parameter in self.parameters:
            parameter.grad = None
        loss.backward()  # type: ignore[no-untyped-call]
        if training.clip_norm:
            clip(self.parameters, training.clip_norm)
        self.stepper.step()
        return loss, logits, labels

    def _diverged(self) -> SettingError:
        rate = self.config.training.learning_rate
        problem = f"{rate:g} is too high: training diverged (the loss is NaN or infinite); use a lower one"
        return SettingError("training.learning_rate", rate, problem=problem)

    def _validate(self) -> dict[str, float]:
        """Returns the validation columns of a row, after a look at whether the weights are numbers still."""
        if not all(bool(weight.isfinite().all()) for weight in self.classifier.parameters()):
            raise self._diverged()
        names = {"loss": "log_loss", "accuracy": "accuracy", "auroc": "auroc"}
        if not len(self.validation):
            return {f"validation_{name}": math.nan for name in names}
        probabilities = class_probabilities(self.classifier, self.dataset.tokens, self.validation)
        if not np.isfinite(probabilities).all():
            raise self._diverged()
        labels = self.dataset.labels[self.validation].astype(np.int64)
        self.said = probabilities
        values = measure(labels, probabilities, positive=self.dataset.positive, names=tuple(names.values()))
        balanced = balanced_accuracy(labels, probabilities, self.feeder.class_counts)
        return {f"validation_{name}": values[metric] for name, metric in names.items()} | {
            "validation_balanced_accuracy": balanced
        }

    def take(self, row: EpochRow) -> bool:
        """Adds the row of an epoch, keeps its weights if it is the best, and writes the checkpoint."""
        before = self.progress
        value = getattr(row, f"validation_{self.config.training.monitor}")
        value = -value if self.config.training.monitor == "loss" else value
        # Without a number to judge by, the last epoch is the best.
        better = bool(np.isnan(value)) or value > before.best_value
        if value == before.best_value and before.rows:
            # Small validation splits often tie.
            better = row.validation_loss < before.rows[before.best_epoch - 1].validation_loss
        # One assignment, so that Ctrl-C finds the progress of before or of after.
        progress = replace(before, rows=[*before.rows, row])
        if better:
            progress.best_epoch = row.epoch
            progress.best_value = -math.inf if np.isnan(value) else value
            progress.best_said = self.said
            progress.best_weights = {key: tensor.clone() for key, tensor in self.classifier.state_dict().items()}
        self.progress = progress
        if self.checkpoint:
            with whole_file(self.checkpoint, force=True) as temporary:
                save_checkpoint(temporary, self.classifier, self.optimizer, progress, self.config, self.dataset_hash)
        return better

    @property
    def over(self) -> bool:
        """Whether there is nothing left to do."""
        rows, training = self.progress.rows, self.config.training
        stale = len(rows) - self.progress.best_epoch
        return len(rows) >= training.epochs or (training.patience is not None and stale >= training.patience)

    def describe(self, observer: Observer) -> None:
        """Tells what the user may not expect."""
        if not len(self.validation):
            observer.note("there is no validation split; the last epoch is kept")
        if self.feeder.longer:
            longer = counted(self.feeder.longer, "training sequences are")
            observer.note(
                f"{longer} longer than the network's window of {self.classifier.window}: training uses a random part "
                "of each in every epoch; prediction averages overlapping windows"
            )

    def go_on(self, observer: Observer) -> None:
        """Takes the run up where its checkpoint left it, if there is one."""
        path, training = self.checkpoint, self.config.training
        if path is None or not path.exists():
            observer.note("there is no checkpoint; starting at epoch 1")
            return
        self.progress = restore(path, self.classifier, self.optimizer, self.config, self.dataset_hash)
        self.epochs_before = len(self.progress.rows)
        done = len(self.progress.rows)
        if done > training.epochs:
            problem = f"the checkpoint has {counted(done, 'epochs')}, more than the {training.epochs} of this run"
            raise ContainerError(str(path), problem, "ask for more epochs, or leave out --resume")
        if self.over:
            observer.note(f"the run is complete: {done} of {training.epochs} epochs")
            return
        observer.note(f"continuing after epoch {done} of {training.epochs}")
        if self.progress.epochs != training.epochs and training.schedule != "constant":
            observer.note(
                f"the run was started with {counted(self.progress.epochs, 'epochs')}; the learning rate from here on "
                "differs from that of an uninterrupted run"
            )

    def result(self, interruption: KeyboardInterrupt | None, provenance: Mapping[str, Any]) -> TrainingResult:
        """Returns the network of the best epoch and what led there."""
        progress, dataset = self.progress, self.dataset
        assert progress.best_weights is not None
        self.classifier.load_state_dict(progress.best_weights)
        best = progress.rows[progress.best_epoch - 1]
        names = ("validation_loss", "validation_accuracy", "validation_auroc")
        known = {name: getattr(best, name) for name in names if not math.isnan(getattr(best, name))}
        bundle = Bundle(
            members=(self.classifier.cpu().eval(),),
            alphabet=dataset.alphabet,
            classes=dataset.classes,
            positive=dataset.positive,
            config=self.config,
            window=self.classifier.window,
            metrics={"epoch": float(best.epoch)} | known,
            provenance=dict(provenance),
        )
        fitted = len(progress.rows) - self.epochs_before
        return TrainingResult(bundle, progress.rows, progress.best_epoch, interruption, progress.best_said, fitted)


def train(
    dataset: Dataset,
    config: RunConfig,
    observer: Observer,
    *,
    device: torch.device,
    checkpoint: Path | None = None,
    resume: bool = False,
    dataset_hash: str = "",
    provenance: Mapping[str, Any] | None = None,
) -> TrainingResult:
    """Returns the classifier fitted to a dataset.

    The same dataset, settings, device and number of threads give bit-identical weights on the CPU.

    Args:
        dataset: its train split is fitted, its validation split chooses the epoch.
        config: all settings.
        observer: is told how it goes.
        device: where to compute.
        checkpoint: file that is written after each epoch; None for none.
        resume: whether to go on from `checkpoint`, if it is there.
        dataset_hash: SHA-256 of the dataset file, by which a checkpoint knows its run.
        provenance: goes into the bundle.

    Raises:
        KeyboardInterrupt: the user stopped it before the first epoch was over; later, the best so far is returned.
        SeqnetError: the settings don't suit the dataset, or the checkpoint is of another run, or of one of more epochs.
    """
    config = replace(config, encoder=settled(config.encoder, dataset.alphabet, observer.note))
    with torch.random.fork_rng(devices=[]), _enough_memory(config, device):
        run = _Run(dataset, config, device, checkpoint, dataset_hash)
        run.describe(observer)
        if resume:
            run.go_on(observer)
        precompute_embeddings(run.classifier, dataset, config, observer.note, over=run.over)
        interruption = None
        try:
            run.grow_trees(observer)
            with run.penalties:
                while not run.over:
                    dataset.check_whole()
                    row = run.fit_epoch(len(run.progress.rows) + 1, observer)
                    observer.epoch(row, run.take(row))
        except KeyboardInterrupt as stop:
            if not run.progress.rows:
                raise
            interruption = stop
        return run.result(interruption, provenance or {})


@contextmanager
def _enough_memory(config: RunConfig, device: torch.device) -> Iterator[None]:
    """Makes one error of all that too little memory raises, whether for the network or for a batch.

    Raises:
        ResourceError: there is too little memory.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        problem = f"there is too little memory for this network and batches of {config.training.batch_size}"
        raise ResourceError(str(device), problem, "use a smaller training.batch_size or a smaller network") from error
