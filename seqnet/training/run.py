"""The state of a training run: its epochs, the best one, and its checkpoint."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqnet.core.errors import ContainerError
from seqnet.core.outputs import whole_file
from seqnet.core.printable import counted
from seqnet.models.bundles import Bundle
from seqnet.training.checkpoints import TrainingProgress, restore, save_checkpoint
from seqnet.training.compilation import release
from seqnet.training.epochs import EpochFitter
from seqnet.training.history import EpochRow
from seqnet.training.observer import Observer

__all__ = ["Run", "TrainingResult"]


@dataclass(frozen=True)
class TrainingResult:
    """The result of a run.

    Attributes:
        bundle: the trained model, with the weights of the best epoch.
        rows: one per epoch.
        best_epoch: number of the epoch that was kept.
        interruption: Ctrl-C or a signal that stopped it early; None if it was not stopped.
        validation: (M, K) float64, probabilities of the validation split; None without one, or if the best epoch was
            before the run was resumed.
        fitted: epochs that this process fitted; a resumed run has more rows.
    """

    bundle: Bundle
    rows: list[EpochRow]
    best_epoch: int
    interruption: KeyboardInterrupt | None
    validation: NDArray[np.float64] | None = None
    fitted: int = 0


class Run:
    """The state of one run.

    Args:
        fitter: fits its epochs.
        checkpoint: file that is written after each epoch; None for none.
        identity: what identifies the run in a checkpoint, such as the SHA-256 of the dataset file.
    """

    def __init__(self, fitter: EpochFitter, checkpoint: Path | None, identity: str) -> None:
        self.fitter, self.classifier, self.config = fitter, fitter.classifier, fitter.config
        self.checkpoint, self.identity = checkpoint, identity
        self.progress = TrainingProgress(rows=[])
        self.epochs_before = 0

    def take(self, row: EpochRow) -> bool:
        """Adds the row of an epoch, keeps its weights if it is the best, and writes the checkpoint."""
        before = self.progress
        value = getattr(row, f"validation_{self.config.training.monitor}")
        value = -value if self.config.training.monitor == "loss" else value
        # Without a value, the last epoch is the best.
        better = bool(np.isnan(value)) or value > before.best_value
        if value == before.best_value and before.rows:
            # Small validation splits often tie.
            better = row.validation_loss < before.rows[before.best_epoch - 1].validation_loss
        # One assignment, so that after Ctrl-C the progress is either the old or the new one.
        progress = replace(before, rows=[*before.rows, row])
        if better:
            progress.best_epoch = row.epoch
            progress.best_value = -math.inf if np.isnan(value) else value
            progress.best_said = self.fitter.validation_probabilities
            progress.best_weights = {key: tensor.clone() for key, tensor in self.classifier.state_dict().items()}
        self.progress = progress
        if self.checkpoint and self.fitter.processes.first:
            with whole_file(self.checkpoint, force=True) as temporary:
                save_checkpoint(temporary, self.classifier, self.fitter.optimizer, progress, self.config, self.identity)
        return better

    @property
    def over(self) -> bool:
        """Whether the run is complete."""
        rows, training = self.progress.rows, self.config.training
        stale = len(rows) - self.progress.best_epoch
        return len(rows) >= training.epochs or (
            training.early_stopping is not None and stale >= training.early_stopping
        )

    def plan(self, epochs: int) -> None:
        """Sets the number of epochs, and with it the schedule of the learning rate."""
        self.fitter.config = replace(self.config, training=replace(self.config.training, epochs=epochs))
        self.config = self.fitter.config

    def describe(self, observer: Observer) -> None:
        """Reports what the user may not expect."""
        if not len(self.fitter.validation):
            observer.note("there is no validation split; the last epoch is kept")
        if self.fitter.feeder.longer:
            longer = counted(self.fitter.feeder.longer, "training sequences are")
            observer.note(
                f"{longer} longer than the network's window of {self.classifier.window}: training uses a random part "
                "of each in every epoch; prediction averages overlapping windows"
            )

    def go_on(self, observer: Observer) -> None:
        """Continues the run from its checkpoint, if there is one."""
        path, training = self.checkpoint, self.config.training
        if path is None or not path.exists():
            observer.note("there is no checkpoint; starting at epoch 1")
            return
        self.progress = restore(path, self.classifier, self.fitter.optimizer, self.config, self.identity)
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
        """Returns the network of the best epoch and its history."""
        progress, dataset = self.progress, self.fitter.dataset
        assert progress.best_weights is not None
        self.classifier.load_state_dict(progress.best_weights)
        self.fitter.processes.release(self.classifier)
        release(self.classifier)
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
