"""What sequences are like: figures of their lengths, and of the symbols that they consist of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seqnet.core.printable import counted
from seqnet.datasets.length_counts import LengthHistogram, length_histogram, length_quantile
from seqnet.reporting.figures.pictures import INK, LINE, SERIES, Picture, draw_legend, label

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["composition_picture", "largest", "length_picture"]

_MARKERS = ("o", "s", "^", "D", "v", "P")


def largest(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Returns (M,) int64, in order, which of K sets a figure shows: the largest, as many as there are colours."""
    order = np.argsort(-sizes, kind="stable")[: len(SERIES)]
    return np.sort(order[sizes[order] > 0])


def _left_out(shown: int, names: Sequence[str]) -> str:
    return "" if shown == len(names) else f" Shown are {shown} of {counted(len(names), 'classes')}, the largest."


def length_picture(
    names: Sequence[str], counts: NDArray[np.int64], unit: str, what: str = "Share of the records of each class"
) -> Picture | None:
    """Returns the distribution of lengths in each of R sets; None where there are fewer than two different lengths.

    Args:
        names: of the sets.
        counts: (R, LENGTH_BINS) int64; see `seqnet.datasets.length_counts`.
        unit: of a length, such as "bases".
        what: what is counted, the beginning of the caption.
    """
    if empty := int(counts[:, 0].sum()):
        counts = counts.copy()
        counts[:, 0] = 0
    if (counts.sum(axis=0) > 0).sum() < 2:
        return None
    shown = largest(counts.sum(axis=1))
    found = length_histogram(counts[shown])
    shares = found.counts / found.counts.sum(axis=1, keepdims=True)
    medians = [length_quantile(counts[index], 0.5) for index in shown]
    described = "; ".join(
        f"{names[index]}: median {median:,} {unit}, {counted(int(counts[index].sum()), 'records')}"
        for index, median in zip(shown, medians, strict=True)
    )
    return Picture(
        key="lengths",
        title="Lengths",
        caption=f"{what} by length{', on a logarithmic axis' * found.logarithmic}."
        + (f" {counted(empty, 'empty sequences')} left out." if empty else "")
        + _left_out(len(shown), names),
        description=f"Histogram of lengths. {described}.",
        draw=lambda figure: _draw_lengths(figure, found, shares, [label(names[index]) for index in shown], unit),
    )


def _draw_lengths(
    figure: Figure, found: LengthHistogram, shares: NDArray[np.float64], names: Sequence[str], unit: str
) -> None:
    axes = figure.subplots()
    for row, colour in zip(shares, SERIES, strict=False):
        axes.stairs(100 * row, found.edges, color=colour, linewidth=1.4)
        axes.stairs(100 * row, found.edges, color=colour, fill=True, alpha=0.12, linewidth=0)
    if found.logarithmic:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.set_xlabel(f"length ({unit})")
    axes.set_ylabel("records (%)")
    axes.set_ylim(bottom=0)
    axes.grid(axis="y")
    axes.set_axisbelow(True)
    if len(names) > 1:
        draw_legend(axes, list(zip(names, SERIES, strict=False)))


def composition_picture(
    names: Sequence[str], sizes: NDArray[np.int64], symbols: str, shares: NDArray[np.float64]
) -> Picture:
    """Returns the share of each symbol in each of K classes.

    Args:
        names: of the classes.
        sizes: (K,) int64, their records.
        symbols: the S symbols.
        shares: (K, S) float64.
    """
    shown = largest(sizes)
    described = "; ".join(
        f"{names[index]}: " + ", ".join(f"{one} {share:.1%}" for one, share in zip(symbols, shares[index], strict=True))
        for index in shown
    )
    return Picture(
        key="composition",
        title="Composition",
        caption="Share of each symbol among those of a class; an ambiguity code counts as its mixture."
        + _left_out(len(shown), names),
        description=f"Share of each symbol. {described}.",
        draw=lambda figure: _draw_composition(figure, symbols, shares[shown], [label(names[index]) for index in shown]),
    )


def _draw_composition(figure: Figure, symbols: str, shares: NDArray[np.float64], names: Sequence[str]) -> None:
    from matplotlib.lines import Line2D

    axes = figure.subplots()
    places = np.arange(len(symbols))
    low, high = 100 * shares.min(axis=0), 100 * shares.max(axis=0)
    axes.vlines(places, low, high, color=LINE, linewidth=3)
    for row, colour, marker in zip(shares, SERIES, _MARKERS, strict=False):
        axes.plot(places, 100 * row, marker, color=colour, markersize=5, markeredgewidth=0)
    axes.set_xticks(places, list(symbols), color=INK)
    axes.set_xlim(-0.6, len(symbols) - 0.4)
    axes.set_ylim(0, 1.1 * float(np.nanmax(high)))
    axes.set_ylabel("symbols (%)")
    axes.grid(axis="y")
    axes.set_axisbelow(True)
    handles = [
        Line2D([], [], color=colour, marker=marker, linestyle="", markersize=5)
        for _, colour, marker in zip(names, SERIES, _MARKERS, strict=False)
    ]
    axes.legend(handles, names, loc="best")
