"""Baselines: what a network has to beat, fitted to the train split and applied to any records.

In: a dataset. Out: for each row of `BASELINES`, a `FittedBaseline`, whose `probabilities` are (M, K) float64.

A baseline is a logistic regression, fitted to standardised features; without features, it gives the classes their
shares of the training records. Fitted, each is weights (K, D) and biases (K,) float64, small enough to be kept in a
model. The strength of its L2 penalty is the one of `_STRENGTHS` with the lowest log loss on the validation split, as
the epoch of a network is chosen there.

Source: Cox 1958, doi:10.1111/j.2517-6161.1958.tb00292.x, for logistic regression; Le Cessie & van Houwelingen 1992,
doi:10.2307/2347628, for its L2 penalty.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.core.alphabets import Alphabet
from seqnet.core.errors import LabelError
from seqnet.core.kmers import parts
from seqnet.core.records import Ragged
from seqnet.datasets.dataset import Dataset
from seqnet.datasets.sampling import LabelledSample, draw_labelled_sample
from seqnet.evaluation.baselines.features import composition_features, kmer_features, no_features
from seqnet.evaluation.scored_records import LEAST_PROBABILITY

__all__ = ["BASELINES", "Baseline", "FittedBaseline", "fit_baselines"]

Features = Callable[[Ragged, Alphabet], NDArray[np.float64]]

_STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
"""Inverse strengths of the penalty on standardised features, strongest penalty first."""

_MIDDLE = 3
"""Strengths to go through where no held-out records tell which is best: the last of them is a middle one."""

_ITERATIONS = 2000
"""Some 200 are needed with the weakest penalty."""

_RECORDS = 20_000
"""Records whose features are held at once."""

_COST = 400_000
"""Most records times classes that are fitted to: time grows with both, and stays below half a minute."""

_ENOUGH = 10_000
"""Records that are fitted to however many classes there are."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """One row of the table of baselines.

    Attributes:
        title: name for people.
        help: one line that says what it tells.
        features: returns (N, D) float64 of N sequences.
    """

    title: str
    help: str
    features: Features


BASELINES: Mapping[str, Baseline] = {
    "majority": Baseline(
        "majority class", "the most frequent class of the training records, whatever the sequence", no_features
    ),
    "composition": Baseline("composition", "share of each symbol, and log of the length", composition_features),
    "kmers": Baseline(
        "k-mers", "share of each k-mer (nucleotides 1 to 4, proteins 1 and 2), and log of the length", kmer_features
    ),
}


@dataclass(frozen=True, slots=True, eq=False)
class FittedBaseline:
    """A baseline that knows its training records.

    Attributes:
        name: row of `BASELINES`.
        alphabet: of the sequences.
        records: training records that it was fitted to.
        available: training records that there were; None where they are windows, drawn at will.
        converged: whether the fit came to its end.
        strength: inverse strength of the penalty; None without features.
        weights: (K, D) float64; a class's logit is the product of its row with the features, plus its bias.
        bias: (K,) float64; minus infinity for a class that the training records lack.
    """

    name: str
    alphabet: Alphabet
    records: int
    available: int | None
    converged: bool
    strength: float | None
    weights: NDArray[np.float64]
    bias: NDArray[np.float64]

    def probabilities(self, tokens: Ragged, members: NDArray[np.int64]) -> NDArray[np.float64]:
        """Returns the class probabilities (M, K) float64 of the sequences `members` (M,) int64."""
        parts = _features(self.name, tokens, members, self.alphabet)
        return np.concatenate([_softmax(part @ self.weights.T + self.bias) for part in parts])


def fit_baselines(dataset: Dataset, most: int, seed: int) -> dict[str, FittedBaseline]:
    """Returns all baselines, fitted to the train split.

    Args:
        dataset: its train split is fitted, its validation split chooses the strength of the penalty.
        most: most records of a split to look at; more are drawn from. With many classes they are fewer.
        seed: of the draws.

    Raises:
        LabelError: the train split has no two classes.
    """
    rng = np.random.default_rng(seed)
    most = min(most, max(_COST // len(dataset.classes), _ENOUGH))
    examples = draw_labelled_sample(dataset, "train", most, rng)
    held_out = draw_labelled_sample(dataset, "validation", most, rng)
    counts = np.bincount(examples.labels, minlength=len(dataset.classes))
    if np.count_nonzero(counts) < 2:
        problem = "the train split has records of one class only" if counts.any() else "the train split is empty"
        raise LabelError(str(dataset.path), problem, "encode with a train split, or use --no-baselines")
    return {name: _fit(name, dataset.alphabet, examples, held_out, counts / counts.sum()) for name in BASELINES}


def _fit(
    name: str, alphabet: Alphabet, examples: LabelledSample, held_out: LabelledSample, shares: NDArray[np.float64]
) -> FittedBaseline:
    """Returns one baseline, with the penalty that does best on the held-out records."""
    X, H = (  # (N, D), (V, D)
        np.concatenate([*_features(name, part.tokens, part.members, alphabet)]) for part in (examples, held_out)
    )
    with np.errstate(divide="ignore"):
        found = _Regression(None, np.empty((len(shares), 0)), np.log(shares), True)
    if X.shape[1]:
        fits = list(_regressions(X, examples.labels, len(shares), _STRENGTHS if len(H) else _STRENGTHS[:_MIDDLE]))
        losses = [_log_loss(_softmax(H @ fit.weights.T + fit.bias), held_out.labels) for fit in fits if len(H)]
        found = fits[int(np.argmin(losses)) if losses else -1]
    return FittedBaseline(
        name=name,
        alphabet=alphabet,
        records=len(examples.labels),
        available=examples.available,
        converged=found.converged,
        strength=found.strength,
        weights=found.weights,
        bias=found.bias,
    )


def _features(
    name: str, tokens: Ragged, members: NDArray[np.int64], alphabet: Alphabet
) -> Iterator[NDArray[np.float64]]:
    """Yields the features (P, D) float64 that a baseline sees of sequences, part by part; at least one, if empty."""
    compute = BASELINES[name].features
    if not len(members):
        yield compute(tokens.slice(0, 0), alphabet)
    for part in parts(tokens, members, _RECORDS):
        yield compute(part, alphabet)


class _Regression(NamedTuple):
    """A fit with one penalty; see `FittedBaseline`."""

    strength: float | None
    weights: NDArray[np.float64]
    bias: NDArray[np.float64]
    converged: bool


def _regressions(
    X: NDArray[np.float64], labels: NDArray[np.int64], class_count: int, strengths: tuple[float, ...]
) -> Iterator[_Regression]:
    """Yields a fit for each strength; each goes on from the one before."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler
    from threadpoolctl import threadpool_limits

    scaler = StandardScaler().fit(X)
    Z = scaler.transform(X)
    model = LogisticRegression(max_iter=_ITERATIONS, warm_start=True)
    for strength in strengths:
        # With one thread, the result does not hang on how many there are, and no thread waits for a busy core.
        with threadpool_limits(1, user_api="blas"), warnings.catch_warnings(record=True) as raised:
            warnings.simplefilter("always", ConvergenceWarning)
            model.set_params(C=strength).fit(Z, labels)
        converged = not any(issubclass(one.category, ConvergenceWarning) for one in raised)
        rows, intercepts = model.coef_, model.intercept_
        if len(rows) == 1:  # Of two classes, scikit-learn has one logit: the other's is 0.
            rows, intercepts = np.concatenate([0 * rows, rows]), np.concatenate([0 * intercepts, intercepts])
        weights, bias = np.zeros((class_count, X.shape[1])), np.full(class_count, -np.inf)
        weights[model.classes_] = rows / scaler.scale_
        bias[model.classes_] = intercepts - rows @ (scaler.mean_ / scaler.scale_)
        yield _Regression(strength, weights, bias, converged)


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the probabilities (M, K) float64 of logits (M, K), of which one at least is finite in each row."""
    scaled = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(scaled / scaled.sum(axis=1, keepdims=True))


def _log_loss(probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    true = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(true, LEAST_PROBABILITY)).mean())
