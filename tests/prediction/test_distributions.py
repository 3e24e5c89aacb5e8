from __future__ import annotations

from dataclasses import replace

import numpy as np

from seqnet.core.ragged import Ragged
from seqnet.prediction.distributions import PROBABILITY_BINS, Distributions
from seqnet.prediction.rows import PredictedRows


def rows(labels: list[int], probabilities: list[list[float]], uncertain: list[bool] | None = None) -> PredictedRows:
    return PredictedRows(
        names=Ragged.from_strings(["x"] * len(labels)),
        status=np.array([int(label < 0) for label in labels], dtype=np.uint8),
        labels=np.array(labels, dtype=np.int64),
        probabilities=np.array(probabilities),
        uncertain=None if uncertain is None else np.array(uncertain),
    )


NAN = float("nan")
ROWS = rows(
    [0, 1, -1, 1, 1],
    [[0.9, 0.1], [0.0, 1.0], [NAN, NAN], [0.35, 0.65], [0.45, 0.55]],
    [False, False, False, False, True],
)
LENGTHS = np.array([36, 40, 0, 36, 5])


def test_labels_and_probabilities_are_those_of_records_with_a_prediction() -> None:
    found = Distributions.of(ROWS, LENGTHS)
    assert found.labels.tolist() == [1, 2, 1]
    assert np.allclose(found.expected, [1.7, 2.3])
    others, own = found.probabilities[1]
    assert np.flatnonzero(others).tolist() == [int(0.1 * PROBABILITY_BINS), int(0.55 * PROBABILITY_BINS)]
    assert np.flatnonzero(own).tolist() == [int(0.65 * PROBABILITY_BINS), PROBABILITY_BINS - 1]
    assert found.probabilities.sum(axis=(1, 2)).tolist() == [4, 4]
    assert np.flatnonzero(found.lengths[0]).tolist() == [0]
    assert found.lengths[1][[5, 36, 40]].tolist() == [1, 2, 1]


def test_a_threshold_other_than_one_half_may_label_less_probable_classes() -> None:
    found = Distributions.of(rows([1], [[0.7, 0.3]]), np.array([4]))
    assert found.probabilities[1, 1].sum() == found.probabilities[0, 0].sum() == 1


def test_parts_add_up_to_the_whole() -> None:
    whole, added = Distributions.of(ROWS, LENGTHS), Distributions.empty(2)
    assert ROWS.uncertain is not None
    for start, stop in ((0, 2), (2, 2), (2, 5)):
        part = replace(
            ROWS,
            status=ROWS.status[start:stop],
            labels=ROWS.labels[start:stop],
            probabilities=ROWS.probabilities[start:stop],
            uncertain=ROWS.uncertain[start:stop],
        )
        added.add(Distributions.of(part, LENGTHS[start:stop]))
    for name in ("labels", "probabilities", "lengths"):
        assert getattr(added, name).tolist() == getattr(whole, name).tolist()
    assert np.allclose(added.expected, whole.expected)
