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

    trials: int = setting(30, "trials in all, those of a search that is resumed included", minimum=1, maximum=1_000_000)
    min_epochs: int = setting(1, "epochs that every trial has before it may be stopped", minimum=1, maximum=1_000_000)
    reduction: int = setting(
        3, "of this many trials that come to a rung of epochs, one goes on", minimum=2, maximum=1_000_000
    )
