"""Baselines: simple classifiers that a network has to beat, fitted to the train split.

In: a dataset. Out: for each row of `BASELINES`, a `FittedBaseline`, whose `probabilities` are (M, K) float64.

A baseline is a logistic regression on standardised features. Without features, it predicts the class shares of the
training records. A fitted baseline has weights (K, D) and biases (K,) float64, which are small enough to be stored in a
model. The strength of its L2 penalty is the one of `_STRENGTHS` with the lowest log loss on the validation split, as
the epoch of a network is also chosen there.

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
from seqnet.core.memory import reserve_blas
from seqnet.core.ragged import Ragged
from seqnet.datasets.dataset import Dataset
from seqnet.datasets.sampling import LabelledSample, draw_labelled_sample
from seqnet.evaluation.baselines.features import composition_features, kmer_features, no_features
from seqnet.evaluation.scored_records import LEAST_PROBABILITY

__all__ = ["BASELINES", "Baseline", "FittedBaseline", "fit_baselines"]

Features = Callable[[Ragged, Alphabet], NDArray[np.float64]]

_STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
"""Inverse penalty strengths on standardised features, strongest penalty first."""

_MIDDLE = 3
"""Number of strengths that are fitted without validation records; the last of them, a middle one, is used."""

_ITERATIONS = 2000
"""Maximum number of iterations; about 200 are needed with the weakest penalty."""

_LARGEST_FIT = _ITERATIONS * 400_000
"""Maximum number of iterations times records times classes for one penalty.

A thousand classes have 80 iterations. Their baseline says that it has not converged.
"""

_RECORDS = 20_000
"""Number of records whose features are in memory at once."""

_COST = 400_000
"""Maximum number of records times classes for a fit, so that it takes less than half a minute."""

_ENOUGH = 10_000
"""Number of records that are always used, however many classes there are."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """One row of the table of baselines.

    Attributes:
        title: name for people.
        help: one line of help.
        features: returns features (N, D) float64 of N sequences.
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
    """A baseline that has been fitted to training records.

    Attributes:
        name: row of `BASELINES`.
        alphabet: alphabet of the sequences.
        records: number of training records that it was fitted to.
        available: number of training records in the dataset; None if training draws windows.
        converged: whether the fit converged.
        strength: inverse strength of the penalty; None without features.
        weights: (K, D) float64; the logit of a class is the product of its row with the features, plus its bias.
        bias: (K,) float64; minus infinity for a class without training records.
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
        dataset: the train split is fitted; the validation split chooses the strength of the penalty.
        most: maximum number of records of a split; more are sampled. With many classes the number is lower.
        seed: seed of the sampling.

    Raises:
        LabelError: the train split has fewer than two classes.
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
    """Returns a baseline, fitted with the penalty that has the lowest log loss on the held-out records."""
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
    """Yields the features (P, D) float64 of the sequences, part by part; at least one part, even if it is empty."""
    compute = BASELINES[name].features
    if not len(members):
        yield compute(tokens.slice(0, 0), alphabet)
    for part in parts(tokens, members, _RECORDS):
        yield compute(part, alphabet)


class _Regression(NamedTuple):
    """A fit with one penalty strength; see `FittedBaseline`."""

    strength: float | None
    weights: NDArray[np.float64]
    bias: NDArray[np.float64]
    converged: bool


def _regressions(
    X: NDArray[np.float64], labels: NDArray[np.int64], class_count: int, strengths: tuple[float, ...]
) -> Iterator[_Regression]:
    """Yields a fit for each strength; each fit starts from the fit before."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler
    from threadpoolctl import threadpool_limits

    reserve_blas("scipy")
    scaler = StandardScaler().fit(X)
    Z = scaler.transform(X)
    iterations = max(min(_ITERATIONS, _LARGEST_FIT // (len(X) * class_count)), 1)
    model = LogisticRegression(max_iter=iterations, warm_start=True)
    for strength in strengths:
        # With one thread, the result does not depend on the number of threads, and no thread waits for a busy core.
        with threadpool_limits(1, user_api="blas"), warnings.catch_warnings(record=True) as raised:
            warnings.simplefilter("always", ConvergenceWarning)
            model.set_params(C=strength).fit(Z, labels)
        converged = not any(issubclass(one.category, ConvergenceWarning) for one in raised)
        rows, intercepts = model.coef_, model.intercept_
        if len(rows) == 1:  # For two classes, scikit-learn has one logit. The other one is 0.
            rows, intercepts = np.concatenate([0 * rows, rows]), np.concatenate([0 * intercepts, intercepts])
        weights, bias = np.zeros((class_count, X.shape[1])), np.full(class_count, -np.inf)
        weights[model.classes_] = rows / scaler.scale_
        bias[model.classes_] = intercepts - rows @ (scaler.mean_ / scaler.scale_)
        yield _Regression(strength, weights, bias, converged)


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the probabilities (M, K) float64 of logits (M, K); each row must have at least one finite logit."""
    scaled = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(scaled / scaled.sum(axis=1, keepdims=True))


def _log_loss(probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    true = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(true, LEAST_PROBABILITY)).mean())
