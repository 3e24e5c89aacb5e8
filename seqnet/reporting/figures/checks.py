"""The checks of an audit: figures of their numbers beside their bounds, and of how similar near-duplicates are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seqnet.audit import CheckStatus
from seqnet.core.printable import counted
from seqnet.reporting.figures.pictures import INK, LINE, MUTED, SERIES, Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["CheckLevel", "auroc_picture", "share_picture", "similarity_picture"]

_LOOKS = {"pass": (SERIES[2], "o"), "warn": (SERIES[4], "^"), "fail": (SERIES[1], "s")}
"""Status → colour and marker."""

_SMALLEST = 0.001
"""Share below which the axis is linear, so that 0 is on it."""


@dataclass(frozen=True, slots=True)
class CheckLevel:
    """A check with its number and its bounds.

    Attributes:
        title: name for people.
        value: the number; it was measured.
        warn: bound for a warning.
        fail: bound for a failure.
        status: the verdict.
    """

    title: str
    value: float
    warn: float
    fail: float
    status: CheckStatus


def share_picture(levels: Sequence[CheckLevel]) -> Picture:
    """Returns the checks that measure a share of records, at least one, on one axis."""
    described = "; ".join(f"{level.title}: {level.value:.2%}, {level.status}" for level in levels)
    return Picture(
        key="duplicates",
        title="Duplicates",
        caption="Share of the records concerned, on a logarithmic axis; short lines are the bounds of a warning and of "
        "a failure.",
        description=f"Share of the records that each check is about. {described}.",
        draw=lambda figure: _draw_shares(figure, levels),
        size=(4.8, 0.9 + 0.36 * len(levels)),
    )


def auroc_picture(levels: Sequence[CheckLevel]) -> Picture:
    """Returns the checks that measure an AUROC, at least one, on one axis."""
    described = "; ".join(f"{level.title}: {level.value:.3f}, {level.status}" for level in levels)
    return Picture(
        key="shortcuts",
        title="Shortcuts",
        caption="AUROC that a feature alone reaches: 0.5 is chance, 1 separates the classes; short lines are the "
        "bounds of a warning and of a failure.",
        description=f"AUROC of each feature alone. {described}.",
        draw=lambda figure: _draw_aurocs(figure, levels),
        size=(4.8, 0.9 + 0.36 * len(levels)),
    )


def _draw_shares(figure: Figure, levels: Sequence[CheckLevel]) -> None:
    axes = figure.subplots()
    _draw_levels(axes, levels, 0)
    axes.set_xscale("symlog", linthresh=_SMALLEST, linscale=0.5)
    axes.set_xlim(-0.0002, 1.3)
    ticks = (0, 0.001, 0.01, 0.1, 1)
    axes.set_xticks(ticks, [f"{tick:.1%}".replace(".0", "") for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel("records")


def _draw_aurocs(figure: Figure, levels: Sequence[CheckLevel]) -> None:
    axes = figure.subplots()
    _draw_levels(axes, levels, 0.5)
    axes.set_xlim(min(0.48, *(level.value - 0.02 for level in levels)), 1.02)
    axes.set_xlabel("AUROC")


def _draw_levels(axes: Axes, levels: Sequence[CheckLevel], start: float) -> None:
    """Draws a line for each check, from `start` to its number, with its bounds."""
    places = np.arange(len(levels))
    for place, level in zip(places, levels, strict=True):
        colour, marker = _LOOKS[level.status]
        axes.hlines(place, start, level.value, color=colour, linewidth=2)
        for bound in (level.warn, level.fail):
            axes.vlines(bound, place - 0.32, place + 0.32, color=MUTED, linewidth=1)
        axes.plot([level.value], [place], marker, color=colour, markersize=6, markeredgewidth=0)
    axes.axvline(start, color=LINE, linewidth=1, zorder=0)
    axes.set_yticks(places, [level.title for level in levels], color=INK)
    axes.set_ylim(len(levels) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def similarity_picture(similarity: NDArray[np.float64], least: float) -> Picture:
    """Returns how similar near-duplicates are.

    Args:
        similarity: (M,) float64, from `least` to 1, at least one.
        least: the similarity from which on sequences count as near-duplicates.
    """
    edges = np.linspace(least, 1, 21)
    counts = np.histogram(similarity, edges)[0]
    return Picture(
        key="similarity",
        title="Similarity of near-duplicates",
        caption="Records by the share of the shorter sequence's k-mers that their nearest near-duplicate has.",
        description=f"Histogram of similarity. {counted(len(similarity), 'records')}, "
        f"median {np.median(similarity):.3f}.",
        draw=lambda figure: _draw_similarity(figure, counts, edges),
    )


def _draw_similarity(figure: Figure, counts: NDArray[np.int64], edges: NDArray[np.float64]) -> None:
    from matplotlib.ticker import MaxNLocator

    axes = figure.subplots()
    axes.stairs(counts, edges, color=SERIES[0], fill=True, alpha=0.75)
    axes.set_xlabel("k-mers in common (share of the shorter sequence's)")
    axes.set_ylabel("records")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.grid(axis="y")
    axes.set_axisbelow(True)
