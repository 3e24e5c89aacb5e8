"""Numbers with their intervals, one below the other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from seqnet.evaluation import Estimate
from seqnet.reporting.figures.pictures import LINE, MUTED, SERIES, Picture, label
from seqnet.reporting.wording import estimate_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["interval_picture"]


def interval_picture(
    key: str,
    title: str,
    rows: Sequence[tuple[str, Estimate]],
    axis: str,
    caption: str,
    *,
    reference: float | None = None,
    marked: int | None = None,
) -> Picture:
    """Returns a dot and a line for each number.

    Args:
        key: of the picture.
        title: of the picture.
        rows: name and number, from top to bottom; undefined numbers are left empty.
        axis: what the numbers are.
        caption: sentences below.
        reference: place of a vertical line, such as the value of chance; None for no line.
        marked: index of the row that has another colour than the others.
    """

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for index, (_, found) in enumerate(rows):
            colour = SERIES[1] if index == marked else SERIES[0]
            if not math.isnan(found.low):
                axes.plot([found.low, found.high], [index, index], color=colour, linewidth=1.6)
            axes.plot([found.value], [index], color=colour, marker="o", markersize=5)
        if reference is not None:
            axes.axvline(reference, color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)))
        axes.set(xlabel=axis, ylim=(len(rows) - 0.5, -0.5))
        axes.set_yticks(range(len(rows)), [label(name) for name, _ in rows])
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x", color=LINE)
        axes.set_axisbelow(True)

    described = "; ".join(f"{name}: {estimate_text(found)}" for name, found in rows) + "."
    return Picture(key, title, caption, described, draw, (4.2, 0.9 + 0.3 * len(rows)))
