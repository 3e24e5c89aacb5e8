"""How long sequences are scored window by window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from seqnet.configs.networks import LONGEST_WINDOW
from seqnet.configs.settings import MOST_RECORDS, Settings, setting

__all__ = ["AGGREGATES", "ScanOptions"]

AGGREGATES = ("mean", "max", "noisy-or")
"""Ways to make one prediction of a record from the scores of its windows."""


@dataclass(frozen=True)
class ScanOptions(Settings):
    """Windows of long sequences, and what is made of their scores; None where the user has not chosen."""

    section: ClassVar[str] = "scan"

    window: int | None = setting(
        None,
        "score windows of this many symbols [default: the window of the model]",
        minimum=1,
        maximum=LONGEST_WINDOW,
    )
    stride: int | None = setting(
        None,
        "distance between the starts of neighbouring windows, in symbols [default: the length of a window]",
        minimum=1,
        maximum=MOST_RECORDS,
    )
    aggregate: str | None = setting(
        None,
        "how the scores of its windows become the prediction of a record: mean; max, the window with the highest "
        "probability of the class of --class; noisy-or, the probability that at least one window is of this class, if "
        "windows were independent [default: mean]",
        choices=AGGREGATES,
    )
    softmask: str = setting(
        "keep",
        "lower-case (soft-masked) symbols: keep reads them like upper case, skip gives no score to windows that have "
        "one",
        choices=("keep", "skip"),
    )

    @property
    def given(self) -> bool:
        """Whether any setting differs from its default."""
        return self != ScanOptions()
