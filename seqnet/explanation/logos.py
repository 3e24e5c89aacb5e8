"""Sequence logos of attributions: the letter at each position is as high as its attribution.

Needs the packages logomaker and matplotlib. Letters above the line speak for the class, letters below it against it.

Source: Tareen & Kinney 2020, doi:10.1093/bioinformatics/btz921.
"""

from __future__ import annotations

import re
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from seqnet.core.alphabets import Alphabet
from seqnet.core.errors import OutputError, SeqnetError
from seqnet.core.outputs import whole_file
from seqnet.core.printable import printable
from seqnet.explanation.attributions import Attributions

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LogoFiles", "draw_logo"]

_FORMATS = ("svg", "png")

_WIDTH = 60
"""Positions in a line of a logo."""

_GROUPS = {
    "#2a7f3f": "A", "#1f5fa8": "C", "#c98200": "G", "#c4262e": "TU",
}  # fmt: skip
_RESIDUES = {
    "#1f5fa8": "KRH", "#c4262e": "DE", "#2a7f3f": "STNQGCY", "#333333": "AVLIMPFW",
}  # fmt: skip
"""Colour → nucleotides; residues that are positive, negative, polar and hydrophobic."""
_OTHER = "#8a8a8a"

_UNSAFE = re.compile(r"[^\w.+=-]+", re.ASCII)
_LONGEST_NAME = 100


class LogoFiles:
    """Draws the logo of each record with a prediction into a folder, or that of a single record into a file.

    Args:
        target: the folder, or a file whose name ends in .svg or .png.
        force: whether existing files are replaced.

    Raises:
        SeqnetError: a package is not installed.

    Attributes:
        folder: the folder; None for a file.
    """

    def __init__(self, target: Path, *, force: bool) -> None:
        if find_spec("logomaker") is None:
            problem = "logos need the package logomaker, which is not installed"
            raise SeqnetError("", problem, "install it: pip install 'seqnet[explain]'")
        self._target, self._force = target, force
        self._form = target.suffix.removeprefix(".").lower()
        self.folder = None if self._form in _FORMATS and not target.is_dir() else target
        self._names: Counter[str] = Counter()
        self._written: list[Path] = []
        self._only: tuple[Attributions, int] | None = None

    def add(self, found: Attributions) -> None:
        """Draws the records of some attributions.

        Raises:
            OutputError: there is more than one record for a file, or a file exists.
        """
        for index in np.flatnonzero(found.labels >= 0).tolist():
            if self.folder is not None:
                target = self.folder / self._name(found, index)
                there = target.exists()
                with whole_file(target, force=self._force) as path:
                    draw_logo(path, "svg", found, index)
                if not there:
                    self._written.append(target)
            elif self._only is not None:
                problem, remedy = "this file can hold the logo of one record", "name a folder, or one of --records"
                raise OutputError(str(self._target), problem, remedy)
            else:
                self._only = found, index

    def finish(self) -> None:
        """Writes the file, if it is one."""
        if self._only is not None:
            with whole_file(self._target, force=self._force) as path:
                draw_logo(path, self._form, *self._only)

    def discard(self) -> None:
        """Removes the files that were written so far, except for those that replaced others."""
        for path in self._written:
            path.unlink(missing_ok=True)

    def _name(self, found: Attributions, index: int) -> str:
        """Returns the name of the file of a record: its own name, as far as it is safe, and a number if it is taken."""
        name = _UNSAFE.sub("_", found.names[index].decode(errors="replace"))[:_LONGEST_NAME].lstrip(".") or "record"
        self._names[name.lower()] += 1
        count = self._names[name.lower()]
        return f"{name}.svg" if count == 1 else f"{name}~{count}.svg"


def _colours(alphabet: Alphabet) -> dict[str, str]:
    groups = _RESIDUES if alphabet.name == "protein" else _GROUPS
    known = {symbol: colour for colour, symbols in groups.items() for symbol in symbols}
    return {symbol: known.get(symbol, _OTHER) for symbol in alphabet.symbols}


def draw_logo(target: Path, form: str, found: Attributions, index: int) -> None:
    """Draws the logo of a record.

    Args:
        target: the file to write.
        form: svg or png.
        found: the attributions.
        index: the record, which has a prediction.
    """
    import logomaker
    import matplotlib as mpl
    from matplotlib.figure import Figure

    heights = _heights(found, index)
    count = len(heights)
    lines = -(-count // _WIDTH)
    sums = heights.sum(axis=1)
    low, high = min(float(sums.min()), 0.0), max(float(sums.max()), 0.0)
    margin = 0.05 * max(high - low, 1e-6)
    name, label = found.names[index].decode(errors="replace"), found.classes[int(found.labels[index])]
    name = name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"
    title = printable(f"{name}: {label}, logit {found.logits[index]:.2f}")
    # The same attributions give the same bytes.
    with mpl.rc_context({"svg.hashsalt": "seqnet"}):
        figure = Figure(figsize=(1.1 + 0.16 * min(count, _WIDTH), 0.7 + 1.5 * lines), layout="constrained")
        for line, start in enumerate(range(0, count, _WIDTH)):
            axes = figure.add_subplot(lines, 1, line + 1)
            part = heights.iloc[start : start + _WIDTH]
            if part.to_numpy().any():  # logomaker warns of a logo without letters
                logomaker.Logo(part, ax=axes, color_scheme=_colours(found.alphabet), flip_below=False)
            axes.set_xlim(start + 0.5, start + 0.5 + min(count, _WIDTH))
            axes.set_ylim(low - margin, high + margin)
            axes.set_ylabel("attribution")
            axes.spines[["top", "right"]].set_visible(False)
        axes.set_xlabel("position")
        figure.suptitle(title, fontsize=10, parse_math=False)
        about = {"Title": title, "Date": None} if form == "svg" else {"Title": title}
        figure.savefig(target, format=form, dpi=150, metadata=about)


def _heights(found: Attributions, index: int) -> pd.DataFrame:
    """Returns the height of each letter (rows: positions from 1, columns: the letters of the record)."""
    import pandas as pd

    first, last = found.tokens.offsets[index : index + 2]
    kinds, column = np.unique(found.tokens.data[first:last], return_inverse=True)
    table = np.zeros((last - first, len(kinds)))
    table[np.arange(last - first), column] = found.present[first:last]
    return pd.DataFrame(table, np.arange(1, last - first + 1), [found.alphabet.symbols[kind - 1] for kind in kinds])
