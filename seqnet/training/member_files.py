"""A network to train, and its result, as files and JSON values, so that another process can train it.

The files are in a temporary folder: the split of the records, the weights to start from, the trained network, and its
probabilities of the validation split. The dataset is not copied if its file still has the same records; otherwise it is
written to the folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file, save

from seqnet.configs.run import RunConfig
from seqnet.core.errors import ContainerError
from seqnet.core.outputs import temporary_files
from seqnet.datasets.dataset import Dataset, open_dataset, save_dataset
from seqnet.models.bundles import open_bundle, write_bundle
from seqnet.training.fit import TrainingResult
from seqnet.training.history import EpochRow
from seqnet.training.members import Member
from seqnet.training.warm_start import StartingWeights

__all__ = ["MemberFiles", "stored_member", "stored_result", "write_result"]


class MemberFiles:
    """Writes what other processes need to train networks.

    Args:
        folder: where the files are written; the caller removes it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._datasets: list[tuple[Dataset, Path]] = []

    def write(self, number: int, member: Member) -> dict[str, Any]:
        """Writes what is needed for a network, and returns the JSON values for `stored_member`.

        Args:
            number: of the network, from 0.
            member: the network.

        Raises:
            ResourceError: there is too little space for temporary files.
        """
        with temporary_files():
            dataset, split = self._file_of(member.dataset), self.folder / f"{number}.split.npy"
            _save(split, member.dataset.split)
            start = None if member.start is None else self._start(number, member.start)
        return {
            "title": member.title,
            "label": member.label,
            "dataset": str(dataset),
            "split": str(split),
            "config": member.config.to_dict(),
            "checkpoint": None if member.checkpoint is None else str(member.checkpoint),
            "identity": member.identity,
            "start": start,
        }

    def _file_of(self, dataset: Dataset) -> Path:
        """Returns a file with the records of a dataset; the split may be another."""
        for known, path in self._datasets:
            if known.tokens is dataset.tokens and known.labels is dataset.labels and known.groups is dataset.groups:
                return path
        path = dataset.path
        if dataset.digest or not _holds(path, dataset):
            path = self.folder / f"{len(self._datasets)}.dataset.safetensors"
            save_dataset(path, dataset)
        self._datasets.append((dataset, path))
        return path

    def _start(self, number: int, start: StartingWeights) -> dict[str, Any]:
        path = self.folder / f"{number}.start.safetensors"
        path.write_bytes(save({name: np.ascontiguousarray(weight.numpy()) for name, weight in start.weights.items()}))
        return {"model": start.model, "classes": list(start.classes), "weights": str(path)}


def _save(path: Path, array: NDArray[Any]) -> None:
    """Writes an array; unlike that of NumPy, an error has its number."""
    content = BytesIO()
    np.save(content, array, allow_pickle=False)
    path.write_bytes(content.getbuffer())


def _holds(path: Path, dataset: Dataset) -> bool:
    """Returns whether a file has the records of a dataset; the split may be another."""
    try:
        there = open_dataset(path)
    except (ContainerError, OSError):
        return False
    names = ("alphabet", "classes", "positive", "generators", "crop")
    if any(getattr(there, name) != getattr(dataset, name) for name in names):
        return False
    pairs: list[tuple[NDArray[Any], NDArray[Any]]] = [
        (there.tokens.offsets, dataset.tokens.offsets),
        (there.tokens.data, dataset.tokens.data),
        (there.labels, dataset.labels),
        (there.groups, dataset.groups),
    ]
    return all(np.array_equal(one, other) for one, other in pairs)


def stored_member(values: Mapping[str, Any]) -> Member:
    """Returns the network that `MemberFiles.write` has written.

    Raises:
        ContainerError: the dataset was changed.
    """
    start = values["start"]
    weights = None
    if start is not None:
        tensors = {name: torch.from_numpy(array) for name, array in load_file(start["weights"]).items()}
        weights = StartingWeights(start["model"], tensors, tuple(start["classes"]))
    dataset, split = _opened(values["dataset"]), np.load(values["split"], allow_pickle=False)
    if len(split) != len(dataset):
        raise ContainerError(values["dataset"], "the dataset was changed while training began", "start again")
    return Member(
        title=values["title"],
        label=values["label"],
        dataset=replace(dataset, split=split),
        config=RunConfig.from_dict(values["config"]),
        checkpoint=None if values["checkpoint"] is None else Path(values["checkpoint"]),
        identity=values["identity"],
        start=weights,
    )


@lru_cache(maxsize=1)
def _opened(path: str) -> Dataset:
    return open_dataset(Path(path))


def write_result(folder: Path, number: int, result: TrainingResult) -> dict[str, Any]:
    """Writes the result of a network, and returns the JSON values for `stored_result`.

    Args:
        folder: where the files are written.
        number: of the network, from 0.
        result: its result.

    Raises:
        ResourceError: there is too little space for temporary files.
    """
    said = None if result.validation is None else folder / f"{number}.validation.npy"
    model = folder / f"{number}.model.safetensors"
    with temporary_files():
        write_bundle(model, result.bundle)
        if said is not None and result.validation is not None:
            _save(said, result.validation)
    return {
        "model": str(model),
        "rows": [asdict(row) for row in result.rows],
        "best_epoch": result.best_epoch,
        "interrupted": result.interruption is not None,
        "validation": None if said is None else str(said),
        "fitted": result.fitted,
    }


def stored_result(values: Mapping[str, Any], stop: KeyboardInterrupt | None) -> TrainingResult:
    """Returns what `write_result` has written.

    Args:
        values: its JSON values.
        stop: what stopped those that were stopped.
    """
    said = values["validation"]
    return TrainingResult(
        bundle=open_bundle(Path(values["model"])),
        rows=[EpochRow(**row) for row in values["rows"]],
        best_epoch=values["best_epoch"],
        interruption=stop if values["interrupted"] else None,
        validation=None if said is None else np.load(said, allow_pickle=False),
        fitted=values["fitted"],
    )
