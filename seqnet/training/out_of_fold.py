"""Predictions of a cross-validation: each record by the network that was not trained on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from seqnet.datasets.dataset import Dataset
from seqnet.evaluation.calibration import Calibration, tempered
from seqnet.evaluation.scored_records import decide
from seqnet.prediction.text_table import Column, class_words, probability_columns, write_text_table
from seqnet.training.fit import TrainingResult
from seqnet.training.folds import Folds
from seqnet.training.members import probabilities_of

__all__ = ["OutOfFold", "predict_out_of_fold", "write_out_of_fold"]


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """The prediction of each record by the network that was not trained on it.

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


def predict_out_of_fold(
    runs: Sequence[TrainingResult],
    folds: Folds,
    dataset: Dataset,
    calibrations: Sequence[Calibration],
    device: torch.device,
) -> OutOfFold:
    """Returns the predictions of each network for the records of its fold."""
    raw = np.empty((len(folds.members), len(dataset.classes)))
    probabilities, labels = np.empty_like(raw), np.empty(len(raw), dtype=np.int64)
    fold = folds.fold
    for index, (run, calibration) in enumerate(zip(runs, calibrations, strict=True)):
        own = fold == index
        raw[own] = probabilities_of(run, dataset, folds.members[own], device)
        probabilities[own] = tempered(raw[own], calibration.temperature)
        labels[own] = decide(probabilities[own], dataset.positive, calibration.threshold)
    return OutOfFold(dataset, folds.members, fold, raw, probabilities, labels)


def write_out_of_fold(target: Path, found: OutOfFold) -> None:
    """Writes one line per record as tab-separated values: name, fold from 1, class, label, one p_CLASS per class."""
    classes = found.dataset.classes
    columns: dict[str, Column] = {
        "name": found.dataset.names.take(found.members),
        "fold": found.fold + 1,
        "class": class_words(classes, found.truth),
        "label": class_words(classes, found.labels),
    }
    write_text_table(target, columns | probability_columns(classes, found.probabilities))
