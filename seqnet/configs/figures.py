"""The figures that `seqnet evaluate --plot` draws, and the files that they can be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["ENDINGS", "ENDINGS_TEXT", "FIGURES", "FigureKind"]

ENDINGS = (".pdf", ".png", ".svg")
"""Endings of the files of a figure."""

ENDINGS_TEXT = ".pdf, .png or .svg"
"""The same, for a message."""


@dataclass(frozen=True, slots=True)
class FigureKind:
    """One row of the table of figures.

    Attributes:
        help: what it shows, in a few words.
        each: whether there is one for each of two models.
    """

    help: str
    each: bool = False


FIGURES: Mapping[str, FigureKind] = {
    "roc": FigureKind("ROC curve"),
    "pr": FigureKind("precision against recall"),
    "confusion": FigureKind("confusion matrix", each=True),
    "scores": FigureKind("scores by class, with the threshold", each=True),
    "reliability": FigureKind("probabilities against how often they are right", each=True),
    "lengths": FigureKind("lengths by class"),
    "baselines": FigureKind("the model beside its baselines", each=True),
    "differences": FigureKind("differences of two models"),
    "learning": FigureKind("learning curves", each=True),
}
"""Name → figure."""
