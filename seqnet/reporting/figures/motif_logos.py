"""Sequence logos of motifs.

The height of a position is its information content in bits, relative to the background. Each symbol has its share.

Source: Schneider & Stephens 1990, doi:10.1093/nar/18.20.6097; Tareen & Kinney 2020,
doi:10.1093/bioinformatics/btz921 (logomaker, which draws them).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seqnet.core.printable import counted
from seqnet.explanation.motifs.motif import Motif
from seqnet.reporting.figures.pictures import INK, MUTED, SERIES, Picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["motif_logo"]

_BLUE, _RED, _GREEN, _PURPLE, _YELLOW, _ = SERIES
_NUCLEOTIDES = {"A": _GREEN, "C": _BLUE, "G": _YELLOW, "T": _RED, "U": _RED}
_RESIDUES = (("GSTYC", _GREEN), ("NQ", _PURPLE), ("KRH", _BLUE), ("DE", _RED), ("AVLIPWFM", INK))
"""Polar, amides, basic, acidic and hydrophobic residues."""
_SMALLEST = 0.01
"""Symbols with a lower share of the height of the figure can't be seen, and are not drawn."""


def motif_logo(motif: Motif) -> Picture:
    """Returns the logo of a motif."""
    effect = f"{motif.effect:+.2f} logit"
    hits = f"{counted(motif.hits, 'hits')} in {counted(motif.records, 'records')}"
    caption = f"{motif.consensus}, from {motif.source}: {hits}, effect {effect}."
    if motif.match is not None:
        caption += f" Nearest known motif: {motif.match.name}, q = {motif.match.q_value:.2g}."
    spelled = "; ".join(f"{place}: {_position(motif, place - 1)}" for place in range(1, len(motif) + 1))
    return Picture(
        key=motif.name.replace("_", "-"),
        title=motif.name,
        caption=caption,
        description=(
            f"Sequence logo of {counted(len(motif), 'positions')}, {motif.information.sum():.1f} bits. {spelled}."
        ),
        draw=lambda figure: _draw(figure, motif),
        size=(4.8, 1.7),
    )


def _position(motif: Motif, place: int) -> str:
    """Returns the symbols of a position that have a fifth or more, with their percentages."""
    shares = motif.frequencies[place]
    order = [index for index in np.argsort(-shares, kind="stable").tolist() if shares[index] >= 0.2]
    return " ".join(f"{motif.alphabet.canonical[index]} {shares[index]:.0%}" for index in order) or "any"


def _draw(figure: Figure, motif: Motif) -> None:
    import logomaker
    import pandas as pd

    heights = motif.frequencies * motif.information[:, None]
    top = max(float(heights.sum(axis=1).max()), float(np.log2(motif.alphabet.size)))
    shown = np.where(heights >= _SMALLEST * top, heights, 0.0)
    axes = figure.subplots()
    table = pd.DataFrame(shown, columns=list(motif.alphabet.canonical), index=range(1, len(motif) + 1))
    colours = _NUCLEOTIDES
    if motif.alphabet.name == "protein":
        colours = {letter: colour for letters, colour in _RESIDUES for letter in letters}
    logo = logomaker.Logo(
        table, ax=axes, color_scheme=colours, show_spines=False, font_name="DejaVu Sans", baseline_width=0
    )
    logo.style_spines(spines=["left", "bottom"], visible=True, color=MUTED, linewidth=0.8)
    axes.set_ylim(0, top)
    axes.set_ylabel("bits")
    step = 1 if len(motif) <= 24 else 5
    axes.set_xticks([place for place in range(1, len(motif) + 1) if place % step == 0])
