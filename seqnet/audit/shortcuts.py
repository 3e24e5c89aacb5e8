"""How well a class can be predicted from artefacts: length, composition, ends and tags.

`SHORTCUTS` is the table: name → title and features. The AUROC of a shortcut is that of a logistic regression on its
features, cross-validated: each record is predicted by a model that was fitted to other records of other groups.

Source: Geirhos et al. 2020, doi:10.1038/s42256-020-00257-z, for what shortcuts do to learning.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqnet.audit.checks import Finding
from seqnet.audit.tags import TAGS, has_tag
from seqnet.core.alphabets import Alphabet
from seqnet.core.kmers import kmer_frequencies
from seqnet.core.memory import reserve_blas
from seqnet.core.printable import counted
from seqnet.core.ragged import Ragged
from seqnet.datasets.dataset import Dataset
from seqnet.datasets.sampling import draw_labelled_sample
from seqnet.datasets.splits import deal_folds
from seqnet.evaluation.metrics import measure

__all__ = ["SHORTCUTS", "Shortcut", "ShortcutSample", "draw_shortcut_sample", "shortcut_finding", "tag_finding"]

Features = Callable[[Ragged, Alphabet], NDArray[np.float64]]

_FOLDS = 5
_POSITIONS = 30
_STRENGTH = 0.01
"""Inverse strength of the L2 penalty on standardised features; strong, for hundreds of positions and few thousand
records."""


@dataclass(frozen=True)
class ShortcutSample:
    """N training records that shortcuts are measured on.

    Attributes:
        tokens: N token sequences.
        labels: (N,) int64.
        folds: (N,) uint8, fold in which each record is predicted.
        available: number of training records that they were drawn from; None if training draws windows.
        dataset: the dataset.
    """

    tokens: Ragged
    labels: NDArray[np.int64]
    folds: NDArray[np.uint8]
    available: int | None
    dataset: Dataset

    @property
    def problem(self) -> str | None:
        """Reason why nothing can be measured; None if it can."""
        counts = np.bincount(self.labels, minlength=len(self.dataset.classes))
        if (counts > 0).sum() < 2:
            return "not measured: the train split has no two classes"
        if counts[counts > 0].min() < _FOLDS:
            return f"not measured: a class has fewer than {_FOLDS} training records"
        return None

    @property
    def lacking(self) -> str:
        """Reason why cross-validation is impossible; empty if it is possible: each fit needs records of two classes.

        A few large groups may hold all records of a class.
        """
        rests = (self.labels[self.folds != fold] for fold in np.unique(self.folds))
        alone = any(len(np.unique(rest)) < 2 for rest in rests)
        return "there are too few groups to divide the classes into folds" if alone else ""

    @property
    def chance(self) -> float:
        """Largest difference from 0.5 that the AUROC of the rarest class has by chance: three standard errors.

        Source: Mann and Whitney 1947, doi:10.1214/aoms/1177730491.
        """
        counts = np.bincount(self.labels)
        rarest = counts[counts > 0].min()
        rest = len(self.labels) - rarest
        return float(3 * np.sqrt((rarest + rest + 1) / (12 * rarest * rest)))

    @property
    def words(self) -> str:
        """Description of the sample for messages."""
        if self.available is None:
            return counted(len(self.labels), "windows")
        whole = self.available == len(self.labels)
        return (
            counted(len(self.labels), "training records")
            if whole
            else f"{len(self.labels):,} of {self.available:,} training records"
        )


@dataclass(frozen=True, slots=True)
class Shortcut:
    """One row of the table of shortcuts.

    Attributes:
        title: name for people.
        features: returns (N, D) float64 of N sequences.
    """

    title: str
    features: Features


def draw_shortcut_sample(dataset: Dataset, most: int, seed: int) -> ShortcutSample:
    """Returns at most `most` training records, or windows if training draws windows; the same for the same seed."""
    rng = np.random.default_rng(seed)
    drawn = draw_labelled_sample(dataset, "train", most, rng)
    count = len(drawn.labels)
    groups = np.arange(count) if drawn.available is None else dataset.groups[drawn.members]
    folds = deal_folds(drawn.labels.astype(np.int32), groups, _FOLDS, rng)
    return ShortcutSample(drawn.tokens.take(drawn.members), drawn.labels, folds, drawn.available, dataset)


def _length(tokens: Ragged, alphabet: Alphabet) -> NDArray[np.float64]:
    """Returns the log length, and indicators of the decile of the length, (N, D) float64."""
    lengths = tokens.lengths
    inner = np.unique(np.quantile(lengths, np.linspace(0.1, 0.9, 9), method="nearest"))
    tenths = np.eye(len(inner) + 1)[np.searchsorted(inner, lengths)]
    return np.column_stack([np.log(np.maximum(lengths, 1)), tenths])


def _composition(tokens: Ragged, alphabet: Alphabet) -> NDArray[np.float64]:
    """Returns the share of each symbol, and the products of these, (N, K + K (K + 1) / 2) float64.

    Squares are larger in short sequences, whose shares vary more, so these features also depend on the length.
    """
    return _with_interactions(kmer_frequencies(tokens, alphabet, 1))


def _length_and_composition(tokens: Ragged, alphabet: Alphabet) -> NDArray[np.float64]:
    shares = kmer_frequencies(tokens, alphabet, 1)
    return _with_interactions(np.column_stack([np.log(np.maximum(tokens.lengths, 1)), shares]))


def _with_interactions(X: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns standardised features (N, D) with their squares and products, (N, D + D (D + 1) / 2) float64."""
    spread = X.std(axis=0)
    Z = (X - X.mean(axis=0)) / np.where(spread > 0, spread, 1)
    one, other = np.triu_indices(Z.shape[1])
    return np.column_stack([Z, Z[:, one] * Z[:, other]])


def _first(tokens: Ragged, alphabet: Alphabet) -> NDArray[np.float64]:
    return _positions(tokens, alphabet, tokens.offsets[:-1], 1)


def _last(tokens: Ragged, alphabet: Alphabet) -> NDArray[np.float64]:
    return _positions(tokens, alphabet, tokens.offsets[1:] - 1, -1)


def _positions(tokens: Ragged, alphabet: Alphabet, start: NDArray[np.int64], step: int) -> NDArray[np.float64]:
    """Returns indicators of the symbol at several positions, (N, positions · K) float64; zeros beyond the sequence."""
    table = np.vstack([alphabet.mixture, np.zeros(alphabet.size, dtype=np.float32)])
    out = np.zeros((len(tokens), _POSITIONS, alphabet.size))
    for position in range(_POSITIONS):
        there = np.flatnonzero(tokens.lengths > position)
        out[there, position] = table[tokens.data[start[there] + step * position]]
    return out.reshape(len(tokens), -1)  # (N, positions · K)


SHORTCUTS: Mapping[str, Shortcut] = {
    "length": Shortcut("length alone", _length),
    "composition": Shortcut("composition alone", _composition),
    "length-composition": Shortcut("length and composition", _length_and_composition),
    "first-positions": Shortcut(f"first {_POSITIONS} positions", _first),
    "last-positions": Shortcut(f"last {_POSITIONS} positions", _last),
}


def shortcut_finding(name: str, sample: ShortcutSample) -> Finding:
    """Returns how well a row of `SHORTCUTS` predicts the classes."""
    if sample.problem:
        return Finding(None, sample.problem)
    X = SHORTCUTS[name].features(sample.tokens, sample.dataset.alphabet)
    if np.ptp(X, axis=0).max() == 0:
        return Finding(0.5, f"AUROC 0.500: the same in all of {sample.words}", by_chance=True)
    if sample.lacking:
        return Finding(None, f"not measured: {sample.lacking}")
    area = _auroc(sample, _cross_validated(X, sample))
    if area is None:
        return Finding(None, "not measured: a fold lacks a class")
    text = f"AUROC {area:.3f} (by chance up to {0.5 + sample.chance:.3f}), cross-validated on {sample.words}"
    return Finding(area, text, by_chance=area - 0.5 <= sample.chance)


def tag_finding(name: str, sample: ShortcutSample) -> Finding:
    """Returns how well the presence or absence of a tag, a row of `TAGS`, predicts the classes."""
    if sample.problem:
        return Finding(None, sample.problem)
    there = has_tag(TAGS[name], sample.tokens, sample.dataset.alphabet)
    if not there.any():
        return Finding(0.5, f"in none of {sample.words}")
    shares = {
        label: float(there[sample.labels == index].mean())
        for index, label in enumerate(sample.dataset.classes)
        if (sample.labels == index).any()
    }
    # The class that presence or absence of the tag predicts best.
    area = max(
        0.5 + abs(there[sample.labels == label].mean() - there[sample.labels != label].mean()) / 2
        for label in np.unique(sample.labels)
    )
    listed = ", ".join(f"{share:.1%} of {label}" for label, share in shares.items())
    share = there.mean()
    # The indicator of a rare tag has many ties, so its AUROC varies less by chance.
    chance = sample.chance * float(np.sqrt(3 * share * (1 - share)))
    text = f"AUROC {area:.3f} (by chance up to {0.5 + chance:.3f}); in {listed}"
    return Finding(float(area), text, by_chance=bool(area - 0.5 <= chance))


def _cross_validated(X: NDArray[np.float64], sample: ShortcutSample) -> NDArray[np.float64]:
    """Returns the class probabilities (N, K) float64 of each record from a model fitted to the other folds."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler
    from threadpoolctl import threadpool_limits

    reserve_blas("scipy")
    found = np.zeros((len(X), len(sample.dataset.classes)))
    Z = StandardScaler().fit_transform(X)
    for fold in np.unique(sample.folds):
        held = sample.folds == fold
        model = LogisticRegression(C=_STRENGTH, max_iter=200, tol=1e-3)
        # One thread gives the same result everywhere. A fit that has not fully converged is precise enough here.
        with threadpool_limits(1, user_api="blas"), warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(Z[~held], sample.labels[~held])
        found[np.ix_(held, model.classes_)] = model.predict_proba(Z[held])
    return found


def _auroc(sample: ShortcutSample, probabilities: NDArray[np.float64]) -> float | None:
    """Returns the AUROC, or the mean over classes if more than two are present; None if undefined."""
    present = np.unique(sample.labels)
    labels = np.searchsorted(present, sample.labels)
    shares = probabilities[:, present]
    total = shares.sum(axis=1, keepdims=True)
    shares = np.divide(shares, total, out=np.full_like(shares, 1 / len(present)), where=total > 0)
    area = measure(labels, shares, names=("auroc",))["auroc"]
    return None if np.isnan(area) else float(area)
