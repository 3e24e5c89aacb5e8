"""Tests of two classifiers on the same records: which is right more often, and which has the higher AUROC.

In: for N records, whether each classifier was right (N,) bool, or its scores (N,) float64. Out: the statistic and the
two-sided p-value of the null hypothesis that there is no difference.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from seqnet.evaluation.evaluation import Estimate

__all__ = ["DeLong", "McNemar", "delong", "mcnemar"]

_FEW = 25
"""Discordant records below which the test is the exact binomial one, as is customary."""


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


@dataclass(frozen=True, slots=True)
class McNemar:
    """Test whether two classifiers are right equally often.

    Attributes:
        only_first: number of records that only the first classifier has right.
        only_second: number of records that only the second classifier has right.
        method: `exact` (binomial), `chi-square` (with continuity correction), or `groups` (chi-square over groups).
        statistic: chi-square with one degree of freedom; NaN for the exact test.
        p: two-sided p-value.
    """

    only_first: int
    only_second: int
    method: Literal["exact", "chi-square", "groups"]
    statistic: float
    p: float

    def to_json(self) -> dict[str, Any]:
        """Returns everything as plain values, None for NaN."""
        return {
            "only_first": self.only_first,
            "only_second": self.only_second,
            "method": self.method,
            "statistic": _number(self.statistic),
            "p": _number(self.p),
        }


def mcnemar(first: NDArray[np.bool_], second: NDArray[np.bool_], groups: NDArray[np.int64] | None = None) -> McNemar:
    """Returns McNemar's test of the records that exactly one of two classifiers has right.

    Args:
        first: (N,) bool, whether the first classifier is right.
        second: (N,) bool, whether the second classifier is right.
        groups: (N,) int64, group of each record; None if records are independent.

    Source: McNemar 1947, doi:10.1007/BF02295996; the continuity correction, Edwards 1948, doi:10.1007/BF02289261;
    groups, Obuchowski 1998, doi:10.1002/(SICI)1097-0258(19980715)17:13<1495::AID-SIM863>3.0.CO;2-I.
    """
    b, c = int((first & ~second).sum()), int((second & ~first).sum())
    if groups is not None:
        excess = np.bincount(np.unique(groups, return_inverse=True)[1], first.astype(float) - second)  # (G,)
        spread, count = float((excess**2).sum()), len(excess)
        statistic = (count - 1) / count * float(excess.sum()) ** 2 / spread if spread else math.nan
        return McNemar(b, c, "groups", statistic, _chi_square_p(statistic) if spread else 1.0)
    if b + c < _FEW:
        from scipy.stats import binomtest

        return McNemar(b, c, "exact", math.nan, float(binomtest(b, b + c).pvalue) if b + c else 1.0)
    statistic = max(abs(b - c) - 1, 0) ** 2 / (b + c)
    return McNemar(b, c, "chi-square", statistic, _chi_square_p(statistic))


def _chi_square_p(statistic: float) -> float:
    """Returns the probability of at least this chi-square with one degree of freedom."""
    from scipy.stats import chi2

    return float(chi2.sf(statistic, 1))


@dataclass(frozen=True, slots=True)
class DeLong:
    """Test whether two classifiers have the same AUROC.

    Attributes:
        first: AUROC of the first classifier.
        second: AUROC of the second classifier.
        difference: first minus second, with a normal interval.
        error: standard error of the difference.
        z: difference divided by its standard error; NaN if the error is 0.
        p: two-sided p-value; if the error is 0, it is 1 without a difference and NaN with one.
    """

    first: float
    second: float
    difference: Estimate
    error: float
    z: float
    p: float

    def to_json(self) -> dict[str, Any]:
        """Returns everything as plain values, None for NaN."""
        return {
            "first": self.first,
            "second": self.second,
            "difference": self.difference.to_json(),
            "error": self.error,
            "z": _number(self.z),
            "p": _number(self.p),
        }


def delong(
    positive: NDArray[np.bool_], first: NDArray[np.float64], second: NDArray[np.float64], confidence: float = 0.95
) -> DeLong | None:
    """Returns DeLong's test of the difference of two AUROCs; None with fewer than two records of either class.

    Args:
        positive: (N,) bool, whether a record is of the positive class.
        first: (N,) float64, scores of the first classifier, higher for the positive class.
        second: (N,) float64, scores of the second classifier.
        confidence: confidence of the interval of the difference.

    Source: DeLong et al. 1988, doi:10.2307/2531595; by ranks, Sun & Xu 2014, doi:10.1109/LSP.2014.2337313.
    """
    from scipy.stats import norm, rankdata

    m, n = int(positive.sum()), int((~positive).sum())
    if m < 2 or n < 2:
        return None
    among_negatives, among_positives = np.empty((2, m)), np.empty((2, n))
    for row, scores in enumerate((first, second)):
        x, y, ranks = scores[positive], scores[~positive], rankdata(scores)
        among_negatives[row] = (ranks[positive] - rankdata(x)) / n  # share of the negatives that a positive is above
        among_positives[row] = 1 - (ranks[~positive] - rankdata(y)) / m  # share of the positives that are above it
    areas = among_negatives.mean(axis=1)
    covariance = np.cov(among_negatives) / m + np.cov(among_positives) / n  # (2, 2)
    contrast = np.array([1.0, -1.0])
    # If no scores differ, the variance can still be a small positive or negative rounding error.
    variance = float(contrast @ covariance @ contrast)
    error = math.sqrt(variance) if variance > 1e-15 else 0.0
    gap = float(areas[0] - areas[1])
    z = gap / error if error else math.nan
    p = float(2 * norm.sf(abs(z))) if error else (math.nan if abs(gap) > 1e-9 else 1.0)
    reach = float(norm.ppf((1 + confidence) / 2)) * error
    return DeLong(float(areas[0]), float(areas[1]), Estimate(gap, gap - reach, gap + reach), error, z, p)
