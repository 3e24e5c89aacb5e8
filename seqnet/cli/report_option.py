"""The option --report, which several commands have: a page of results as one HTML file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from seqnet.cli.paths import OutputPath
from seqnet.core.errors import OutputError

__all__ = ["report_option"]

Function = TypeVar("Function", bound=Callable[..., Any])


def report_option(content: str) -> Callable[[Function], Function]:
    """Returns a decorator that adds --report.

    Args:
        content: what the page has, for the help.
    """
    return click.option(
        "--report",
        type=_ReportPath("a report can't be written to standard output"),
        metavar="FILE.html",
        help=f"Also write a report: one HTML file with {content}. It needs no network.",
    )


class _ReportPath(OutputPath):
    """The type of the option: a path whose name says that it is HTML."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Returns the path.

        Raises:
            OutputError: the name has another ending, or it is standard output.
        """
        path: Path = super().convert(value, param, ctx)
        if path.suffix.lower() not in (".html", ".htm"):
            raise OutputError(str(path), "a report is an HTML file", "end its name in .html")
        return path
