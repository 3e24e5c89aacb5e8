"""The processes that train together, as the training loop sees them; by default this process alone.

`seqnet.training.distributed` has those of a group that torchrun or a cluster has started.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from seqnet.nn.networks import Classifier

__all__ = ["ALONE", "BatchPart", "Processes"]


class BatchPart(NamedTuple):
    """The rows of a batch that a process computes.

    Attributes:
        tokens: (b, L) uint8.
        lengths: (b,) int64.
        targets: (b,) int64 or (b, K) float32.
        rows: B, the rows of the whole batch.
        weight: factor of the mean loss of these rows, so that the mean over processes is that of the batch; 0 if the
            process has no rows, and computes one without effect.
        share: the same for a mean in which all rows have the same weight.
    """

    tokens: Tensor
    lengths: Tensor
    targets: Tensor
    rows: int
    weight: float = 1.0
    share: float = 1.0


class Processes:
    """The processes of a training: a single one."""

    size = 1
    first = True
    """Whether this is the process that writes files."""
    seed = 0
    """Added to the seed of dropout."""

    def check(self, run: Sequence[object]) -> None:
        """Checks that all processes have the same run, which is what the values print as, and the same versions.

        Raises:
            SettingError: they do not.
        """

    def wrapped(self, classifier: Classifier) -> nn.Module:
        """Returns the classifier as a module whose gradients are means over all processes."""
        return classifier

    def release(self, classifier: Classifier) -> None:
        """Makes the classifier independent of the other processes again."""

    def align(self, classifier: Classifier) -> None:
        """Gives all processes the weights, statistics and trees of the first."""

    def part(self, batch: tuple[Tensor, Tensor, Tensor], weights: Tensor | None) -> BatchPart:
        """Returns the rows of a batch that this process computes.

        Args:
            batch: tokens (B, L), lengths (B,) and targets (B,) or (B, K), on the CPU.
            weights: (K,) float32, weight of each class in the loss, on the CPU; None for equal weights.
        """
        return BatchPart(*batch, len(batch[2]))

    def summed(self, value: Tensor) -> Tensor:
        """Returns the sum of a tensor over all processes."""
        return value

    def agreed(self, values: Sequence[float]) -> list[float]:
        """Returns the numbers of the first process."""
        return list(values)

    def scored(
        self, members: NDArray[np.int64], classes: int, score: Callable[[NDArray[np.int64]], NDArray[np.float64]]
    ) -> NDArray[np.float64]:
        """Returns the probabilities (M, K) float64 of records, each computed by one process.

        Args:
            members: (M,) int64, the records.
            classes: K.
            score: records (m,) → probabilities (m, K).
        """
        return score(members)

    def clock(self) -> float:
        """Returns the seconds of a clock that only goes forward, of the first process."""
        return time.monotonic()


ALONE = Processes()
"""A process that trains by itself."""
