"""The windows of a long sequence, for programs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from seqnet.api.in_memory import IN_MEMORY
from seqnet.api.sequences import as_records
from seqnet.api.warn import warn_of_other_alphabet
from seqnet.configs.readers import ReadOptions
from seqnet.configs.scanning import ScanOptions
from seqnet.core.printable import counted
from seqnet.nn.devices import computing
from seqnet.prediction.inputs import PredictionInputs
from seqnet.prediction.predictor import Predictor
from seqnet.prediction.scanning import Located, ScannedPiece, Scanner
from seqnet.prediction.scans import scan_of
from seqnet.prediction.windows import WindowStatus

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Windows", "scan_sequence"]


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


def scan_sequence(predictor: Predictor, threads: int, sequence: Any, window: int | None, stride: int | None) -> Windows:
    """Returns the predictions of the windows of a sequence; see `Model.scan`."""
    bundle = predictor.bundle
    where = ScanOptions(window=bundle.window if window is None else window, stride=stride)
    mask = predictor.options.unknown == "mask"
    scanner = Scanner(predictor, scan_of(bundle, where, None, mask=mask, track=False))
    inputs = PredictionInputs(ReadOptions(threads=threads), predictor.expected_alphabet)
    records = inputs.checked(IN_MEMORY, iter([as_records([sequence], None)]))
    located = (Located.whole(IN_MEMORY, batch) for batch in records)
    device = bundle.classifier.device
    with computing(threads, device):
        found = [one for one in scanner.scanned(located, threads) if isinstance(one, ScannedPiece)]
    warn_of_other_alphabet(inputs)
    return Windows(found, scanner.scan.grid.window, bundle.classes)
