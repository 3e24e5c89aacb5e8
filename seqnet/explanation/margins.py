"""The number that is explained: the margin of a class.

The margin is the logit of the class minus the mean logit of the other classes. For two classes it is the difference of
the two logits. It is taken before the temperature of the calibration. A model over both strands has the mean logits of
both strands, an ensemble has the mean of its members, and a sequence that is longer than the window of the model has
the mean over its windows.
"""

from __future__ import annotations

from torch import Tensor

__all__ = ["margins"]


def margins(logits: Tensor, targets: Tensor) -> Tensor:
    """Returns the margins (B,) of the classes `targets` (B,) int64 in logits (B, K)."""
    own = logits.gather(1, targets[:, None])[:, 0]
    return own - (logits.sum(dim=1) - own) / (logits.shape[1] - 1)
