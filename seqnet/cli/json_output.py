"""--json: what a command reports, as one JSON value on standard output."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from seqnet.cli.streams import check_stdout_is_open
from seqnet.core.printable import printable_json

__all__ = ["json_option", "show_json"]

Function = TypeVar("Function", bound=Callable[..., Any])


def json_option(function: Function) -> Function:
    """Adds --json, which is handed over as `as_json`."""
    return click.option(
        "--json", "as_json", is_flag=True, callback=_checked, help="Print the result as JSON to standard output."
    )(function)


def _checked(context: click.Context, parameter: click.Parameter, value: bool) -> bool:
    """Returns the value; checks that standard output can be written before any work is done."""
    if value and not context.resilient_parsing:
        check_stdout_is_open("redirect it to a file or to /dev/null")
    return value


def show_json(values: Any) -> None:
    """Writes one JSON value to standard output.

    Raises:
        ValueError: a number is NaN or infinite.
    """
    click.echo(printable_json(values))
