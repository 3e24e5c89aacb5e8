"""ROC and precision-recall curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from seqnet.evaluation import Estimate
from seqnet.evaluation.curves import GRID, Curve, thinned
from seqnet.reporting.figures.pictures import LINE, MUTED, SERIES, Picture, draw_legend, label
from seqnet.reporting.wording import estimate_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["NamedCurve", "precision_picture", "roc_picture"]


_FAINT = 100
"""Columns of pixels of a thin line, of which there may be many."""


@dataclass(frozen=True, slots=True)
class NamedCurve:
    """A curve of a figure.

    Attributes:
        name: what it is of; empty for one of many, which is thin and has no name.
        curve: its points and its band.
        area: the area below it; None for one without a name.
    """

    name: str
    curve: Curve
    area: Estimate | None


def roc_picture(curves: Sequence[NamedCurve], how: str) -> Picture:
    """Returns the ROC curves.

    Args:
        curves: from the bottom to the top.
        how: how the bands were made, as a sentence.
    """

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)))
        _draw(axes, curves, "AUROC", steps=False)
        axes.set(xlabel="false positive rate", ylabel="true positive rate")

    caption = f"The dashed line is a random order. {how}"
    return Picture("roc", "ROC curve", caption, _described(curves, "AUROC"), draw, _size(curves))


def precision_picture(curves: Sequence[NamedCurve], share: float, how: str) -> Picture:
    """Returns the precision-recall curves.

    Args:
        curves: from the bottom to the top.
        share: precision of a random order.
        how: how the bands were made, as a sentence.
    """

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        axes.plot([0, 1], [share, share], color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)))
        _draw(axes, curves, "AUPRC", steps=True)
        axes.set(xlabel="recall", ylabel="precision")

    caption = f"The dashed line is a random order (precision {share:.3f}). {how}"
    return Picture("pr", "Precision and recall", caption, _described(curves, "AUPRC"), draw, _size(curves))


def _size(curves: Sequence[NamedCurve]) -> tuple[float, float]:
    """Returns width and height, with a line of the legend for each name."""
    return 4.2, 3.1 + 0.17 * sum(bool(one.name) for one in curves)


def _draw(axes: Axes, curves: Sequence[NamedCurve], area: str, *, steps: bool) -> None:
    entries, colours = [], iter(SERIES)
    for one in curves:
        x, y = one.curve.x, one.curve.y
        style = "steps-pre" if steps else "default"
        if not one.name:
            axes.plot(*thinned(x, y, _FAINT), color=MUTED, linewidth=0.6, alpha=0.5, drawstyle=style)
            continue
        colour = next(colours)
        if len(one.curve.low):
            axes.fill_between(GRID, one.curve.low, one.curve.high, color=colour, alpha=0.18, linewidth=0)
        axes.plot(x, y, color=colour, drawstyle=style, clip_on=False)
        value = "" if one.area is None else f"{area} {estimate_text(one.area)}"
        entries.append((f"{label(one.name)}: {value}", colour))
    axes.set(xlim=(0, 1), ylim=(0, 1.0))
    axes.grid(color=LINE)
    axes.set_axisbelow(True)
    draw_legend(axes, entries)


def _described(curves: Sequence[NamedCurve], area: str) -> str:
    """Returns the areas, and the height of each curve at three places."""
    parts = []
    for one in curves:
        if one.area is not None:
            places = (0.1, 0.5, 0.9)
            heights = [f"{_height(one.curve, x):.2f} at {x}" for x in places]
            parts.append(f"{one.name}: {area} {estimate_text(one.area)}; height {', '.join(heights)}")
    return ". ".join(parts) + "."


def _height(curve: Curve, x: float) -> float:
    return float(np.interp(x, curve.x, curve.y))
