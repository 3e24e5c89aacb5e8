from __future__ import annotations

import numpy as np
import pytest

from seqnet.core.errors import EmptyInputError, LabelError, SeqnetError, SettingError
from seqnet.evaluation import decide, score

TWO = np.array([[0.8, 0.2], [0.5, 0.5], [0.3, 0.7]])
THREE = np.array([[0.2, 0.5, 0.3], [0.4, 0.4, 0.2], [0.1, 0.2, 0.7]])


@pytest.mark.parametrize(
    ("positive", "threshold", "expected"),
    [
        (1, None, [0, 1, 1]),
        (0, None, [0, 0, 1]),
        (1, 0.6, [0, 0, 1]),
        (1, 0.7, [0, 0, 1]),
        (0, 0.2, [0, 0, 0]),
        (1, 0.0, [1, 1, 1]),
        (1, 1.0, [0, 0, 0]),
    ],
)
def test_two_classes_are_decided_by_threshold_and_ties_are_positive(
    positive: int, threshold: float | None, expected: list[int]
) -> None:
    assert decide(TWO, positive, threshold).tolist() == expected
    assert score([0, 1, 1], TWO, positive=positive, threshold=threshold).predicted.tolist() == expected


def test_each_record_may_have_a_separate_threshold() -> None:
    bounds = np.array([0.2, 0.6, 0.8])
    scored = score([0, 1, 1], TWO, positive=1, threshold=bounds)
    assert scored.predicted.tolist() == [1, 0, 0]
    assert scored.take(np.array([2, 0])).predicted.tolist() == [0, 1]
    with pytest.raises(ValueError, match="must be one, or one for each of 3 records"):
        score([0, 1, 1], TWO, threshold=bounds[:2])
    with pytest.raises(SettingError, match=r"evaluate\.threshold must be a probability from 0 to 1, not 1\.5"):
        score([0, 1, 1], TWO, threshold=np.array([0.5, 1.5, 0.5]))


def test_the_second_of_two_classes_is_positive_by_default() -> None:
    scored = score([0, 0, 1], TWO)
    assert (scored.positive, scored.threshold) == (1, 0.5)


def test_more_classes_are_decided_by_the_highest_probability_and_ties_go_to_the_first() -> None:
    scored = score([0, 1, 2], THREE)
    assert scored.predicted.tolist() == [1, 0, 2]
    assert (scored.positive, scored.threshold) == (None, None)


def test_counts_under_weights() -> None:
    tally = score([0, 0, 1], TWO).under(np.array([2.0, 0.5, 0.0]))
    assert tally.total == 2.5
    assert tally.confusion.tolist() == [[2.0, 0.5], [0.0, 0.0]]
    assert (tally.true.tolist(), tally.given.tolist()) == ([2.5, 0.0], [2.0, 0.5])
    assert (tally.true_positives.tolist(), tally.false_positives.tolist()) == ([2.0, 0.0], [0.0, 0.5])
    assert tally.rest.tolist() == [0.0, 2.5]
    assert tally.mean(np.array([1.0, 2.0, 9.0])) == 1.2
    assert np.isnan(score([0], TWO[:1]).under(np.zeros(1)).mean(np.ones(1)))


@pytest.mark.parametrize("count", [40, 20])  # with and without the matrix
def test_counts_of_classes_are_sums_of_the_confusion_matrix(count: int) -> None:
    rng = np.random.default_rng(1)
    scored = score(rng.integers(0, 5, count), rng.dirichlet(np.ones(6), count))
    tally = scored.under(rng.integers(0, 3, count).astype(float))
    matrix = tally.confusion
    assert tally.true.tolist() == matrix.sum(axis=1).tolist()
    assert tally.given.tolist() == matrix.sum(axis=0).tolist()
    assert tally.true_positives.tolist() == matrix.diagonal().tolist()
    assert tally.false_positives.tolist() == (matrix.sum(axis=0) - matrix.diagonal()).tolist()
    assert tally.rest.tolist() == (matrix.sum() - matrix.sum(axis=1)).tolist()


def test_nothing_to_evaluate() -> None:
    with pytest.raises(EmptyInputError, match="there are no records to evaluate"):
        score(np.empty(0, np.int64), np.empty((0, 2)))


@pytest.mark.parametrize("label", [-1, 2])
def test_a_label_outside_the_classes(label: int) -> None:
    with pytest.raises(LabelError, match=f"label {label} is not one of the 2 classes"):
        score([0, 1, label], TWO)


@pytest.mark.parametrize(
    ("probabilities", "message"),
    [
        ([[np.nan, 0.5]], "NaN or infinite"),
        ([[np.inf, 0.0]], "NaN or infinite"),
        ([[2.0, -1.0]], "not in 0..1"),
        ([[1.3, 0.4]], "not in 0..1"),
        ([[0.3, 0.3]], "not in 0..1"),
    ],
)
def test_invalid_probabilities_are_refused(probabilities: list[list[float]], message: str) -> None:
    with pytest.raises(SeqnetError, match=message):
        score([0], probabilities)


def test_probabilities_rounded_to_three_digits_are_fine() -> None:
    assert score([0], [[0.333, 0.333, 0.333]]).predicted.tolist() == [0]


@pytest.mark.parametrize(
    ("probabilities", "positive", "threshold", "name"),
    [
        (TWO, 2, None, "positive"),
        (TWO, -1, None, "positive"),
        (TWO, 1, 1.5, "threshold"),
        (TWO, 1, float("nan"), "threshold"),
        (THREE, 1, None, "positive"),
        (THREE, None, 0.5, "threshold"),
    ],
)
def test_settings_that_do_not_fit_the_classes(
    probabilities: np.ndarray[tuple[int, int], np.dtype[np.float64]],
    positive: int | None,
    threshold: float | None,
    name: str,
) -> None:
    with pytest.raises(SettingError, match=rf"evaluate\.{name}"):
        score([0, 1, 1], probabilities, positive=positive, threshold=threshold)


@pytest.mark.parametrize("shape", [(3,), (2, 2), (3, 1), (3, 2, 1)])
def test_shapes_that_do_not_match(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"must be \(N,\) and \(N, K\)"):
        score([0, 0, 0], np.full(shape, 0.5))
