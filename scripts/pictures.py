"""Draws the pictures of docs/how-it-works.md, and makes those of the tutorials by running their commands.

`python scripts/pictures.py` writes all of them to docs/pictures/. `--drawings` leaves out those of the tutorials.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "docs" / "pictures"
TUTORIALS = {
    "docs/tutorials/reads.md": {"model.curves.svg": "model.curves.svg", "reads-roc.svg": "reads-roc.svg"},
    "docs/tutorials/proteins.md": {"proteins-roc.svg": "proteins-roc.svg"},
}
"""Page → file that its commands make → name of the picture."""

GREY, TEAL, ORANGE = "#7f7f7f", "#1b9e8f", "#e07b39"
"""Colours that are readable on white and on black."""

STYLE: dict[Any, Any] = {
    "svg.hashsalt": "seqnet",  # the same bytes every time
    "svg.fonttype": "path",
    "font.size": 11,
    "text.color": GREY,
    "axes.edgecolor": GREY,
    "axes.labelcolor": GREY,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "savefig.transparent": True,
}


def one_hot(axes: Axes) -> None:
    """Draws ACGRT as a table of four rows."""
    shares = {"A": (1, 0, 0, 0), "C": (0, 1, 0, 0), "G": (0, 0, 1, 0), "R": (0.5, 0, 0.5, 0), "T": (0, 0, 0, 1)}
    for column, symbol in enumerate(shares):
        axes.text(column, -1, symbol, ha="center", va="center", fontsize=15, fontweight="bold")
        for row, share in enumerate(shares[symbol]):
            axes.add_patch(Rectangle((column - 0.45, row - 0.45), 0.9, 0.9, color=TEAL, alpha=0.1 + 0.7 * share))
            axes.text(column, row, "½" if share == 0.5 else f"{share:g}", ha="center", va="center")
    for row, base in enumerate("ACGT"):
        axes.text(-1, row, base, ha="center", va="center")
    axes.set(xlim=(-1.5, 4.6), ylim=(3.6, -1.6), aspect="equal")
    axes.axis("off")


def leakage(axes: Axes) -> None:
    """Draws three groups of four similar records, divided by records and by groups."""
    random_test, grouped_test = {(0, 3), (1, 1), (2, 2)}, {(2, number) for number in range(4)}
    for left, title, test in ((0, "split by records", random_test), (6, "split by groups", grouped_test)):
        axes.text(left + 1.5, -1.1, title, ha="center", va="center", fontweight="bold")
        for group in range(3):
            for number in range(4):
                colour = ORANGE if (group, number) in test else TEAL
                axes.plot(left + number, group, "oDs"[group], color=colour, markersize=15)
    axes.plot(1.5, 3.2, "o", color=TEAL)
    axes.text(1.8, 3.2, "training", va="center")
    axes.plot(6, 3.2, "o", color=ORANGE)
    axes.text(6.3, 3.2, "test", va="center")
    axes.set(xlim=(-0.7, 9.7), ylim=(3.7, -1.6))
    axes.axis("off")


def calibration(axes: Axes) -> None:
    """Draws the reliability of logits that are twice too large, and of the same logits with temperature 2."""
    share = np.linspace(0.01, 0.99, 99)
    logit = np.log(share / (1 - share))
    axes.plot(1 / (1 + np.exp(-2 * logit)), share, color=ORANGE, linewidth=2, label="too sure")
    axes.plot(share, share, color=TEAL, linewidth=2, label="divided by temperature 2")
    axes.set(xlabel="predicted probability of the class", ylabel="share of records of the class", aspect="equal")
    axes.legend(frameon=False, loc="upper left")
    axes.spines[["top", "right"]].set_visible(False)


DRAWINGS: dict[str, tuple[Callable[[Axes], None], tuple[float, float]]] = {
    "one-hot.svg": (one_hot, (4, 3.2)),
    "leakage.svg": (leakage, (6.5, 3)),
    "calibration.svg": (calibration, (4.5, 4)),
}
"""Name → what draws it, and its width and height in inches."""


def draw(folder: Path) -> None:
    """Writes the drawings to a folder."""
    with plt.rc_context(STYLE):
        for name, (drawing, size) in DRAWINGS.items():
            figure, axes = plt.subplots(figsize=size, layout="constrained")
            drawing(axes)
            figure.savefig(folder / name, metadata={"Date": None})
            plt.close(figure)


def run_tutorials(folder: Path) -> None:
    """Runs the tutorials and copies the pictures that they make to a folder."""
    from tests.docs.command_blocks import commands
    from tests.docs.page_inputs import page_folder

    for page, made in TUTORIALS.items():
        with tempfile.TemporaryDirectory() as name:
            work = page_folder(page, Path(name))
            for command in commands((ROOT / page).read_text(encoding="utf-8")):
                if command.why is None:
                    subprocess.run(["bash", "-o", "pipefail", "-c", command.words], cwd=work, check=True)
            for source, picture in made.items():
                shutil.copy(work / source, folder / picture)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    PICTURES.mkdir(exist_ok=True)
    draw(PICTURES)
    if "--drawings" not in sys.argv:
        run_tutorials(PICTURES)
