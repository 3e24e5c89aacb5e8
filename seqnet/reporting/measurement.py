"""A bundle applied to a split of a dataset, and measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seqnet.configs.evaluation import EvaluationOptions
from seqnet.core.errors import AlphabetMismatchError, LabelError, SeqnetError
from seqnet.core.printable import printable
from seqnet.datasets.dataset import Dataset
from seqnet.datasets.tokenizing import RecordStatus
from seqnet.evaluation import Evaluation, ScoredRecords, evaluate_probabilities, score
from seqnet.evaluation.calibration.class_shift import estimate_shift
from seqnet.evaluation.imbalance import never_predicted
from seqnet.evaluation.novelty import novelty_warning
from seqnet.models.bundles import Bundle
from seqnet.models.probabilities import bundle_probabilities
from seqnet.prediction.decision import training_shares
from seqnet.prediction.text_table import Column, class_words, probability_columns, write_text_table

__all__ = ["Measured", "class_order", "evaluate_bundle", "write_rows"]


@dataclass(frozen=True)
class Measured:
    """An evaluation and what it was made of.

    Attributes:
        evaluation: the metrics.
        members: (M,) int64, records of the dataset.
        scored: their labels (M,) and probabilities (M, K), classes in the order of the bundle.
        warnings: one line for each thing that could flatter or mislead.
        training: (T,) int64, the records that the model was fitted to; None where the dataset is another one than it
            was trained on.
    """

    evaluation: Evaluation
    members: NDArray[np.int64]
    scored: ScoredRecords
    warnings: tuple[str, ...]
    training: NDArray[np.int64] | None

    @property
    def seen(self) -> bool:
        """Whether the model was fitted to some of these records."""
        return self.training is not None and bool(np.isin(self.members, self.training).any())

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """(M, K) float64, of the records `members`."""
        return self.scored.probabilities


def _alphabet_name(alphabet: str) -> str:
    return alphabet.upper() if alphabet in ("dna", "rna") else alphabet


def evaluate_bundle(
    bundle: Bundle,
    dataset: Dataset,
    split: str,
    options: EvaluationOptions,
    progress: Callable[[int], None] = lambda sequences: None,
) -> Measured:
    """Returns how well a bundle does on a split of a dataset, `all` for the whole.

    Raises:
        AlphabetMismatchError: the dataset is of another alphabet.
        LabelError: the dataset has other classes, or the split is empty.
        SeqnetError: the model has no probabilities for some of the records.
    """
    path = str(dataset.path)
    _check_alike(bundle, dataset)
    members = np.arange(len(dataset)) if split == "all" else dataset.members(split)
    if not len(members):
        raise LabelError(path, f"the {split} split is empty", "choose another --split")
    labels = class_order(bundle.classes, dataset)[dataset.labels[members]]
    probabilities = bundle_probabilities(bundle, dataset.tokens, members, progress=progress).probabilities
    overflown = int((~np.isfinite(probabilities)).any(axis=1).sum())
    if overflown:
        problem = f"the model's output is NaN or infinite for {overflown:,} of {len(members):,} records of {split}"
        raise SeqnetError(path, problem, "train the model again with a lower training.learning_rate")
    evaluation = evaluate_probabilities(
        labels,
        probabilities,
        bundle.classes,
        positive=None if bundle.positive is None else bundle.classes[bundle.positive],
        threshold=None if bundle.positive is None else bundle.calibration.threshold,
        groups=dataset.groups[members],
        split=split,
        options=options,
    )
    scored = score(labels, probabilities, positive=bundle.positive, threshold=evaluation.threshold)
    training = _training_members(bundle, dataset)
    warnings = _all_warnings(bundle, dataset, members, probabilities, _warnings(training, members, split))
    where = "dataset" if split == "all" else f"{split} split"
    if line := never_predicted(labels, scored.predicted, bundle.classes, where):
        warnings.append(line)
    return Measured(evaluation, members, scored, tuple(warnings), training)


def _check_alike(bundle: Bundle, dataset: Dataset) -> None:
    """Checks that a dataset has the alphabet and the classes of a model; see `evaluate_bundle` for the errors."""
    path = str(dataset.path)
    if dataset.alphabet.name != bundle.alphabet.name:
        found, expected = dataset.alphabet.name, bundle.alphabet.name
        problem = f"the dataset is {_alphabet_name(found)}, the model is for {_alphabet_name(expected)}"
        remedy = f"evaluate on a dataset of {_alphabet_name(expected)} sequences"
        raise AlphabetMismatchError(path, found, expected, remedy, problem)
    unknown = sorted(set(dataset.classes) - set(bundle.classes))
    if unknown:
        problem = f"the model has no class {unknown[0]}; its classes are {', '.join(bundle.classes)}"
        raise LabelError(path, problem, "evaluate on a dataset with the classes of the model")


def class_order(classes: Sequence[str], dataset: Dataset) -> NDArray[np.int64]:
    """Returns the place (C,) int64 that each class of the dataset has in `classes`; two files may differ in it."""
    return np.array([classes.index(name) for name in dataset.classes], dtype=np.int64)


def _training_members(bundle: Bundle, dataset: Dataset) -> NDArray[np.int64] | None:
    """Returns the records (T,) int64 that a bundle was fitted to; None where it was trained on another dataset."""
    known = bundle.provenance.get("dataset")
    digest = known.get("sha256") if isinstance(known, Mapping) else None
    # The bytes notify: an equal provenance does not, where the input was a stream.
    if digest is None or dataset.sha256() != digest:
        return None
    # The members of a cross-validation were fitted to records of both splits.
    splits = ("train", "validation") if "folds" in bundle.provenance else ("train",)
    return np.sort(np.concatenate([dataset.members(split) for split in splits]))


def _warnings(training: NDArray[np.int64] | None, members: NDArray[np.int64], split: str) -> list[str]:
    """Returns what makes the metrics of the records `members` (M,) int64 too good, in one line, if anything does."""
    if training is None:
        return ["this file may contain training records; if so, these numbers are too good"]
    if np.isin(members, training).any():
        return ["the model was trained on some of these records; these numbers are too good"]
    if split == "validation":
        return [
            "the validation split chose epoch, threshold and baselines' penalty; these numbers are a little too good"
        ]
    return []


def _all_warnings(
    bundle: Bundle,
    dataset: Dataset,
    members: NDArray[np.int64],
    probabilities: NDArray[np.float64],
    first: Sequence[str],
) -> list[str]:
    """Returns the lines `first`, and those that training, records (M,) and scores (M, K) give rise to."""
    lines = [*first, *_origin(bundle, dataset), *_unusual(bundle, dataset, members)]
    return lines + _shifted(bundle, probabilities)


def _origin(bundle: Bundle, dataset: Dataset) -> list[str]:
    """Returns a line where the model started from one that may have been trained on any of the records."""
    origin = bundle.provenance.get("origin")
    if not isinstance(origin, Mapping):
        return []
    data = origin.get("dataset")
    if isinstance(data, Mapping) and data.get("sha256") == dataset.sha256():
        return []
    name = printable(str(origin.get("model"))[:200])
    how = "the model learned" if origin.get("taught") else "training started"
    problem = f"{how} from {name}, which may have seen some of these records"
    return [f"{problem}; if so, these numbers are too good"]


def _shifted(bundle: Bundle, probabilities: NDArray[np.float64]) -> list[str]:
    """Returns a line where the probabilities (M, K) alone show that the class fractions are not those of training."""
    found = estimate_shift(probabilities, training_shares(bundle), bundle.validation)
    if not found.sure:
        return []
    return [
        f"the class fractions seem to differ from training: {found.line(bundle.classes, bundle.positive)}; "
        "predict --expected-fraction auto corrects probabilities and labels"
    ]


def _unusual(bundle: Bundle, dataset: Dataset, members: NDArray[np.int64]) -> list[str]:
    """Returns a line where many of the records (M,) int64 are unlike the training sequences."""
    if bundle.novelty is None:
        return []
    marks = bundle.novelty.marks(dataset.tokens.take(members), bundle.alphabet)
    line = novelty_warning({status: int((marks == status).sum()) for status in RecordStatus})
    return [line] if line else []


def write_rows(target: Path, bundle: Bundle, dataset: Dataset, measured: Measured) -> None:
    """Writes one line per record as tab-separated values: name, truth, label, probability, one p_CLASS per class."""
    predicted, probabilities = measured.scored.predicted, measured.probabilities
    columns: dict[str, Column] = {
        "name": dataset.names.take(measured.members),
        "truth": class_words(dataset.classes, dataset.labels[measured.members]),
        "label": class_words(bundle.classes, predicted),
        "probability": probabilities[np.arange(len(predicted)), predicted],
    }
    write_text_table(target, columns | probability_columns(bundle.classes, probabilities))
