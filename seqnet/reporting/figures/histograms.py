"""Histograms by class: of probabilities, with the threshold, and of lengths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from seqnet.core.printable import counted
from seqnet.evaluation.distributions import Histogram
from seqnet.reporting.figures.pictures import INK, LINE, SERIES, Picture, draw_legend, label

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["histogram_picture"]


def histogram_picture(
    key: str,
    title: str,
    found: Histogram,
    classes: Sequence[str],
    axis: str,
    caption: str,
    threshold: float | None = None,
) -> Picture:
    """Returns the distribution of each class as a line; of more classes than there are colours, of all together.

    Args:
        key: of the picture.
        title: of the picture.
        found: the counts.
        classes: K names.
        axis: what is counted, with its unit.
        caption: sentences below.
        threshold: place of a vertical line; None for no line.
    """
    several = len(classes) <= len(SERIES)
    if not several:
        found, classes = Histogram(found.edges, found.counts.sum(axis=0, keepdims=True)), ["all classes"]
    used = [index for index in range(len(classes)) if found.counts[index].any()]

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        shares = 100 * found.shares
        for index in used:
            axes.stairs(shares[index], found.edges, fill=True, color=SERIES[index], alpha=0.15)
            axes.stairs(shares[index], found.edges, color=SERIES[index], linewidth=1.4)
        if threshold is not None:
            axes.axvline(threshold, color=INK, linewidth=1, linestyle=(0, (4, 3)))
        axes.set(xlabel=axis, ylabel="% of the class" if several else "% of the records")
        axes.set_xlim(found.edges[0], found.edges[-1])
        axes.set_ylim(bottom=0)
        axes.grid(axis="y", color=LINE)
        axes.set_axisbelow(True)
        draw_legend(axes, [(label(classes[index]), SERIES[index]) for index in used])

    described = [_described(classes[index], found, index) for index in used]
    return Picture(key, title, caption, "; ".join(described) + ".", draw)


def _described(name: str, found: Histogram, index: int) -> str:
    """Returns in which bins the quartiles of a class are."""
    shares = found.shares[index].cumsum()
    middle = (found.edges[:-1] + found.edges[1:]) / 2
    places = [f"{middle[min(int(np.searchsorted(shares, part)), len(middle) - 1)]:.3g}" for part in (0.25, 0.5, 0.75)]
    return f"{name}: {counted(int(found.counts[index].sum()), 'records')}, quartiles near {', '.join(places)}"
