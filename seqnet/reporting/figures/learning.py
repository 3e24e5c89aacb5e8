"""Learning curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from seqnet.reporting.figures.pictures import LINE, MUTED, SERIES, Picture, draw_legend
from seqnet.training.history import EpochRow

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["learning_picture"]

_SPLITS = (("train", SERIES[0]), ("validation", SERIES[1]))


def learning_picture(key: str, runs: Sequence[Sequence[EpochRow]], best: Sequence[int], caption: str) -> Picture:
    """Returns loss and accuracy against the epoch.

    Args:
        key: of the picture.
        runs: one for each network, each of one row per epoch.
        best: number of the epoch that was kept, of each run.
        caption: sentences below.
    """

    def draw(figure: Figure) -> None:
        left, right = figure.subplots(1, 2)
        _draw(left, runs, best, "loss")
        _draw(right, runs, best, "accuracy")
        left.set(xlabel="epoch", ylabel="loss (nats)")
        right.set(xlabel="epoch", ylabel="accuracy")
        draw_legend(left, [*_SPLITS, ("kept epoch", MUTED)])

    rows = [run[kept - 1] for run, kept in zip(runs, best, strict=True)]
    described = "; ".join(
        f"kept epoch {row.epoch} of {len(run)}: train loss {row.train_loss:.3f}, validation loss "
        f"{row.validation_loss:.3f}"
        for run, row in zip(runs, rows, strict=True)
    )
    return Picture(key, "Learning curves", caption, described + ".", draw, (8.8, 3.2), wide=True)


def _draw(axes: Axes, runs: Sequence[Sequence[EpochRow]], best: Sequence[int], what: str) -> None:
    from matplotlib.ticker import MaxNLocator

    for rows, kept in zip(runs, best, strict=True):
        epochs = [row.epoch for row in rows]
        for split, colour in _SPLITS:
            values = [getattr(row, f"{split}_{what}") for row in rows]
            # A single epoch is a point, which a line does not show.
            axes.plot(epochs, values, color=colour, linewidth=1.3, marker="o", markersize=2.5)
        axes.axvline(kept, color=MUTED, linewidth=0.8, linestyle=(0, (2, 2)))
    axes.grid(color=LINE)
    axes.set_axisbelow(True)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
