from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seqnet.evaluation.calibration import (
    ValidationScores,
    tempered,
)


def drawn(
    count: int, temperature: float, classes: int = 2, seed: int = 1
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Labels drawn from true probabilities, and probabilities that are overconfident by `temperature`."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 1.5, (count, classes))
    true = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = (rng.random((count, 1)) > true.cumsum(axis=1)).sum(axis=1)
    return labels, tempered(true, 1 / temperature)


def test_kept_scores_are_of_all_classes_and_bounded() -> None:
    rng = np.random.default_rng(0)
    labels = (rng.random(40_000) < 0.02).astype(np.int64)
    positive = rng.random(40_000) ** 40  # close to 0 and to 1
    probabilities = np.column_stack([1 - positive, positive])
    kept = ValidationScores.keep(labels, probabilities, 1)
    again, found = kept.read()
    assert np.bincount(again).tolist() == [5000, int(labels.sum())]
    assert kept.scores.nbytes <= 8 * 10_000
    minority = np.flatnonzero(labels == 1)
    np.testing.assert_allclose(found[5000:], probabilities[minority], rtol=1e-4, atol=1e-29)
