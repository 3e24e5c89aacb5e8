"""What a method finds for sequences that fit into the window of a model."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Effects"]


class Effects(NamedTuple):
    """What a method finds for P sequences.

    Attributes:
        margins: (P,) float64, the number that is explained.
        values: (ΣL, S) float64, see `Attributions`.
    """

    margins: NDArray[np.float64]
    values: NDArray[np.float64]
