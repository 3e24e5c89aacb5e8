"""A figure, and how it becomes part of a page or a file of its own.

A `Picture` is drawn by matplotlib with the colours of `SERIES`, `INK`, `MUTED` and `LINE`. In a page, text stays text,
and colours are the variables of the style sheet, so that one figure suits light, dark and print. The same picture gives
the same bytes.
"""

from __future__ import annotations

import io
import re
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqnet.core.printable import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["INK", "LINE", "MUTED", "SERIES", "Picture", "draw_legend", "inline_svg", "label", "save_picture"]

SERIES = ("#0072b2", "#d55e00", "#009e73", "#aa3f8c", "#b88300", "#3a9bd0")
"""Colours of curves and classes, which people with any colour vision can distinguish; after those of Okabe & Ito 2008,
https://jfly.uni-koeln.de/color/, darker where these are too pale for lines on white."""

INK, MUTED, LINE, PAPER = "#1f2328", "#57606a", "#d8dee4", "#ffffff"
"""Text; text of less weight; lines of axes and grids; background."""

_VARIABLES = {colour: f"var(--c{index})" for index, colour in enumerate(SERIES)} | {
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    LINE: "var(--line)",
    PAPER: "var(--paper)",
}

_SETTINGS: dict[Any, Any] = {
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.size": 8.5,
    "font.family": ["DejaVu Sans"],
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "lines.linewidth": 1.6,
    "pdf.fonttype": 42,
    "svg.fonttype": "none",
    "svg.hashsalt": "seqnet",
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.color": MUTED,
    "ytick.labelcolor": INK,
}
_MOST_LETTERS = 28
_SVG = "{http://www.w3.org/2000/svg}"
_REFERENCE = re.compile(r"#([A-Za-z][\w.-]*)")
_DECIMALS = re.compile(r"(\d+\.\d\d)\d+")
_FAMILY = re.compile(r"font(-family)?:[^;]*")
_SIZE = re.compile(r"([\d.]+px)")


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure that can be drawn.

    Attributes:
        key: distinct name on a page: letters, digits and hyphens.
        title: a few words, such as "ROC curve".
        caption: one or two sentences below: how to read it, and how it was computed.
        description: what it shows, in numbers, for readers who cannot see it.
        draw: draws it.
        size: width and height in inches, at which its text has 8.5 points.
        wide: whether it takes the whole width of a page.
    """

    key: str
    title: str
    caption: str
    description: str
    draw: Callable[[Figure], None]
    size: tuple[float, float] = (4.2, 3.2)
    wide: bool = False


def label(text: str) -> str:
    """Returns a name for a figure: printable, at most 28 characters."""
    shown = printable(text)
    shown = shown if len(shown) <= _MOST_LETTERS else shown[: _MOST_LETTERS - 1] + "…"
    # matplotlib leaves labels with a leading underscore out of a legend.
    return "\u200a" + shown if shown.startswith("_") else shown


def draw_legend(axes: Axes, entries: Sequence[tuple[str, str]]) -> None:
    """Draws a legend above the axes, where it covers nothing.

    Args:
        axes: where.
        entries: label and colour of each line.
    """
    from matplotlib.lines import Line2D

    handles, texts = [Line2D([], [], color=colour) for _, colour in entries], [text for text, _ in entries]
    columns = max(1, min(len(texts), _MOST_LETTERS * 2 // max(map(len, texts), default=1)))
    axes.legend(handles, texts, loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, handlelength=1.2, borderpad=0.2)


@contextmanager
def _drawn(picture: Picture) -> Iterator[Figure]:
    """Yields the figure, with the settings that it is to be written with."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with mpl.rc_context(_SETTINGS), warnings.catch_warnings():
        # A name may have letters that matplotlib's font lacks; in SVG the reader's font has them.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure = Figure(figsize=picture.size, layout="constrained")
        FigureCanvasAgg(figure)
        picture.draw(figure)
        yield figure


def save_picture(path: Path, picture: Picture, ending: str) -> None:
    """Writes a picture to a file of its own.

    Args:
        path: the file.
        picture: what is drawn.
        ending: one of `configs.figures.ENDINGS`.
    """
    metadata = {".pdf": {"CreationDate": None}, ".svg": {"Date": None}, ".png": {"Software": None}}[ending]
    with _drawn(picture) as figure:
        figure.savefig(path, format=ending[1:], dpi=300, metadata=metadata)


def inline_svg(picture: Picture) -> str:
    """Returns a picture as an SVG element for a page, with title and description for screen readers."""
    buffer = io.BytesIO()
    with _drawn(picture) as figure:
        figure.savefig(buffer, format="svg", transparent=True)
    root = ET.fromstring(buffer.getvalue())
    # Metadata, with a date, and a style that would apply to the whole page.
    for child in root[:2]:
        root.remove(child)
    key = f"figure-{picture.key}"  # a section may have the same key
    _shorten(root, key)
    for kind, text in (("desc", picture.description), ("title", picture.title)):
        named = ET.Element(kind, {"id": f"{key}-{kind}"})
        named.text = printable(text)
        root.insert(0, named)
    box = root.get("viewBox", "")
    root.attrib = {
        "viewBox": box,
        "role": "img",
        "aria-labelledby": f"{key}-title",
        "aria-describedby": f"{key}-desc",
    }
    return ET.tostring(root, encoding="unicode")


def _shorten(root: ET.Element, key: str) -> None:
    """Makes the elements of matplotlib's SVG fit for a page: short, with distinct ids, and coloured by variables."""
    used = {name for element in root.iter() for value in element.attrib.values() for name in _REFERENCE.findall(value)}
    for element in root.iter():
        element.tag, element.tail = element.tag.removeprefix(_SVG), None
        if element.tag != "text":
            element.text = None
        element.attrib = {
            name.rpartition("}")[2]: _shortened(name, value, key)
            for name, value in element.attrib.items()
            if not (name == "id" and value not in used) and not value.startswith("rotate(-0 ")
        }


def _shortened(name: str, value: str, key: str) -> str:
    """Returns the value of an attribute: with ids that begin with `key`, short numbers, and variables as colours."""
    if name == "id":
        return f"{key}-{value}"
    if name == "style":
        return _styled(value)
    value = _REFERENCE.sub(rf"#{key}-\1", value)
    return " ".join(_DECIMALS.sub(r"\1", value).split())


def _styled(value: str) -> str:
    """Returns a style with variables as colours, and without matplotlib's font, but with its size."""
    size = _SIZE.search(value) if "font" in value else None
    parts = [part.strip() for part in _FAMILY.sub("", value).split(";") if part.strip()]
    if size and not any(part.startswith("font-size") for part in parts):
        parts.append(f"font-size: {size[1]}")
    text = "; ".join(parts)
    for colour, variable in _VARIABLES.items():
        text = text.replace(colour, variable)
    return text
