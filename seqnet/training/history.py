"""The history of a training run: one row for each epoch, as a table and as a picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

__all__ = [
    "MONITORS",
    "EpochRow",
    "draw_curves",
    "epoch_text",
    "kept_epoch",
    "kept_text",
    "read_history",
    "write_history",
]


@dataclass(frozen=True, slots=True)
class EpochRow:
    """The results of an epoch.

    Attributes:
        epoch: number, from 1.
        step: batches seen so far.
        learning_rate: at the last step.
        train_loss: mean loss over the epoch, in nats, of the network without trees, with dropout, penalties and class
            weights as they were.
        train_accuracy: over the epoch, likewise.
        validation_loss: log loss on the validation split, in nats; NaN without one.
        validation_accuracy: likewise.
        validation_auroc: likewise.
        validation_balanced_accuracy: likewise, decided as if all classes were equally frequent.
    """

    epoch: int
    step: int
    learning_rate: float
    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float
    validation_auroc: float
    validation_balanced_accuracy: float = math.nan


MONITORS = {
    "loss": "lowest validation loss",
    "accuracy": "best validation accuracy",
    "balanced_accuracy": "best validation balanced accuracy",
    "auroc": "best validation AUROC",
}
"""`training.monitor` → how the kept epoch is described."""


def epoch_text(row: EpochRow, epochs: int, *, trees: bool, imbalanced: bool) -> str:
    """Returns a line to print, without values that are unknown or misleading.

    Metrics of the train split are those of the network alone. If the model has trees, the accuracy of the network is
    not that of the model, and is left out. For imbalanced classes, balanced accuracy replaces accuracy.

    Args:
        row: the epoch.
        epochs: how many there will be.
        trees: whether the model has trees.
        imbalanced: whether the classes are.
    """
    train = f"train loss {row.train_loss:.4f}" + (" (without trees)" if trees else "")
    if not (trees or imbalanced):
        train += f" accuracy {row.train_accuracy:.4f}"
    name, accuracy = "accuracy", row.validation_accuracy
    if imbalanced and not math.isnan(row.validation_balanced_accuracy):
        name, accuracy = "balanced accuracy", row.validation_balanced_accuracy
    found = {"loss": row.validation_loss, name: accuracy, "AUROC": row.validation_auroc}
    values = [f"{title} {value:.4f}" for title, value in found.items() if not math.isnan(value)]
    return f"epoch {row.epoch:>3} of {epochs}  {train}" + (f"  validation {' '.join(values)}" if values else "")


def kept_text(rows: Sequence[EpochRow], best: int, monitor: str) -> str:
    """Returns which epoch was kept, and why.

    Args:
        rows: one per epoch.
        best: number of the epoch that was kept.
        monitor: `training.monitor`.
    """
    row = rows[best - 1]
    value = getattr(row, f"validation_{monitor}")
    if math.isnan(row.validation_loss):
        return f"kept epoch {best}: the last, because there is no validation split"
    if math.isnan(value):
        return f"kept epoch {best}: the last, because the validation split lacks a class and has no {monitor}"
    return f"kept epoch {best}: {MONITORS[monitor]} {value:.4f}"


def write_history(path: Path, runs: Sequence[Sequence[EpochRow]]) -> None:
    """Writes the rows of one or more runs as tab-separated values with a header; of more, with a column `member`."""
    several = len(runs) > 1
    lines = ["\t".join([field.name for field in fields(EpochRow)] + ["member"] * several)]
    for member, rows in enumerate(runs, 1):
        for row in rows:
            values = [f"{value:.6g}" if isinstance(value, float) else str(value) for value in asdict(row).values()]
            lines.append("\t".join(values + [str(member)] * several))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def read_history(path: Path) -> list[list[EpochRow]]:
    """Returns the rows that `write_history` has written, of each run.

    Raises:
        OSError: the file is not there, or can't be read.
        ValueError: it is another file.
    """
    names = [field.name for field in fields(EpochRow)]
    header, *lines = path.read_text(encoding="utf-8").splitlines()
    found = header.split("\t")
    if found not in (names, [*names, "member"]):
        raise ValueError("this is not a history of epochs")
    runs: dict[str, list[EpochRow]] = {}
    for line in lines:
        epoch, step, *cells = line.split("\t")
        member = cells.pop() if len(found) > len(names) else "1"
        runs.setdefault(member, []).append(EpochRow(int(epoch), int(step), *map(float, cells)))
    if not runs or any([row.epoch for row in rows] != list(range(1, len(rows) + 1)) for rows in runs.values()):
        raise ValueError("the epochs are not complete")
    return list(runs.values())


def kept_epoch(rows: Sequence[EpochRow], monitor: str) -> int:
    """Returns the number of the epoch that training keeps.

    Args:
        rows: one per epoch.
        monitor: `training.monitor`.
    """
    best, highest = 0, -math.inf
    for row in rows:
        value = getattr(row, f"validation_{monitor}")
        value = -value if monitor == "loss" else value
        # Without a value, the last epoch is the best.
        better = math.isnan(value) or value > highest
        if value == highest and best:
            # Small validation splits often tie.
            better = row.validation_loss < rows[best - 1].validation_loss
        if better:
            best, highest = row.epoch, -math.inf if math.isnan(value) else value
    return best


def draw_curves(path: Path, runs: Sequence[Sequence[EpochRow]], best: Sequence[int]) -> None:
    """Draws loss and accuracy of training and validation against the step as SVG; the same rows give the same bytes.

    Args:
        path: the picture.
        runs: one or more, each of one row per epoch.
        best: number of the epoch that was kept, of each run.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with mpl.rc_context({"svg.hashsalt": "seqnet", "svg.fonttype": "none"}):
        figure = Figure(figsize=(9, 3.6), layout="constrained")
        FigureCanvasSVG(figure)
        panels = figure.subplots(1, 2)
        for axes, what, unit in zip(panels, ("loss", "accuracy"), (" (nats)", ""), strict=True):
            for number, (rows, kept) in enumerate(zip(runs, best, strict=True)):
                steps = [row.step for row in rows]
                for split, colour in (("train", "#4477aa"), ("validation", "#ee6677")):
                    values = [getattr(row, f"{split}_{what}") for row in rows]
                    label = None if number else split
                    axes.plot(steps, values, color=colour, marker="o", markersize=3, label=label)
                at = next(row.step for row in rows if row.epoch == kept)
                label = f"kept: epoch {kept}" if len(runs) == 1 else (None if number else "kept")
                axes.axvline(at, color="#999999", linewidth=0.8, linestyle=":", label=label)
            axes.set_xlabel("step")
            axes.set_ylabel(what + unit)
            axes.spines[["top", "right"]].set_visible(False)
        panels[0].legend(frameon=False)
        figure.savefig(path, format="svg", metadata={"Date": None})
