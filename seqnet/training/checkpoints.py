"""What a run needs to continue as if it had never stopped: weights, best weights, optimiser, history.

Batches and dropout of an epoch depend only on seed and epoch, so no state of a random generator is saved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seqnet.configs.run import RunConfig
from seqnet.core.containers import read_container, write_container
from seqnet.core.errors import ContainerError, SettingError
from seqnet.core.printable import shortened
from seqnet.datasets.file_schemas import check_description
from seqnet.nn.networks import Classifier
from seqnet.training.history import EpochRow

__all__ = ["TrainingProgress", "restore", "save_checkpoint"]

_REMEDY = "start again without --resume"
# What may differ between the run that stopped and the one that continues.
_FREE = ("epochs", "early_stopping", "cache", "baseline_records")


@dataclass
class TrainingProgress:
    """How far a run has come.

    Attributes:
        rows: one per finished epoch.
        best_epoch: number of the best epoch, 0 before the first.
        best_value: its value, larger is better.
        best_weights: its weights.
        epochs: number of epochs that the run was planned for.
        best_said: its probabilities (M, K) of the validation split; not in a checkpoint.
    """

    rows: list[EpochRow]
    best_epoch: int = 0
    best_value: float = -np.inf
    best_weights: dict[str, Tensor] | None = None
    epochs: int = 0
    best_said: NDArray[np.float64] | None = None


def save_checkpoint(
    path: Path,
    classifier: Classifier,
    optimizer: torch.optim.Optimizer,
    progress: TrainingProgress,
    config: RunConfig,
    dataset_hash: str,
) -> None:
    """Writes the state of a run at the end of an epoch."""
    tensors: dict[str, NDArray[Any]] = {}
    tensors |= {f"model.{name}": tensor.cpu().numpy() for name, tensor in classifier.state_dict().items()}
    tensors |= {f"best.{name}": tensor.cpu().numpy() for name, tensor in (progress.best_weights or {}).items()}
    for index, state in optimizer.state_dict()["state"].items():
        tensors |= {
            f"optimizer.{index}.{name}": value.cpu().numpy() for name, value in state.items() if value is not None
        }
    description = {
        "config": config.to_dict(),
        "dataset": dataset_hash,
        "rows": [{name: _encoded(value) for name, value in asdict(row).items()} for row in progress.rows],
        "best_epoch": progress.best_epoch,
        "best_value": _encoded(progress.best_value),
    }
    write_container(path, "checkpoint", description, tensors)


def _encoded(value: float) -> float | str:
    """Returns a number that JSON can hold; NaN and infinities become words that `float` reads."""
    return value if isinstance(value, int) or np.isfinite(value) else str(value)


def restore(
    path: Path, classifier: Classifier, optimizer: torch.optim.Optimizer, config: RunConfig, dataset_hash: str
) -> TrainingProgress:
    """Sets classifier and optimiser to the state of a checkpoint, and returns its progress.

    Raises:
        ContainerError: the checkpoint is damaged, or is of another run.
    """
    container = read_container(path, ["checkpoint"], _REMEDY)
    about = container.description
    check_description(str(path), about, _REMEDY)
    _check_same_run(path, about, config, dataset_hash)
    parts: dict[str, dict[str, Tensor]] = {"model": {}, "best": {}, "optimizer": {}}
    try:
        for name, array in container.tensors.items():
            part, _, rest = name.partition(".")
            parts[part][rest] = torch.from_numpy(array.copy())
        for part in ("best", "model"):
            if not all(torch.isfinite(tensor).all() for tensor in parts[part].values()):
                raise ValueError("a weight is NaN or infinite")
            classifier.load_state_dict(parts[part])
        _restore_optimizer(optimizer, parts["optimizer"])
        rows = [EpochRow(**{key: _decoded(value) for key, value in row.items()}) for row in about["rows"]]
        best_epoch, best_value = about["best_epoch"], float(about["best_value"])
        planned = RunConfig.from_file(about["config"]).training.epochs
    except (RuntimeError, ValueError, TypeError, KeyError) as error:
        raise ContainerError(str(path), "the checkpoint is damaged", _REMEDY) from error
    return TrainingProgress(rows, best_epoch, best_value, parts["best"], planned)


def _restore_optimizer(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Puts the optimiser in the state of the tensors `INDEX.NAME`.

    Raises:
        ValueError: they are not the state of such an optimiser.
    """
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        index, _, key = name.partition(".")
        state.setdefault(int(index), {})[key] = tensor
    groups = optimizer.state_dict()["param_groups"]
    indices = {index for group in groups for index in group["params"]}
    if not indices >= state.keys() or len({frozenset(one) for one in state.values()}) > 1:
        raise ValueError("state of another optimiser")
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    for place, tensors_of in state.items():
        # A moment is of the weight's shape, a count of steps is a single number.
        if any(tensor.shape not in (parameters[place].shape, ()) for tensor in tensors_of.values()):
            raise ValueError("state of another optimiser")
    optimizer.load_state_dict({"state": state, "param_groups": groups})


def _decoded(value: Any) -> Any:
    return float(value) if isinstance(value, str) else value


def _check_same_run(path: Path, about: Mapping[str, Any], config: RunConfig, dataset_hash: str) -> None:
    if about.get("dataset") != dataset_hash:
        same = str(about.get("dataset")).partition(",")[0] == dataset_hash.partition(",")[0]
        what = "from another model, or with other folds" if same else "with another dataset"
        raise ContainerError(str(path), f"the checkpoint was made {what}", _REMEDY)
    try:
        # A setting that is newer than the checkpoint has its default.
        before, now = RunConfig.from_file(about["config"]).to_dict(), config.to_dict()
    except (AttributeError, KeyError, SettingError) as error:
        raise ContainerError(str(path), "the checkpoint is damaged", _REMEDY) from error
    for section, settings in now.items():
        for name, value in settings.items():
            old = before.get(section, {}).get(name)
            if old != value and name not in _FREE:
                problem = f"the checkpoint has {section}.{name} = {shortened(old)}, this run has {shortened(value)}"
                raise ContainerError(str(path), problem, f"use the same settings, or {_REMEDY}")
