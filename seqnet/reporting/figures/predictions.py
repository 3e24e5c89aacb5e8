"""What a model makes of unlabelled records: figures of labels and of probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seqnet.core.printable import counted
from seqnet.prediction.distributions import PROBABILITY_BINS
from seqnet.reporting.figures.pictures import INK, MUTED, SERIES, Picture, draw_legend, label

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["label_picture", "probability_picture"]

_MOST_LABELS = 20
_EDGES = np.linspace(0, 1, PROBABILITY_BINS + 1)


def label_picture(names: Sequence[str], counts: NDArray[np.int64]) -> Picture:
    """Returns the number of records with each label.

    Args:
        names: the L labels.
        counts: (L,) int64.
    """
    order = np.argsort(-counts, kind="stable")[:_MOST_LABELS] if len(names) > _MOST_LABELS else np.arange(len(names))
    shown, left = [label(names[index]) for index in order], len(names) - len(order)
    described = "; ".join(f"{names[index]}: {counts[index]:,}" for index in order)
    return Picture(
        key="label-counts",
        title="Labels",
        caption="Records with each label." + (f" Without {counted(left, 'rarer labels')}." if left else ""),
        description=f"Number of records with each label. {described}.",
        draw=lambda figure: _draw_labels(figure, shown, counts[order]),
        size=(4.8, 0.9 + 0.36 * len(order)),
    )


def _draw_labels(figure: Figure, names: Sequence[str], counts: NDArray[np.int64]) -> None:
    from matplotlib.ticker import MaxNLocator

    axes = figure.subplots()
    places, total = np.arange(len(names)), max(int(counts.sum()), 1)
    axes.barh(places, counts, height=0.6, color=SERIES[0])
    for place, count in zip(places.tolist(), counts.tolist(), strict=True):
        text = f"{count:,} ({count / total:.1%})"
        axes.annotate(text, (count, place), (4, 0), textcoords="offset points", va="center", color=INK, fontsize=8.5)
    axes.set_yticks(places, names, color=INK)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlim(0, max(int(counts.max()), 1) * 1.3)
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.set_xlabel("records")


def probability_picture(
    name: str, counts: NDArray[np.int64], threshold: float | None, *, number: int = 0, unsure: bool = False
) -> Picture:
    """Returns the distribution of the probability of a class.

    Args:
        name: the class.
        counts: (2, PROBABILITY_BINS) int64, records with another label, and records with the label.
        threshold: probability from which on the class is the label; None where the most probable class is the label.
        number: of the figure on the page.
        unsure: whether records may be `uncertain`, and so have no label.
    """
    others, own = counts.sum(axis=1)
    rest = "other label or uncertain" if unsure else "other label"
    bound = "" if threshold is None else f"; the line is the threshold {threshold:.3f}"
    return Picture(
        key=f"probability-{number}",
        title=f"Probability of {label(name)}",
        caption=f"Records by probability, in {PROBABILITY_BINS} equal bins{bound}.",
        description=f"Histogram of the probability of {name}. {counted(int(own), 'records')} with this label, "
        f"{others:,} with {rest}{bound}.",
        draw=lambda figure: _draw_probabilities(figure, label(name), rest, counts, threshold),
    )


def _draw_probabilities(
    figure: Figure, name: str, rest: str, counts: NDArray[np.int64], threshold: float | None
) -> None:
    axes = figure.subplots()
    others, own = counts
    axes.stairs(others + own, _EDGES, baseline=others, fill=True, color=SERIES[1])
    axes.stairs(others, _EDGES, fill=True, color=SERIES[0])
    if threshold is not None:
        axes.axvline(threshold, color=MUTED, linewidth=1, linestyle="--")
    axes.set_xlim(0, 1)
    axes.set_xlabel(f"probability of {name}")
    axes.set_ylabel("records")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.grid(axis="y")
    axes.set_axisbelow(True)
    draw_legend(axes, [(f"labelled {name}", SERIES[1]), (rest, SERIES[0])])
