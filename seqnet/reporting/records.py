"""What training has written beside a model, if it is there: epochs, and the folds of a cross-validation.

In: a model and its path. Out: a `TrainingRecord`. A model file does not have its learning curves, so the files beside
it are read. Their numbers must be those of the model.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from seqnet.models.bundles import Bundle
from seqnet.training.history import EpochRow, kept_epoch, read_history

__all__ = ["Fold", "TrainingRecord", "training_record"]

_EQUAL = 1e-5
"""Relative difference between a number and its six digits in a file."""


@dataclass(frozen=True, slots=True)
class Fold:
    """One fold of a cross-validation.

    Attributes:
        sizes: numbers of records: fitted, choosing the epoch, held out.
        epoch: the epoch that was kept.
        metrics: metric → value on the records held out; NaN if undefined.
    """

    sizes: tuple[int, int, int]
    epoch: int
    metrics: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class TrainingRecord:
    """The course of a training.

    Attributes:
        runs: rows by epoch, of each network; empty if they are not known.
        kept: number of the epoch that each network has kept.
        folds: the folds of a cross-validation; empty if there were none, or they are not known.
        remarks: why something is not known, a line each.
    """

    runs: Sequence[Sequence[EpochRow]]
    kept: Sequence[int]
    folds: Sequence[Fold]
    remarks: Sequence[str]


def training_record(bundle: Bundle, path: Path | None) -> TrainingRecord:
    """Returns what is known about the training of a model.

    Args:
        bundle: the model.
        path: its file; None if it is not from a file.
    """
    if path is None:
        return TrainingRecord((), (), (), ["learning curves are not known: the model is not from a file"])
    stem = path.name.removesuffix(".safetensors")
    runs, remark = _runs(path.with_name(stem + ".history.tsv"), bundle)
    crossed = "folds" in bundle.provenance
    folds, other = _folds(path.with_name(stem + ".folds.json"), bundle) if crossed else ((), "")
    kept = [kept_epoch(rows, bundle.config.training.monitor) for rows in runs]
    return TrainingRecord(runs, kept, folds, [line for line in (remark, other) if line])


def _runs(path: Path, bundle: Bundle) -> tuple[Sequence[Sequence[EpochRow]], str]:
    """Returns the rows of each network, or none and the reason."""
    unknown = "learning curves are not known: "
    try:
        runs = read_history(path)
    except FileNotFoundError:
        return (), f"{unknown}there is no file {path.name} beside the model"
    except (OSError, ValueError, TypeError):
        return (), f"{unknown}{path.name} can't be read"
    weights = bundle.provenance.get("weights")
    # The history of a mixture has the networks that the model does not have, too.
    used = weights if isinstance(weights, list) and len(weights) == len(runs) else [1] * len(runs)
    monitor = bundle.config.training.monitor
    kept = [rows[kept_epoch(rows, monitor) - 1] for rows, weight in zip(runs, used, strict=True) if weight]
    if not kept:
        return (), f"{unknown}{path.name} is of another training"
    found = {"epoch": np.mean([row.epoch for row in kept])}
    found["validation_loss"] = np.mean([row.validation_loss for row in kept])
    same = len(kept) == len(bundle.members) and all(
        _equal(float(value), bundle.metrics.get(name, math.nan)) for name, value in found.items()
    )
    return (runs, "") if same else ((), f"{unknown}{path.name} is of another training")


def _folds(path: Path, bundle: Bundle) -> tuple[tuple[Fold, ...], str]:
    """Returns the folds, or none and the reason."""
    unknown = "the metrics of the folds are not known: "
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        folds = tuple(_fold(row) for row in found["folds"])
        mean = float(np.mean([fold.metrics["accuracy"] for fold in folds]))
    except FileNotFoundError:
        return (), f"{unknown}there is no file {path.name} beside the model"
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return (), f"{unknown}{path.name} can't be read"
    if len(folds) != len(bundle.members) or not _equal(mean, bundle.metrics.get("out_of_fold_accuracy", math.nan)):
        return (), f"{unknown}{path.name} is of another training"
    return folds, ""


def _fold(row: Mapping[str, Any]) -> Fold:
    sizes = int(row["fitted"]), int(row["choosing"]), int(row["held_out"])
    metrics = {name: math.nan if value is None else float(value) for name, value in row["metrics"].items()}
    return Fold(sizes, int(row["epoch"]), metrics)


def _equal(one: float, other: float) -> bool:
    return (math.isnan(one) and math.isnan(other)) or math.isclose(one, other, rel_tol=_EQUAL, abs_tol=_EQUAL)
