"""What a fast model learns from: files, datasets and random sequences → sequences that a model has labelled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from seqnet.configs.distillation import DistillOptions
from seqnet.configs.readers import ReadOptions
from seqnet.configs.run import RunRequest
from seqnet.core.errors import AlphabetMismatchError, SettingError
from seqnet.core.provenance import InputHashes
from seqnet.core.ragged import Ragged
from seqnet.datasets.dataset import Dataset, open_dataset
from seqnet.datasets.encoding.unlabelled import DrawnSequences, draw_sequences, read_tokens
from seqnet.datasets.run_choice import ChosenRun
from seqnet.models.bundles import Bundle
from seqnet.training.distillation import choose_student, label_sequences, piece_length
from seqnet.training.jobs import make_job
from seqnet.training.members import TrainingJob
from seqnet.training.warm_start import WarmStart

__all__ = ["DistillationPlan", "make_distillation_job", "prepare_distillation"]

_DATASET = ".safetensors"


@dataclass(frozen=True)
class DistillationPlan:
    """What a fast model is to learn from, before the model has labelled it.

    Attributes:
        start: the model to learn from.
        chosen: settings of the fast model.
        drawn: the sequences.
        dataset: dataset that is one of the sources; None without one.
        labelled: the same, if it has the classes of the model: its validation split calibrates the fast model.
        about: the sequences, for the provenance.
    """

    start: WarmStart
    chosen: ChosenRun
    drawn: DrawnSequences
    dataset: Dataset | None
    labelled: Dataset | None
    about: dict[str, Any]


def prepare_distillation(
    start: WarmStart,
    sources: Sequence[str | Dataset],
    options: DistillOptions,
    request: RunRequest,
    read: ReadOptions | None = None,
) -> DistillationPlan:
    """Returns the sequences and settings for a fast model.

    Args:
        start: the model to learn from.
        sources: sequence files, and at most one dataset, or its path, which ends in .safetensors; of a dataset, the
            train split is used.
        options: how many sequences, which ones, and the seed.
        request: settings of the fast model.
        read: how files are read.

    Raises:
        SeqnetError: a file can't be read, or has another alphabet; or a setting is unknown or wrong.
        OSError: a file can't be opened or read.
    """
    teacher = start.bundle
    datasets = [_opened(one) for one in sources if not _is_file(one)]
    if len(datasets) > 1:
        raise SettingError("sequences", len(datasets), problem="may include one dataset only")
    length = piece_length(teacher, options)
    chosen = choose_student(teacher, request, options, length)
    paths = [str(one) for one in sources if _is_file(one)]
    with InputHashes(paths) as hashes:
        real = read_tokens(paths, teacher.alphabet, read or ReadOptions())
        inputs: list[dict[str, str | None]] = hashes.collect()
    real += [_train_split(one, teacher) for one in datasets]
    inputs += [{"path": str(one.path), "sha256": one.sha256()} for one in datasets]
    drawn = draw_sequences(
        real if sources else None, teacher.alphabet, options, length, teacher.classifier.encoder.shortest
    )
    given = datasets[0] if datasets else None
    labelled = given if given and given.classes == teacher.classes and len(given.members("validation")) else None
    about = {"options": options.to_dict(), "inputs": inputs, "sequences": len(drawn.tokens), "real": drawn.real}
    return DistillationPlan(start, chosen, drawn, given, labelled, about)


def make_distillation_job(
    plan: DistillationPlan,
    device: torch.device,
    *,
    threads: int,
    command: str = "",
    progress: Callable[[int], None] = lambda records: None,
) -> TrainingJob:
    """Returns the training of the fast model, with the sequences labelled by the model.

    Args:
        plan: what to learn from; its model is on `device`.
        device: device for the computation.
        threads: that the CPU computes with.
        command: command line, for the provenance.
        progress: called with the number of sequences that were labelled since the last call.

    Raises:
        LabelError: the model gives no sequence to one of its classes.
    """
    start = plan.start
    dataset = label_sequences(start.bundle, plan.drawn, progress=progress)
    dataset = replace(dataset, provenance=plan.about, digest=start.sha256)
    job = make_job(dataset, plan.chosen, device, threads=threads, command=command)
    provenance = {key: value for key, value in job.provenance.items() if key != "dataset"}
    if plan.dataset is not None:
        provenance["dataset"] = {"path": str(plan.dataset.path), "sha256": plan.dataset.sha256()}
    return replace(job, provenance=provenance | {"origin": {**start.origin, "taught": True}})


def _is_file(source: str | Dataset) -> bool:
    """Returns whether a source is a sequence file, and no dataset."""
    return not isinstance(source, Dataset) and not source.endswith(_DATASET)


def _opened(source: str | Dataset) -> Dataset:
    return source if isinstance(source, Dataset) else open_dataset(Path(source))


def _train_split(dataset: Dataset, teacher: Bundle) -> Ragged:
    """Returns the sequences of the train split that were read from files, and not generated.

    Raises:
        AlphabetMismatchError: the dataset has another alphabet than the model.
    """
    own, other = dataset.alphabet.name, teacher.alphabet.name
    if own != other:
        remedy = f"give {other} sequences"
        problem = f"this dataset is {own}, but the model is for {other}"
        raise AlphabetMismatchError(str(dataset.path), own, other, remedy, problem)
    members = dataset.members("train")
    generated = [dataset.classes.index(name) for name in dataset.generators]
    return dataset.tokens.take(members[~np.isin(dataset.labels[members], generated)])
