"""How a cross-validation is set up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from seqnet.configs.settings import Settings, setting

__all__ = ["FoldOptions"]


@dataclass(frozen=True)
class FoldOptions(Settings):
    """How records are dealt into folds."""

    section: ClassVar[str] = "train"

    folds: int | None = setting(
        None,
        "cross-validate: deal the train and validation splits into this many folds, at least 3, and train a network "
        "for each that does not see it, with a tenth of the others to choose the epoch. All become one model; FILE's "
        "name with .folds.tsv has what the network of each record's fold says of it, .folds.json how good that is",
        minimum=3,
        maximum=100,
    )
