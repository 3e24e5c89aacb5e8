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
        "K-fold cross-validation with this many folds, at least 3; the networks of all folds become one model. Also "
        "writes the predictions for each record by the network that was not trained on it (FILE.folds.tsv) and their "
        "metrics (FILE.folds.json)",
        minimum=3,
        maximum=100,
    )
