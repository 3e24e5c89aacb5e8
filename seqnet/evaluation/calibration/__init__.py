"""Calibration of probabilities, and decisions from probabilities.

Start here: `calibrate` takes the labels (N,) and probabilities (N, K) of records that the network was not fitted to,
and returns a `Calibration`. `ValidationScores` stores the probabilities of such records. `for_fractions` fits the
threshold and the confidences to them again for other class fractions.
"""

from __future__ import annotations

from seqnet.evaluation.calibration.temperature import (
    chosen_temperature,
    expected_calibration_error,
    fit_temperature,
    tempered,
)
from seqnet.evaluation.calibration.thresholds import (
    TOLERATED_ERRORS,
    Calibration,
    best_threshold,
    calibrate,
    confidence_for_error,
    reweighted,
)
from seqnet.evaluation.calibration.validation_scores import ValidationScores, for_fractions

__all__ = [
    "TOLERATED_ERRORS",
    "Calibration",
    "ValidationScores",
    "best_threshold",
    "calibrate",
    "chosen_temperature",
    "confidence_for_error",
    "expected_calibration_error",
    "fit_temperature",
    "for_fractions",
    "reweighted",
    "tempered",
]
