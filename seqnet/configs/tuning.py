"""How settings are searched for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from seqnet.configs.settings import Settings, setting

__all__ = ["TuneOptions"]


@dataclass(frozen=True)
class TuneOptions(Settings):
    """How many trials there are, and which of them are stopped early."""

    section: ClassVar[str] = "tune"

    trials: int = setting(
        30, "total number of trials, including those of a resumed search", minimum=1, maximum=1_000_000
    )
    min_epochs: int = setting(1, "epochs that every trial runs before it can be stopped", minimum=1, maximum=1_000_000)
    reduction: int = setting(
        3,
        "Hyperband reduction factor: at each check, continue the best 1 in this many trials",
        minimum=2,
        maximum=1_000_000,
    )
