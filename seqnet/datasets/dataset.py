"""The dataset file: labelled, split token sequences.

Tensors, for N records: `tokens` uint8 (ΣL,), `offsets` int64 (N+1,), `name_bytes` uint8 (ΣM,), `name_offsets` int64
(N+1,), `labels` int32 (N,), `groups` int64 (N,), `split` uint8 (N,). The description has `alphabet`, `classes`,
`positive`, `generators` (class → generator of its records; read classes are not in it), `crop` and `provenance`.
`docs/formats.md` is the specification.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from seqnet.core.alphabets import Alphabet, alphabet
from seqnet.core.containers import Container, Spool, read_container, write_container
from seqnet.core.errors import ContainerError
from seqnet.core.provenance import file_hash
from seqnet.core.ragged import Ragged
from seqnet.datasets.file_schemas import check_description
from seqnet.datasets.splits import SPLITS

__all__ = [
    "Columns",
    "Dataset",
    "Description",
    "dataset_of",
    "in_memory",
    "open_dataset",
    "save_dataset",
    "write_dataset",
]

_REMEDY = "make one with seqnet encode"
_TENSORS: Mapping[str, DTypeLike] = {
    "tokens": np.uint8, "offsets": np.int64, "name_bytes": np.uint8, "name_offsets": np.int64,
    "labels": np.int32, "groups": np.int64, "split": np.uint8,
}  # fmt: skip


@dataclass(frozen=True)
class Dataset:
    """N labelled token sequences.

    Attributes:
        path: the file.
        alphabet: alphabet of the tokens.
        classes: the K class names; labels are indices of these.
        positive: index of the positive class of binary metrics; None for more than two classes.
        generators: class → name of the generator that made its records.
        crop: length of the windows that training draws from the sequences of the train split; None if training uses
            whole sequences.
        tokens: N token sequences, none empty.
        names: N record names.
        labels: (N,) int32.
        groups: (N,) int64; records of one group are related or neighbours, and are in one split.
        split: (N,) uint8, index into `datasets.splits.SPLITS`.
        provenance: origin of the dataset: inputs with SHA-256, command, versions, seed.
        check_whole: raises `ContainerError` if the file has been cut since it was opened; reading further would end the
            process.
        digest: SHA-256 of the file, for a dataset whose file is gone; empty where `path` is there.
        targets: (N, K) float32, probabilities to be fitted in place of the labels; None to fit the labels. They are in
            memory only.
    """

    path: Path
    alphabet: Alphabet
    classes: tuple[str, ...]
    positive: int | None
    generators: Mapping[str, str]
    crop: int | None
    tokens: Ragged
    names: Ragged
    labels: NDArray[np.int32]
    groups: NDArray[np.int64]
    split: NDArray[np.uint8]
    provenance: Mapping[str, Any]
    check_whole: Callable[[], None] = field(default=lambda: None, compare=False)
    digest: str = ""
    targets: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def sha256(self) -> str:
        """Returns the SHA-256 of the file, by which a model knows what it was trained on."""
        return self.digest or file_hash(self.path)

    def members(self, split: str) -> NDArray[np.int64]:
        """Returns the indices (M,) int64 of the records of a split, in file order."""
        return np.flatnonzero(self.split == SPLITS.index(split))

    def counts(self) -> NDArray[np.int64]:
        """Returns the number of records (K, 3) int64 of each class in each split."""
        counts = np.zeros((len(self.classes), len(SPLITS)), dtype=np.int64)
        np.add.at(counts, (self.labels, self.split), 1)
        return counts


def open_dataset(path: Path) -> Dataset:
    """Returns the dataset in a file; large columns are memory-mapped.

    Raises:
        ContainerError: the file is not a dataset, damaged, or of another version.
    """
    return dataset_of(path, read_container(path, ["dataset"], _REMEDY))


def dataset_of(path: Path, container: Container) -> Dataset:
    """Returns the dataset in a container that was read from `path`.

    Raises:
        ContainerError: its columns do not match each other.
    """
    about, tensors = container.description, container.tensors
    missing = [name for name in _TENSORS if name not in tensors]
    if missing:
        raise ContainerError(str(path), f"the dataset lacks {', '.join(missing)}", _REMEDY)
    for name, dtype in _TENSORS.items():
        if tensors[name].dtype != dtype or tensors[name].ndim != 1:
            raise ContainerError(str(path), f"tensor {name} of the dataset is of the wrong type or shape", _REMEDY)
    check_description(str(path), about, _REMEDY)
    dataset = Dataset(
        path=path,
        alphabet=alphabet(about["alphabet"]),
        classes=tuple(about["classes"]),
        positive=about["positive"],
        generators=about["generators"],
        crop=about["crop"],
        tokens=Ragged(tensors["tokens"], tensors["offsets"]),
        names=Ragged(tensors["name_bytes"], tensors["name_offsets"]),
        labels=tensors["labels"],
        groups=tensors["groups"],
        split=tensors["split"],
        provenance=about["provenance"],
        check_whole=container.check_whole,
    )
    if not _fits(dataset):
        raise ContainerError(str(path), "the columns of the dataset don't fit each other", _REMEDY)
    return dataset


def _fits(dataset: Dataset) -> bool:
    """Returns whether the columns have equal length and all values are within the description."""
    count, tokens = len(dataset), dataset.tokens
    return (
        count > 0
        and len(dataset.groups) == len(dataset.split) == count
        and _is_column(tokens, count)
        and _is_column(dataset.names, count)
        and bool((tokens.lengths >= 1).all())
        and 1 <= int(tokens.data.min()) <= int(tokens.data.max()) < dataset.alphabet.token_count
        and 0 <= int(dataset.labels.min()) <= int(dataset.labels.max()) < len(dataset.classes)
        and int(dataset.split.max()) < len(SPLITS)
        and (dataset.crop is None or bool((tokens.lengths[dataset.split == 0] >= dataset.crop).all()))
    )


def _is_column(column: Ragged, count: int) -> bool:
    """Returns whether the offsets are valid for `count` strings that are concatenated in the data."""
    offsets = column.offsets
    return (
        len(offsets) == count + 1
        and offsets[0] == 0
        and offsets[-1] == len(column.data)
        # Compare instead of subtracting: a difference of values near the limits of their type could overflow and pass.
        and bool((offsets[1:] >= offsets[:-1]).all())
    )


AnyDataset = TypeVar("AnyDataset", bound=Dataset)


def in_memory(dataset: AnyDataset) -> AnyDataset:
    """Returns a dataset whose columns are copies in memory, and need no file."""
    return replace(
        dataset,
        tokens=Ragged(np.array(dataset.tokens.data), np.array(dataset.tokens.offsets)),
        names=Ragged(np.array(dataset.names.data), np.array(dataset.names.offsets)),
        labels=np.array(dataset.labels),
        groups=np.array(dataset.groups),
        split=np.array(dataset.split),
        check_whole=_is_whole,
    )


def _is_whole() -> None:
    """Checks nothing: what is in memory can't be cut."""


@dataclass(frozen=True)
class Description:
    """The description of a dataset without its columns; see `Dataset` for the attributes."""

    alphabet: Alphabet
    classes: tuple[str, ...]
    positive: int | None
    generators: Mapping[str, str]
    crop: int | None
    provenance: Mapping[str, Any]


@dataclass(frozen=True)
class Columns:
    """The columns of N records, in memory or on disk; see the module for their types.

    Attributes:
        tokens: (ΣL,) uint8, all sequences one after the other.
        offsets: (N + 1,) int64, where they begin, and where the last one ends.
        name_bytes: (ΣM,) uint8, all names.
        name_offsets: (N + 1,) int64, likewise.
        labels: (N,) int32.
        groups: (N,) int64.
        split: (N,) uint8.
    """

    tokens: NDArray[np.uint8] | Spool
    offsets: NDArray[np.int64] | Spool
    name_bytes: NDArray[np.uint8] | Spool
    name_offsets: NDArray[np.int64] | Spool
    labels: NDArray[np.int32] | Spool
    groups: NDArray[np.int64] | Spool
    split: NDArray[np.uint8]


def write_dataset(path: Path, about: Description, columns: Columns) -> None:
    """Writes a dataset file; the same content gives the same bytes."""
    description = {
        "alphabet": about.alphabet.name,
        "classes": list(about.classes),
        "positive": about.positive,
        "generators": dict(about.generators),
        "crop": about.crop,
        "provenance": dict(about.provenance),
    }
    tensors = {name: _of_type(dtype, getattr(columns, name)) for name, dtype in _TENSORS.items()}
    write_container(path, "dataset", description, tensors)


def save_dataset(path: Path, dataset: Dataset) -> None:
    """Writes a dataset that is in memory or in another file."""
    about = Description(
        dataset.alphabet, dataset.classes, dataset.positive, dataset.generators, dataset.crop, dataset.provenance
    )
    columns = Columns(
        tokens=dataset.tokens.data,
        offsets=dataset.tokens.offsets,
        name_bytes=dataset.names.data,
        name_offsets=dataset.names.offsets,
        labels=dataset.labels,
        groups=dataset.groups,
        split=dataset.split,
    )
    write_dataset(path, about, columns)


def _of_type(dtype: DTypeLike, column: NDArray[Any] | Spool) -> NDArray[Any] | Spool:
    """Returns a column as `dtype`; a column on disk already has it."""
    return column if isinstance(column, Spool) else column.astype(dtype, copy=False)
