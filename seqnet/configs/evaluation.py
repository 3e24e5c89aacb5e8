"""How a model is evaluated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from seqnet.configs.settings import LARGEST_SEED, Settings, setting
from seqnet.core.errors import SettingError

__all__ = ["EvaluationOptions"]


@dataclass(frozen=True)
class EvaluationOptions(Settings):
    """How the intervals around the metrics are made."""

    section: ClassVar[str] = "evaluate"

    replicates: int = setting(
        1000, "number of bootstrap replicates for the intervals; 0 for no intervals", minimum=0, maximum=1_000_000
    )
    confidence: float = setting(0.95, "confidence level of the intervals", above=0, below=1)
    seed: int = setting(0, "random seed of the bootstrap", minimum=0, maximum=LARGEST_SEED)

    def __post_init__(self) -> None:
        """See `Settings`; also checks that what is said of intervals is of use."""
        super().__post_init__()
        for name in ("confidence", "seed"):
            if self.replicates == 0 and getattr(self, name) != getattr(type(self)(), name):
                raise SettingError(f"evaluate.{name}", getattr(self, name), problem="needs --replicates above 0")
