"""A classifier of sequences for scikit-learn: `cross_val_score`, `Pipeline`, `GridSearchCV` and the like take it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d

from seqnet.api.dataset import Dataset
from seqnet.api.models import Model
from seqnet.api.python_words import python_words
from seqnet.api.training import run_request_of, trained_alone, training_request
from seqnet.core.errors import LabelError, SequencesError, SettingError
from seqnet.core.printable import counted, quoted, shortened
from seqnet.datasets.encoding.frames import FrameColumns
from seqnet.datasets.file_schemas import is_class_name
from seqnet.datasets.tokenizing import RecordStatus

__all__ = ["SequenceClassifier"]

_CLASSIFIED = {status.word for status in RecordStatus if status.classified}
_BASELINES = "training.baseline_records"
_PHRASES = {
    "use --gaps remove to remove them": "remove them",
    "correct it, use another --alphabet, or use --unknown skip or --unknown mask": (
        'correct it, use another alphabet, or set unknown="mask"'
    ),
}
_LISTED = 5
"""Sequences, at most, that an error names."""


class SequenceClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A network that classifies sequences, with the interface of scikit-learn.

    X is a list, Series or one-dimensional array of sequences as text. A tenth of what it is fitted to chooses the epoch
    that is kept and calibrates the probabilities; it is drawn at random, by class and in whole groups. The baselines
    that `seqnet train` fits beside a network are left out, unless the settings have training.baseline_records.

    Args:
        preset: a named set of settings; None for one that suits the sequences.
        network: kind of network, with its defaults.
        encoder: how symbols become features.
        settings: single settings, such as {"training.epochs": 5}, laid over all others.
        config: TOML file of settings, laid over the preset.
        members: networks to train, into one model that predicts their mean.
        time: for training, such as "10m", or seconds; epochs and networks are reduced to what fits. None for no limit.
        optimize: what the decision threshold of two classes is best for; see `seqnet.train`.
        alphabet: dna, rna or protein; auto to find out.
        unknown: what becomes of a symbol outside the alphabet: error, or mask to take it for any symbol.
        validation: share of the sequences that choose the epoch; 0 to keep the last one.
        seed: of the validation share, weights, order, dropout and augmentation.
        device: auto, cpu, cuda, cuda:N or mps.
        threads: of the CPU; None for the processors that the process may use.

    Attributes:
        classes_: (K,) the labels, sorted, as `fit` was given them.
        model_: the trained `seqnet.Model`, which can be saved.
    """

    def __init__(
        self,
        *,
        preset: str | None = None,
        network: str | None = None,
        encoder: str | None = None,
        settings: Mapping[str, Any] | None = None,
        config: str | os.PathLike[str] | None = None,
        members: int = 1,
        time: str | float | None = None,
        optimize: str | None = None,
        alphabet: str = "auto",
        unknown: str = "error",
        validation: float = 0.1,
        seed: int = 1,
        device: str = "auto",
        threads: int | None = None,
    ) -> None:
        self.preset = preset
        self.network = network
        self.encoder = encoder
        self.settings = settings
        self.config = config
        self.members = members
        self.time = time
        self.optimize = optimize
        self.alphabet = alphabet
        self.unknown = unknown
        self.validation = validation
        self.seed = seed
        self.device = device
        self.threads = threads

    def fit(self, X: Iterable[str | None], y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Trains a network.

        Args:
            X: N sequences.
            y: N labels, text or whole numbers.
            groups: N groups; the sequences of one are kept together where the validation share is drawn.

        Raises:
            LabelError: there are fewer labels than two classes, or not one for each sequence.
            SeqnetError: a sequence can't be used, or a setting is not allowed.
        """
        with python_words():
            data = self._dataset(_sequences(X), y, groups)
            requested = run_request_of(
                self.preset, self.network, self.encoder, self.config, self._settings(), self.seed
            )
            request = training_request(
                requested, self.threads, members=self.members, time=self.time, optimize=self.optimize
            )
            self.model_: Model = trained_alone(data, request, self.device)
        return self

    def predict_proba(self, X: Iterable[str | None]) -> NDArray[np.float64]:
        """Returns the probabilities (N, K) float64 of the classes, in the order of `classes_`.

        Raises:
            SequencesError: sequences can't be classified; the error says which.
        """
        return self._found(X)[0]

    def predict(self, X: Iterable[str | None]) -> NDArray[Any]:
        """Returns the label (N,) of each sequence, decided as `seqnet predict` does.

        Raises:
            SequencesError: sequences can't be classified; the error says which.
        """
        found = self._found(X)[1]
        labels: NDArray[Any] = self.classes_[found]
        return labels

    def _found(self, X: Iterable[str | None]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Returns the probabilities (N, K) of N sequences, and the index (N,) of the class of each."""
        check_is_fitted(self, "model_")
        sequences = _sequences(X)
        unknown = "mask" if self.unknown == "mask" else "report"
        found = self.model_.predict(sequences, unknown=unknown, alphabet=self.model_.alphabet)
        bad = [(row, word) for row, word in enumerate(found.status, 1) if word not in _CLASSIFIED]
        if bad:
            listed = ", ".join(f"{row} ({word})" for row, word in bad[:_LISTED]) + (", …" if len(bad) > _LISTED else "")
            problem = f"{counted(len(bad), 'sequences')} can't be classified: {listed}"
            raise SequencesError(problem, "leave these out, or correct them", path="X")
        place = {name: index for index, name in enumerate(self.model_.classes)}
        return found.probabilities, np.array([place[name] for name in found.labels], dtype=np.int64)

    def _dataset(self, sequences: list[Any], y: ArrayLike, groups: ArrayLike | None) -> Dataset:
        """Returns the sequences and labels as a dataset, and sets `classes_`."""
        import pandas as pd

        labels = _labels(y)
        if len(labels) != len(sequences):
            raise LabelError(
                "y", f"{counted(len(labels), 'labels')} for {counted(len(sequences), 'sequences')}", "give one each"
            )
        self._check_settings(sequences)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        names = tuple(str(label) for label in self.classes_)
        if len(names) < 2:
            found = f"all labels are {names[0]}" if names else "there are no labels"
            raise LabelError("y", found, "give sequences of two classes or more")
        for name in names:
            if not is_class_name(name):
                raise LabelError(
                    f"y: class {quoted(name[:40])}", "its name is empty, too long or has a tab", "rename it"
                )
        # By number, as text in a table would lose blanks around it, and a class `NA` would be a missing value.
        frame = pd.DataFrame({"X": pd.Series(sequences, dtype=object), "y": [f"{code:09}" for code in codes]})
        if groups is not None:
            frame["groups"] = _groups(groups, len(labels))
        share = 100 * float(self.validation)
        columns = FrameColumns("X", "y", None if groups is None else "groups")
        options = {"split": f"{100 - share!r}/{share!r}/0", "seed": self.seed}
        options |= {"alphabet": self.alphabet, "unknown": self.unknown}
        made = Dataset._from_frame(frame, columns, options, "X", _PHRASES)
        if made.summary and len(made) < len(sequences):
            raise SequencesError("; ".join(made.summary.left_out_lines()), "leave these out, or correct them", path="X")
        return replace(made, classes=names)

    def _check_settings(self, sequences: list[Any]) -> None:
        """Checks what `encode` would leave out, since each sequence has a label here, and what it takes otherwise.

        Raises:
            SequencesError: a sequence is missing or empty.
            SettingError: a setting is not allowed.
        """
        if self.unknown not in ("error", "mask"):
            raise SettingError("unknown", self.unknown, "error or mask")
        validation: object = self.validation
        if not isinstance(validation, int | float | np.number) or not 0 <= validation < 1:
            raise SettingError("validation", self.validation, "a share from 0 to less than 1")
        for row, sequence in enumerate(sequences, 1):
            if not isinstance(sequence, str) or not sequence.strip():
                kind = "empty" if isinstance(sequence, str) else f"{sequence!r:.40}, not text"
                raise SequencesError(
                    f"the sequence is {kind}", "leave it out, or correct it", path="X", record=str(row)
                )

    def _settings(self) -> Mapping[str, Any]:
        """Returns the settings of training.

        Raises:
            SettingError: they are no mapping.
        """
        if self.settings is not None and not isinstance(self.settings, Mapping):
            raise SettingError(
                "settings", self.settings, 'a mapping of setting to value, such as {"training.epochs": 5}'
            )
        return {_BASELINES: 0} | dict(self.settings or {})

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string, tags.input_tags.one_d_array, tags.input_tags.two_d_array = True, True, False
        return tags


def _sequences(X: Any) -> list[Any]:
    """Returns sequences as a list.

    Raises:
        SequencesError: X is a single sequence, or has two dimensions.
    """
    if isinstance(X, str | bytes):
        raise SequencesError("this is a single sequence", "pass a list of sequences", path="X")
    if not isinstance(X, Iterable) or isinstance(X, Mapping):
        raise SequencesError(f"it is of type {type(X).__name__}", "pass a list of sequences", path="X")
    if type(X).__module__.partition(".")[0] == "pyarrow":
        X = X.to_pylist()  # type: ignore[attr-defined]
    if getattr(X, "ndim", 1) != 1:
        raise SequencesError(
            f"it has {X.ndim} dimensions", "pass one column of sequences, such as frame['sequence']", path="X"
        )
    return [bytes(one).decode("latin-1") if isinstance(one, bytes) else one for one in X]


def _labels(y: Any) -> NDArray[Any]:
    """Returns labels (N,) as scikit-learn has them.

    Raises:
        LabelError: one is missing, or they mix text and numbers, which NumPy would make equal.
        ValueError: they are not one-dimensional, or are no classes.
    """
    given = list(y) if isinstance(y, list | tuple) else []
    for row, label in enumerate(given, 1):
        if label is None or (isinstance(label, float) and label != label):
            raise LabelError(f"y: record {row}", "the label is missing", "leave it out, or correct it")
        if isinstance(label, str) != isinstance(given[0], str):
            problem = f"{shortened(label, 40)} and {shortened(given[0], 40)} are of different types"
            raise LabelError(f"y: record {row}", problem, "write all labels in one type, such as text")
    labels: NDArray[Any] = column_or_1d(y)
    check_classification_targets(labels)
    return labels


def _groups(groups: Any, count: int) -> list[Any]:
    """Returns the groups of N sequences.

    Raises:
        LabelError: there is not one for each sequence.
    """
    found = np.asarray(groups)
    if found.ndim != 1 or len(found) != count:
        number = counted(len(found), "groups") if found.ndim == 1 else f"an array of {found.ndim} dimensions"
        raise LabelError("groups", f"{number} for {counted(count, 'sequences')}", "give one each")
    return list(found)
