"""How a model is evaluated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from seqnet.configs.settings import LARGEST_SEED, MOST_RECORDS, Settings, setting

__all__ = ["EvaluationOptions"]


@dataclass(frozen=True)
class EvaluationOptions(Settings):
    """How the intervals around the metrics are made, and what baselines are fitted to."""

    section: ClassVar[str] = "evaluate"

    replicates: int = setting(
        1000, "bootstrap replicates behind each interval; 0 for no intervals", minimum=0, maximum=1_000_000
    )
    confidence: float = setting(0.95, "share of replicates inside an interval", above=0, below=1)
    seed: int = setting(
        0, "seed of the bootstrap, and of the records that baselines are fitted to", minimum=0, maximum=LARGEST_SEED
    )
    baseline_records: int = setting(
        50_000,
        "most training records that baselines are fitted to; more are drawn from",
        minimum=10,
        maximum=MOST_RECORDS,
    )
