"""Changes in a model's decisions at a lower precision."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seqnet.core.ragged import Ragged
from seqnet.evaluation import decide
from seqnet.models.bundles import Bundle
from seqnet.models.probabilities import bundle_probabilities
from seqnet.models.scoring import lower_precision, ready

__all__ = ["changed_labels"]


def changed_labels(
    bundle: Bundle, tokens: Ragged, indices: NDArray[np.int64], probabilities: NDArray[np.float64]
) -> dict[str, float]:
    """Returns precision → share of labels that differ from float32, for the precision that is faster here.

    Args:
        bundle: a calibrated model, on its device.
        tokens: N token sequences.
        indices: (M,) int64, indices of the sequences.
        probabilities: (M, K) float64, their calibrated probabilities in float32.
    """
    lower = lower_precision(bundle)
    if lower is None:
        return {}
    rounded = bundle_probabilities(bundle, tokens, indices, members=ready(bundle, lower)).probabilities
    one, other = (decide(each, bundle.positive, bundle.calibration.threshold) for each in (probabilities, rounded))
    return {lower: float((one != other).mean())}
