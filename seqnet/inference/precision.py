"""What a lower precision changes about the decisions of a model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seqnet.bundles import Bundle
from seqnet.evaluation import decide
from seqnet.inference.engine import bundle_probabilities
from seqnet.inference.scoring import has_bfloat16, ready
from seqnet.records import Ragged

__all__ = ["changed_labels"]


def changed_labels(bundle: Bundle, tokens: Ragged, indices: NDArray[np.int64]) -> dict[str, float]:
    """Returns precision → share of labels that are others than in float32, for what the device is fast in.

    Args:
        bundle: a calibrated model.
        tokens: N token sequences.
        indices: (M,) int64, which of them.
    """
    if not has_bfloat16(bundle.classifier.device):
        return {}
    labels = []
    for precision in ("float32", "bfloat16"):
        found = bundle_probabilities(bundle, tokens, indices, members=ready(bundle, precision))
        labels.append(decide(found.probabilities, bundle.positive, bundle.calibration.threshold))
    return {"bfloat16": float((labels[0] != labels[1]).mean())}
