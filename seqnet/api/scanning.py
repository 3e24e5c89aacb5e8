"""The windows of a long sequence in the hands of a program."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seqnet.core.printable import counted
from seqnet.prediction.scanning import ScannedPiece
from seqnet.prediction.windows import WindowStatus

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Windows"]


class Windows:
    """The predictions of the N windows of a sequence, from left to right.

    Args:
        pieces: the windows.
        window: length of a window.
        classes: the K class names.

    Attributes:
        window: as given.
        classes: as given.
        starts: (N,) int64, 0-based start of each window.
        probabilities: (N, K) float64, NaN for a window without a score.
    """

    def __init__(self, pieces: Sequence[ScannedPiece], window: int, classes: Sequence[str]) -> None:
        self.window, self.classes = window, tuple(classes)
        self.starts = np.concatenate([np.empty(0, np.int64), *(piece.start for piece in pieces)])
        nothing = np.empty((0, len(self.classes)))
        self.probabilities = np.concatenate([nothing, *(piece.probabilities for piece in pieces)])
        self._status = np.concatenate([np.empty(0, np.uint8), *(piece.status for piece in pieces)])

    @property
    def ends(self) -> NDArray[np.int64]:
        """(N,) int64, end of each window, not included."""
        return self.starts + self.window

    @cached_property
    def status(self) -> NDArray[np.object_]:
        """(N,) text: 'scored', or why a window has no score: 'invalid_symbol', 'all_ambiguous', and so on."""
        words = np.array([status.word for status in WindowStatus], dtype=object)
        return np.asarray(words[self._status])

    def to_pandas(self) -> pd.DataFrame:
        """Returns a table with the columns start, end, p_CLASS for each class, and status."""
        import pandas as pd

        scores = {f"p_{name}": column for name, column in zip(self.classes, self.probabilities.T, strict=True)}
        return pd.DataFrame({"start": self.starts, "end": self.ends, **scores, "status": self.status})

    def __len__(self) -> int:
        return len(self.starts)

    def __repr__(self) -> str:
        scored = int((self._status == WindowStatus.SCORED).sum())
        return f"<seqnet.Windows: {counted(len(self), 'windows')} of {self.window:,}, {scored:,} scored>"
