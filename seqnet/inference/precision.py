"""What a lower precision changes about the decisions of a model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seqnet.bundles import Bundle
from seqnet.evaluation import decide
from seqnet.inference.engine import bundle_probabilities
from seqnet.inference.scoring import lower_precision, ready
from seqnet.records import Ragged

__all__ = ["changed_labels"]


def changed_labels(bundle: Bundle, tokens: Ragged, indices: NDArray[np.int64]) -> dict[str, float]:
    """Returns precision → share of labels that are others than in float32, for what the model is faster in here.

    Args:
        bundle: a calibrated model.
        tokens: N token sequences.
        indices: (M,) int64, which of them.
    """
    lower = lower_precision(bundle)
    if lower is None:
        return {}
    labels = []
    for precision in ("float32", lower):
        found = bundle_probabilities(bundle, tokens, indices, members=ready(bundle, precision))
        labels.append(decide(found.probabilities, bundle.positive, bundle.calibration.threshold))
    return {lower: float((labels[0] != labels[1]).mean())}
