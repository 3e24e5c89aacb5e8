"""Reliability diagrams: probabilities against how often they are right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seqnet.evaluation.reliability import Reliability
from seqnet.reporting.figures.pictures import LINE, MUTED, SERIES, Picture, draw_legend

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["reliability_picture"]


def reliability_picture(key: str, found: Reliability, before: Reliability | None, what: str, caption: str) -> Picture:
    """Returns the diagram of a model, with the number of probabilities below.

    Args:
        key: of the picture.
        found: of the model's probabilities.
        before: of its probabilities without the temperature; None if there is none.
        what: whose probability it is, such as "probability of human".
        caption: sentences below.
    """

    def draw(figure: Figure) -> None:
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[5, 1])
        upper.plot([0, 1], [0, 1], color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)))
        entries = []
        if before is not None:
            upper.plot(
                before.mean, before.share, color=SERIES[1], linewidth=1, marker="o", markersize=2.5, clip_on=False
            )
            entries.append(("before calibration", SERIES[1]))
        _draw(upper, found)
        entries.append(("calibrated" if before is not None else "model", SERIES[0]))
        upper.set(xlim=(0, 1), ylim=(0, 1), ylabel="share of the class")
        upper.grid(color=LINE)
        draw_legend(upper, entries)
        lower.bar(found.mean, found.count, width=0.03, color=MUTED)
        lower.set(xlabel=what, ylabel="count")
        lower.set_yticks([0, int(found.count.max())])

    return Picture(key, "Reliability", caption, _described(found), draw)


def _draw(axes: Axes, found: Reliability) -> None:
    known = ~np.isnan(found.low)
    errors = np.stack([found.share - found.low, found.high - found.share])[:, known]
    axes.errorbar(
        found.mean[known], found.share[known], np.maximum(errors, 0), fmt="none", ecolor=SERIES[0], elinewidth=1
    )
    axes.plot(found.mean, found.share, color=SERIES[0], marker="o", markersize=3.5, linewidth=1.2, clip_on=False)


def _described(found: Reliability) -> str:
    rows = zip(found.mean, found.share, found.count, strict=True)
    return "; ".join(f"{share:.2f} of {count:,} with mean probability {mean:.2f}" for mean, share, count in rows) + "."
