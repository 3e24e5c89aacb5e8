"""A page → one HTML file: style, script and figures are within it, and nothing is loaded.

All text is escaped by Jinja, and characters that are not printable as in `core.printable`. In addition, the page
forbids the browser to load anything or to run any script but its own, by a content security policy.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

import seqnet
from seqnet.core.printable import printable
from seqnet.reporting.figures.pictures import Picture, inline_svg
from seqnet.reporting.pages.content import Cell, Page

__all__ = ["render_page", "write_page"]


def render_page(page: Page) -> str:
    """Returns the HTML of a page; the same page gives the same text."""
    environment = _environment()
    script = environment.get_template("sort.js").render().strip()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return environment.get_template("page.html").render(
        page=page,
        style=Markup(environment.get_template("style.css").render().strip()),
        script=Markup(script),
        script_hash=digest,
        version=seqnet.__version__,
    )


def write_page(path: Path, page: Page) -> None:
    """Writes a page as a file in UTF-8."""
    path.write_text(render_page(page), encoding="utf-8", newline="\n")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("seqnet.reporting.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["svg"] = _svg
    environment.tests["number"] = lambda value: isinstance(value, Cell)
    environment.tests["text"] = lambda value: isinstance(value, str)
    return environment


def _shown(value: Any) -> Any:
    """Returns text on one line with control characters escaped; HTML and other values unchanged."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _svg(picture: Picture) -> Markup:
    return Markup(inline_svg(picture))  # its text is escaped
