"""The option --report, which several commands have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from seqnet.cli.evaluation_files import ReportPath

__all__ = ["report_option"]

Function = TypeVar("Function", bound=Callable[..., Any])


def report_option(content: str) -> Callable[[Function], Function]:
    """Returns a decorator that adds --report.

    Args:
        content: what the report has, for the help.
    """
    return click.option(
        "--report",
        type=ReportPath(),
        metavar="FILE.html",
        help=f"Write a report with {content}: one HTML file that needs no network.",
    )
