"""How sequences are drawn that a model labels for a smaller one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from seqnet.configs.settings import LARGEST_SEED, Settings, setting

__all__ = ["DistillOptions"]


@dataclass(frozen=True)
class DistillOptions(Settings):
    """Which sequences a model labels, and how many."""

    section: ClassVar[str] = "distill"

    count: int = setting(
        1_000_000,
        "number of sequences to label, about half of them random if there are SEQUENCES",
        minimum=100,
        maximum=100_000_000,
    )
    length: int | None = setting(
        None,
        "length of the pieces that are cut from longer sequences, and of random ones without SEQUENCES [default: the "
        "window of the model, at most 1,000]",
        minimum=1,
        maximum=1_000_000,
    )
    random: str = setting(
        "uniform",
        "random sequences: uniform (all symbols equally frequent), composition (symbol frequencies of SEQUENCES), "
        "dinucleotide (pieces of SEQUENCES, shuffled with their dinucleotide counts) or none",
        choices=("uniform", "composition", "dinucleotide", "none"),
    )
    seed: int = setting(
        1, "random seed of the sequences, of weights and of their order", minimum=0, maximum=LARGEST_SEED
    )
