"""Confusion matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seqnet.reporting.figures.pictures import INK, LINE, SERIES, Picture, label

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["confusion_picture"]

_MOST_NUMBERS = 12
"""With more classes, cells have no numbers."""
_LINE = 36
"""With more letters in all, the names of columns are upright."""
_DARKEST = 0.55
"""Opacity of a cell with all records of its class, on which text can be read in light and dark."""


def confusion_picture(key: str, counts: NDArray[np.int64], classes: Sequence[str]) -> Picture:
    """Returns the matrix (K, K) of records by true class (rows) and predicted class (columns)."""
    K = len(classes)
    names = [label(name) for name in classes]
    upright = sum(map(len, names)) > _LINE
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)  # (K, K)

    def draw(figure: Figure) -> None:
        from matplotlib.patches import Rectangle

        axes = figure.subplots()
        for row, column in np.ndindex(K, K):
            place = (column - 0.5, row - 0.5)
            share = float(shares[row, column])
            if share or K <= _MOST_NUMBERS:
                colour = (SERIES[0], _DARKEST * share)
                axes.add_patch(Rectangle(place, 1, 1, facecolor=colour, edgecolor=LINE, linewidth=0.6))
            if K <= _MOST_NUMBERS:
                text = f"{counts[row, column]:,}" + (f"\n{100 * share:.1f} %" if K <= 4 else "")
                axes.text(column, row, text, ha="center", va="center", color=INK)
        axes.set(xlim=(-0.5, K - 0.5), ylim=(K - 0.5, -0.5), xlabel="predicted class", ylabel="true class")
        axes.set_xticks(range(len(names)), names, rotation=90 if upright else 0)
        axes.set_yticks(range(len(names)), names)
        axes.tick_params(length=0)

    side = max(2.6, 0.34 * K) if K <= _MOST_NUMBERS else 0.14 * K + 2.4
    label_width = 0.066 * max(map(len, names), default=0)  # of the longest name, in inches
    size = (max(4.2, side + 0.5 + label_width), side + 0.5 + (label_width if upright else 0.1))
    caption = "Number of records, and share of the records of a true class, which is a row."
    if K > _MOST_NUMBERS:
        caption = "The colour is the share of the records of a true class, which is a row."
    pairs = [
        f"{counts[row, row]:,} of {counts[row].sum():,} records of {name} are right"
        for row, name in enumerate(classes[:_MOST_NUMBERS])
    ]
    return Picture(key, "Confusion matrix", caption, "; ".join(pairs) + ".", draw, size, wide=size[0] > 4.5)
