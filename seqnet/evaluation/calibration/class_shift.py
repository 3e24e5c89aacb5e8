"""Class fractions of unlabelled records, estimated from their scores, and whether they surely differ from training.

In: calibrated probabilities (N, K) of records without labels, the class shares (K,) of training, and the scores that
the model keeps of validation records. Out: a `ClassShift`. It holds if the sequences of each class are like those of
training, and only their fractions differ.

The estimate has the highest likelihood (`likeliest_shares`). Before that, probabilities are corrected for a bias of
each class (`bias_correction`), which is fitted to validation records. The estimate is sure if it is farther from the
training shares than all estimates of samples of the validation records that are drawn at the training shares, so that
neither chance nor badly calibrated probabilities explain it; and if the validation records, weighted by the estimate,
have the distribution of scores that was found. If only chance is in doubt, a correction may still help. It uses an
estimate that is shrunk towards the training shares by as much as its standard error suggests (James and Stein 1961,
https://projecteuclid.org/euclid.bsmsp/1200512173).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqnet.core.printable import counted
from seqnet.evaluation.calibration.bias_correction import fit_bias_correction
from seqnet.evaluation.calibration.likeliest_shares import LEAST, Shares, likeliest_shares
from seqnet.evaluation.calibration.temperature import Probabilities
from seqnet.evaluation.calibration.validation_scores import ValidationScores

__all__ = ["FEWEST", "MOST", "ClassShift", "estimate_shift"]

FEWEST = 200
"""Minimum number of records for an estimate."""
MOST = 10_000
"""Maximum number of records that an estimate is made of; with more, it gets hardly better."""

_ODDS = 1.5
"""Minimum factor by which the odds of a class must have changed to be worth a word."""
_REPLICATES = 100
_FITS = 30
"""Replicates that the standard error of the estimate is from; each fits the correction again."""
_ROWS = 2_000
"""Maximum number of records of a replicate with more than two classes, where EM takes many steps."""
_ROUNDING = 1e-4
_MISFIT = 0.1
"""Largest difference of two cumulative distributions of scores, beyond chance, that class fractions may leave."""


@dataclass(frozen=True, eq=False)
class ClassShift:
    """Class fractions of unlabelled records.

    Attributes:
        shares: (K,) float64, the estimate.
        low: (K,) float64, lower end of its 95 % interval, by a bootstrap; NaN where it is not sure.
        high: (K,) float64, upper end.
        seen: (K,) float64, shares in training.
        records: N.
        doubt: why nothing is to be made of the estimate; empty if it is sure.
        shrunk: (K,) float64, shares between those of training and a doubtful estimate; None if not wanted or of no use.
    """

    shares: Shares
    low: Shares
    high: Shares
    seen: Shares
    records: int
    doubt: str = ""
    shrunk: Shares | None = None

    @property
    def applied(self) -> Shares:
        """(K,) float64, shares that probabilities are to be corrected for; those of training for no correction."""
        doubtful = self.seen if self.shrunk is None else self.shrunk
        return self.shares if self.sure else doubtful

    @property
    def sure(self) -> bool:
        """Whether the fractions surely differ from those of training."""
        return not self.doubt

    def line(self, classes: Sequence[str], positive: int | None) -> str:
        """Returns the fraction of the positive class, or of all classes, beside that in training."""
        shown = [positive] if positive is not None else sorted(range(len(classes)), key=self._change, reverse=True)[:3]
        words = [
            f"{classes[one]} {self.shares[one]:.3f} [{self.low[one]:.3f}, {self.high[one]:.3f}], "
            f"{self.seen[one]:.3f} in training"
            for one in shown
        ]
        return "; ".join(words)

    def _change(self, label: int) -> float:
        return abs(float(_log_odds(self.shares)[label] - _log_odds(self.seen)[label]))


def estimate_shift(
    probabilities: Probabilities, seen: Shares, validation: ValidationScores | None, *, shrink: bool = False
) -> ClassShift:
    """Returns the class fractions of N unlabelled records, and whether they surely differ from those of training.

    Args:
        probabilities: (N, K) float64, calibrated, for the shares of training.
        seen: (K,) float64, shares in training.
        validation: scores that the model keeps; without these nothing is sure.
        shrink: whether to shrink an estimate that chance may explain, which takes as long as a sure one.

    Raises:
        SeqnetError: the stored scores are damaged.
    """
    count, unknown = len(probabilities), np.full(len(seen), np.nan)
    if count < FEWEST:
        doubt = f"it has {counted(count, 'records')}, and at least {FEWEST} are needed"
        return ClassShift(unknown, unknown, unknown, seen, count, doubt)
    rng = np.random.default_rng(0)
    rows = probabilities if count <= MOST else probabilities[np.sort(rng.choice(count, MOST, replace=False))]
    if validation is None:
        doubt = "the model keeps no validation scores; train it again"
        return ClassShift(likeliest_shares(rows, seen), unknown, unknown, seen, count, doubt)
    known = _Known.of(validation, seen)
    shares = likeliest_shares(known.correct(rows), seen)
    if _unlike(rows, shares, known):
        doubt = "the scores are unlike those of validation records at any class fractions"
        return ClassShift(shares, unknown, unknown, seen, count, doubt)
    doubt = _by_chance(len(rows), shares, known, rng)
    if doubt and not shrink:
        return ClassShift(shares, unknown, unknown, seen, count, doubt)
    replicates = np.array([_log_odds(_replicate(rows, known, rng)) for _ in range(_FITS)])
    # Few replicates give a standard error, but no quantile.
    error, middle = replicates.std(axis=0, ddof=1), _log_odds(shares)
    low, high = (1 / (1 + np.exp(-(middle + side * error))) for side in (-1.96, 1.96))
    # At a share of 0 or 1, all replicates agree; the bound is that of so many records of one class.
    exact = 0.025 ** (1 / len(rows))
    low, high = np.minimum(low, exact), np.maximum(high, 1 - exact)
    return ClassShift(shares, low, high, seen, count, doubt, _shrunk(shares, seen, error) if doubt else None)


def _shrunk(shares: Shares, seen: Shares, error: Shares) -> Shares:
    """Returns shares (K,) between those of training and an estimate whose log odds have standard errors (K,).

    They are those of training if the difference is not larger than its standard error.
    """
    distance = float(((_log_odds(shares) - _log_odds(seen)) ** 2).sum())
    factor = max(0.0, 1 - float((error**2).sum()) / distance) if distance else 0.0
    between = seen * np.exp(factor * np.log(np.maximum(shares, LEAST) / seen))
    return np.asarray(between / between.sum())


@dataclass(frozen=True, eq=False)
class _Known:
    """Validation records.

    Attributes:
        labels: (M,) int64.
        scores: (M, K) float64.
        seen: (K,) float64, shares in training.
        correct: correction of probabilities for the bias of each class.
    """

    labels: NDArray[np.int64]
    scores: Probabilities
    seen: Shares
    correct: Callable[[Probabilities], Probabilities]

    @classmethod
    def of(cls, validation: ValidationScores, seen: Shares) -> _Known:
        """Returns the records that a model keeps."""
        labels, scores = validation.read()
        return cls(labels, scores, seen, _correction(labels, scores, seen))


def _correction(
    labels: NDArray[np.int64], scores: Probabilities, seen: Shares
) -> Callable[[Probabilities], Probabilities]:
    """Returns a correction that is fitted to records (M,), as if they had the shares (K,) of training."""
    counts = np.bincount(labels, minlength=len(seen))
    weights = (seen / np.maximum(counts, 1))[labels]  # (M,)
    # As many as records of equal weight would be.
    return fit_bias_correction(labels, scores, weights * weights.sum() / (weights**2).sum())


def _replicate(rows: Probabilities, known: _Known, rng: np.random.Generator) -> Shares:
    """Returns the estimate (K,) from bootstrap samples of the records and of the validation records."""
    most = len(rows) if len(known.seen) == 2 else min(len(rows), _ROWS)
    again = rows[np.sort(rng.integers(0, len(rows), most))]
    if len(known.seen) > 2:
        return likeliest_shares(known.correct(again), known.seen)
    labels = [np.flatnonzero(known.labels == label) for label in range(len(known.seen))]
    drawn = np.concatenate([rng.choice(own, len(own)) for own in labels])
    correct = _correction(known.labels[drawn], known.scores[drawn], known.seen)
    return likeliest_shares(correct(again), known.seen)


def _by_chance(count: int, shares: Shares, known: _Known, rng: np.random.Generator) -> str:
    """Returns why the shares of so many records may be those of training; empty if they surely differ."""
    seen, labels = known.seen, known.labels
    if np.abs(_log_odds(shares) - _log_odds(seen)).max() < np.log(_ODDS):
        return "they are close to those of training"
    distance, corrected = np.abs(shares - seen).max(), known.correct(known.scores)
    by_chance = (np.abs(one - seen).max() for one in _at_training_shares(labels, corrected, seen, count, rng))
    if any(other >= distance for other in by_chance):
        return "the difference from those of training may be chance"
    return ""


def _unlike(rows: Probabilities, shares: Shares, known: _Known) -> bool:
    """Returns whether scores are unlike those of validation records that are weighted by the estimated shares."""
    labels = known.labels
    weights = (shares / np.bincount(labels, minlength=len(shares)))[labels]
    effective = weights.sum() ** 2 / (weights**2).sum()
    chance = 1.63 * np.sqrt(1 / len(rows) + 1 / effective)  # Kolmogorov-Smirnov at 1 %
    distance = max(_distance(rows[:, one], known.scores[:, one], weights) for one in range(len(shares)))
    return bool(distance > _MISFIT + chance)


def _at_training_shares(
    labels: NDArray[np.int64], scores: Probabilities, seen: Shares, count: int, rng: np.random.Generator
) -> list[Shares]:
    """Returns the estimates (K,) of samples of `count` validation records at the shares of training.

    Each is drawn from a bootstrap sample of the records, because these are a sample, too.
    """
    members = [np.flatnonzero(labels == label) for label in range(len(seen))]
    if len(seen) > 2:
        members = [own[rng.permutation(len(own))[: max(_ROWS // len(seen), 1)]] for own in members]
    kept = np.concatenate(members)
    rows = scores[kept]
    estimates = []
    for _ in range(_REPLICATES):
        weights = []
        for own, number in zip(members, rng.multinomial(count, seen), strict=True):
            again = rng.multinomial(len(own), np.full(len(own), 1 / len(own)))
            weights.append(rng.multinomial(number, again / len(own)))
        weight = np.concatenate(weights).astype(np.float64)
        estimates.append(likeliest_shares(rows[weight > 0], seen, weight[weight > 0]))
    return estimates


def _distance(own: Shares, other: Shares, weights: Shares) -> float:
    """Returns the largest difference between the cumulative distributions of scores (N,) and weighted scores (M,).

    Scores may be off by rounding, so that equal scores of many records are not quite equal.
    """
    ours, places = np.sort(own), np.concatenate([own, other])
    places = np.concatenate([places, places + 1.5 * _ROUNDING])  # at steps, and right behind them
    low, high = (np.searchsorted(ours, places + by, side="right") / len(own) for by in (-_ROUNDING, _ROUNDING))
    order = np.argsort(other)
    total = np.concatenate([[0.0], np.cumsum(weights[order])]) / weights.sum()
    theirs = total[np.searchsorted(other[order], places, side="right")]
    return float(np.maximum(low - theirs, theirs - high).max())


def _log_odds(shares: Shares) -> Shares:
    kept = np.clip(shares, LEAST, 1 - LEAST)
    return np.asarray(np.log(kept / (1 - kept)))
