"""Labelled probabilities that the tests of this folder share."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray


class Records(NamedTuple):
    labels: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    weights: NDArray[np.float64]


@st.composite
def records(draw: st.DrawFn, class_count: int, *, whole_weights: bool = False) -> Records:
    """Draws 1 to 40 records with many equal probabilities; some weights are 0, one at least is not."""
    N = draw(st.integers(1, 40))
    labels = draw(hnp.arrays(np.int64, N, elements=st.integers(0, class_count - 1)))
    parts = draw(hnp.arrays(np.int64, (N, class_count), elements=st.integers(1, 5)))
    elements = st.integers(0, 3) if whole_weights else st.sampled_from([0.0, 0.1, 0.3, 1.0, 2.7])
    weights = draw(hnp.arrays(np.int64 if whole_weights else np.float64, N, elements=elements)).astype(np.float64)
    weights[0] += 1
    return Records(labels, parts / parts.sum(axis=1, keepdims=True), weights)


def separated(N: int, class_count: int, seed: int = 0) -> Records:
    """Returns N records whose true class tends to have a higher probability."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(class_count, size=N)
    logits = rng.normal(size=(N, class_count))
    logits[np.arange(N), labels] += 1.0
    odds = np.exp(logits)
    return Records(labels, odds / odds.sum(axis=1, keepdims=True), np.ones(N))
