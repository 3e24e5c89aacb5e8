"""Scores → labels and marks, with the calibration of the model and the options of the user."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.configs.prediction import PredictOptions
from seqnet.core.errors import SettingError
from seqnet.core.ragged import Ragged
from seqnet.datasets.tokenizing import RecordStatus, Tokenized
from seqnet.evaluation import decide
from seqnet.evaluation.calibration import Calibration, for_fractions, reweighted
from seqnet.models.bundles import Bundle
from seqnet.models.probabilities import Ensembled
from seqnet.prediction.rows import PredictedRows

__all__ = ["UNCERTAIN", "Decider", "Scores", "training_shares"]

UNCERTAIN = "uncertain"
"""Word instead of the label of a record with too low a confidence."""


def training_shares(bundle: Bundle) -> NDArray[np.float64]:
    """Returns the share (K,) float64 of each class that the probabilities of a model are for."""
    return np.array(bundle.calibration.shares or [1 / len(bundle.classes)] * len(bundle.classes))


class Scores(NamedTuple):
    """The scores of the M records of a batch that can be predicted.

    Attributes:
        usable: (M,) int64, their indices in the batch.
        found: calibrated probabilities (M, K) and deviations (M, K).
    """

    usable: NDArray[np.int64]
    found: Ensembled


class Decider:
    """Decides labels by calibrated probabilities, and marks records that are unlike the training sequences.

    Args:
        bundle: has classes, threshold and the confidence for each error rate; for other class fractions, these are
            fitted again to its stored validation scores.
        options: class fractions and tolerated error.
        expected: (K,) float64, class fractions that were estimated; None for those of the options.

    Raises:
        SettingError: a class is unknown, fractions don't add up to 1, no confidence keeps the error rate, a single
            network is to vote, or the model has no validation scores for other class fractions.

    Attributes:
        threshold: lowest probability of the positive class of two that makes a record, or a member's vote, positive;
            None for more classes.
    """

    def __init__(self, bundle: Bundle, options: PredictOptions, expected: NDArray[np.float64] | None = None) -> None:
        self._bundle = bundle
        if options.vote and len(bundle.members) == 1:
            raise SettingError("predict.vote", True, problem="needs an ensemble; this model is a single network")
        self._positive = bundle.positive
        given = None if expected is None else (training_shares(bundle), expected)
        self._mix = given or self._class_mix(bundle, options)
        calibration = bundle.calibration if self._mix is None else self._for_mix(bundle, options, *self._mix)
        self.threshold = None if bundle.positive is None else calibration.threshold
        # Each member votes by the threshold, and the majority of the votes decides.
        self._bound = 0.5 if options.vote else self.threshold
        self._lowest = self._lowest_confidence(bundle, calibration, options.max_error)

    @staticmethod
    def _class_mix(bundle: Bundle, options: PredictOptions) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """Returns the class fractions (K,) of training and of the records; None if they are the same."""
        given = options.fractions()
        if not given:
            return None
        for name, share in given.items():
            if name not in bundle.classes:
                problem = (
                    f"names class {name}, which the model does not have; its classes are {', '.join(bundle.classes)}"
                )
                raise SettingError("predict.expected_fraction", f"{name}={share:g}", problem=problem)
        seen = training_shares(bundle)
        others = [index for index, name in enumerate(bundle.classes) if name not in given]
        rest = 1 - sum(given.values())
        if (others and rest <= 0) or (not others and abs(rest) > 1e-6):
            problem = f"adds up to {sum(given.values()):g}, "
            unnamed = ", ".join(bundle.classes[index] for index in others)
            problem += f"so nothing is left for the other classes: {unnamed}" if others else "not 1"
            raise SettingError("predict.expected_fraction", list(options.expected_fraction), problem=problem)
        expected = np.array([given.get(name, 0.0) for name in bundle.classes])
        if others:
            expected[others] = rest * seen[others] / seen[others].sum()
        return seen, expected

    @staticmethod
    def _for_mix(
        bundle: Bundle, options: PredictOptions, seen: NDArray[np.float64], expected: NDArray[np.float64]
    ) -> Calibration:
        """Returns the calibration for the class fractions (K,) of the records."""
        if bundle.validation is not None:
            return for_fractions(bundle.calibration, bundle.validation, seen, expected, bundle.positive)
        if bundle.positive is not None and bundle.calibration.threshold != 0.5:
            problem = "needs a model with validation scores, to choose a new threshold; train it again"
            raise SettingError("predict.expected_fraction", list(options.expected_fraction), problem=problem)
        if options.max_error is not None:
            problem = "and --expected-fraction together need a model with validation scores; train it again"
            raise SettingError("predict.max_error", options.max_error, problem=problem)
        return bundle.calibration

    @staticmethod
    def _lowest_confidence(bundle: Bundle, calibration: Calibration, max_error: float | None) -> float | None:
        """Returns the confidence below which a record is uncertain; None if no record is."""
        if max_error is None:
            return None
        if UNCERTAIN in bundle.classes:
            raise SettingError(
                "predict.max_error", max_error, problem=f"can't be used: a class of the model is called {UNCERTAIN}"
            )
        known = {float(error): bound for error, bound in calibration.confidences.items()}
        kept = [(error, bound) for error, bound in known.items() if error <= max_error and bound is not None]
        if not kept:
            able = min((error for error, bound in known.items() if bound is not None), default=None)
            problem = (
                f"{max_error:g} is below {able:g}, the lowest error rate that this model can guarantee"
                if able
                else "can't be used: this model can guarantee no error rate"
            )
            raise SettingError("predict.max_error", max_error, problem=problem)
        return max(kept)[1]

    def decide(self, names: Ragged, tokenized: Tokenized, scores: Scores, place: str = "") -> PredictedRows:
        """Returns the rows of N records.

        Args:
            names: of the records.
            tokenized: their tokens and status.
            scores: those of the records whose status is `OK`.
            place: what messages call their file.
        """
        bundle, (usable, found) = self._bundle, scores
        decided = self.probabilities(found.probabilities)
        # Finite weights can give numbers beyond float32; NaN has no label.
        known = np.isfinite(decided).all(axis=1) & np.isfinite(found.deviations).all(axis=1)
        status = tokenized.status.copy()
        status[usable[~known]] = RecordStatus.NO_PREDICTION
        usable, decided = usable[known], decided[known]
        labels = np.full(len(names), -1, dtype=np.int64)
        labels[usable] = self.labels(decided)
        probabilities = np.full((len(names), len(bundle.classes)), np.nan)
        probabilities[usable] = decided
        deviations = None
        if len(bundle.members) > 1:
            deviations = np.full_like(probabilities, np.nan)
            deviations[usable] = found.deviations[known]
        if bundle.novelty is not None:
            status[usable] = bundle.novelty.marks(tokenized.tokens, bundle.alphabet)[usable]
        invalid = tokenized.invalid
        return PredictedRows(
            names=names,
            status=status,
            labels=labels,
            probabilities=probabilities,
            deviations=deviations,
            uncertain=self.too_unsure(probabilities, labels),
            invalid=None if invalid is None else invalid.error(place, names, bundle.alphabet),
            masked=tokenized.masked,
            stops=tokenized.stops,
        )

    def probabilities(self, calibrated: NDArray[np.float64]) -> NDArray[np.float64]:
        """Returns the probabilities (M, K) for the class fractions of the records."""
        return calibrated if self._mix is None else reweighted(calibrated, *self._mix)

    def labels(self, probabilities: NDArray[np.float64]) -> NDArray[np.int64]:
        """Returns the class (M,) int64 of each row."""
        return decide(probabilities, self._positive, self._bound)

    def too_unsure(self, probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.bool_] | None:
        """Returns where (M,) bool the probability of the label is too low for the tolerated error; None if none is.

        Args:
            probabilities: (M, K) float64, NaN where there is no label.
            labels: (M,) int64, -1 where there is none.
        """
        if self._lowest is None:
            return None
        return probabilities[np.arange(len(labels)), labels] < self._lowest
