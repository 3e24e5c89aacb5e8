"""Decisions with other class fractions than in training, on simulated calibrated probabilities."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from seqnet.configs.prediction import PredictOptions
from seqnet.core.errors import SeqnetError, SettingError
from seqnet.evaluation import measure
from seqnet.evaluation.calibration import ValidationScores, calibrate
from seqnet.models.bundles import Bundle
from seqnet.prediction.decision import Decider
from tests.building import make_bundle

SHARE = 0.5
"""Share of positives in training."""


def drawn(count: int, share: float, seed: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Returns labels with a share of positives, and the probabilities of a model that was trained with `SHARE`.

    A score is normal with mean 1 or -1 and variance 1, so that the log of its likelihood ratio is twice the score.
    """
    rng = np.random.default_rng(seed)
    labels = (rng.random(count) < share).astype(np.int64)
    logit = 2 * rng.normal(2 * labels - 1.0, 1) + math.log(SHARE / (1 - SHARE))
    positive = 1 / (1 + np.exp(-logit))
    return labels, np.column_stack([1 - positive, positive])


def bundle_for(criterion: str | None, count: int = 20_000) -> Bundle:
    """Returns a model that is calibrated on records of the training fractions, and stores their scores."""
    labels, probabilities = drawn(count, SHARE, 1)
    calibration = calibrate(labels, probabilities, 1, (1 - SHARE, SHARE), criterion)
    kept = ValidationScores.keep(labels, probabilities, 1)
    return dataclasses.replace(make_bundle(), calibration=calibration, validation=kept)


def decider(bundle: Bundle, **options: Any) -> Decider:
    return Decider(bundle, PredictOptions(**options))


@pytest.mark.parametrize("share", [0.02, 0.2, 0.9])
@pytest.mark.parametrize("error", [0.01, 0.05])
def test_the_tolerated_error_is_held_at_the_expected_fractions(share: float, error: float) -> None:
    chosen = decider(bundle_for("mcc"), max_error=error, expected_fraction=(f"signal={share}",))
    labels, raw = drawn(200_000, share, 2)
    probabilities = chosen.probabilities(raw)
    given = chosen.labels(probabilities)
    unsure = chosen.too_unsure(probabilities, given)
    assert unsure is not None
    reported = ~unsure
    assert reported.mean() > 0.2
    wrong = float((given[reported] != labels[reported]).mean())
    # The bound was chosen on 10,000 records and is measured on 200,000: three standard errors of the former.
    effective = 10_000 / 2 * reported.mean()
    assert wrong <= error + 3 * math.sqrt(error * (1 - error) / effective)


def test_confidences_of_the_old_fractions_would_not_hold_it() -> None:
    # With a share of one half, an error rate of 1 % needs another confidence than with a share of 2 %.
    old = decider(bundle_for(None), max_error=0.05)
    new = decider(bundle_for(None), max_error=0.05, expected_fraction=("signal=0.02",))
    one = old._lowest
    other = new._lowest
    assert one is not None
    assert other is not None
    assert other < one - 0.1


@pytest.mark.parametrize("share", [0.05, 0.5, 0.8])
def test_the_best_threshold_for_accuracy_of_calibrated_probabilities_is_one_half(share: float) -> None:
    # Duda & Hart 1973: with true class probabilities, the more probable class is the best decision.
    found = decider(bundle_for("accuracy"), expected_fraction=(f"signal={share}",)).threshold
    assert found == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("share", [0.05, 0.5, 0.8])
def test_the_best_threshold_for_balanced_accuracy_is_the_expected_fraction(share: float) -> None:
    # It is at a likelihood ratio of one for any fractions, and there the probability equals the fraction.
    found = decider(bundle_for("balanced"), expected_fraction=(f"signal={share}",)).threshold
    assert found == pytest.approx(share, abs=0.06)


@pytest.mark.parametrize("share", [0.05, 0.2, 0.8])
def test_the_best_threshold_for_f1_is_half_of_the_f1_that_it_reaches(share: float) -> None:
    # Lipton et al. 2014, arXiv:1402.1892, theorem 1.
    chosen = decider(bundle_for("f1"), expected_fraction=(f"signal={share}",))
    labels, raw = drawn(200_000, share, 3)
    probabilities = chosen.probabilities(raw)
    reached = measure(labels, probabilities, positive=1, threshold=chosen.threshold, names=("f1",))["f1"]
    assert chosen.threshold == pytest.approx(reached / 2, abs=0.1)  # F1 changes little near its maximum
    others = (0.1, reached / 2, 0.5, 0.7)
    best = max(measure(labels, probabilities, positive=1, threshold=t, names=("f1",))["f1"] for t in others)
    assert reached >= best - 0.002


def test_the_training_fractions_change_nothing_but_by_chance() -> None:
    bundle = bundle_for("mcc")
    same = decider(bundle, max_error=0.05, expected_fraction=(f"signal={SHARE}",))
    plain = decider(bundle, max_error=0.05)
    assert same.threshold == pytest.approx(plain.threshold, abs=0.03)
    assert same._lowest == pytest.approx(plain._lowest, abs=0.03)


def test_a_model_that_keeps_no_scores_refuses_what_it_cannot_hold() -> None:
    bundle = dataclasses.replace(bundle_for(None), validation=None)
    chosen = dataclasses.replace(bundle, calibration=dataclasses.replace(bundle.calibration, threshold=0.3))
    with pytest.raises(SettingError, match="needs a model with validation scores"):
        decider(chosen, expected_fraction=("signal=0.1",))
    with pytest.raises(SettingError, match="together need a model with validation scores"):
        decider(bundle, expected_fraction=("signal=0.1",), max_error=0.05)
    # Without either there is nothing to fit.
    assert decider(bundle, expected_fraction=("signal=0.1",)).threshold == 0.5
    assert decider(chosen, max_error=0.05).threshold == 0.3


def test_scores_that_are_not_numbers_are_refused() -> None:
    bundle = bundle_for("mcc", 200)
    assert bundle.validation is not None
    for kept in (
        ValidationScores(bundle.validation.labels, np.full_like(bundle.validation.scores, np.nan)),
        ValidationScores(np.zeros_like(bundle.validation.labels), bundle.validation.scores),
        ValidationScores(bundle.validation.labels + 1, bundle.validation.scores),
    ):
        with pytest.raises(SeqnetError, match="the validation scores of the model are damaged"):
            decider(dataclasses.replace(bundle, validation=kept), expected_fraction=("signal=0.1",))
