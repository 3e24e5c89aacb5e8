"""The options that every command has: how much it says, a log, and all of its help."""

from __future__ import annotations

from pathlib import Path

import click

import seqnet
from seqnet.cli.help_pages import full_help
from seqnet.cli.messages import Level, begin_log, show_from
from seqnet.core.errors import OutputError
from seqnet.core.outputs import check_targets

__all__ = ["begin_messages", "common_options", "version_line"]

_GIVEN = "seqnet.cli.common_options"
"""Key of `Context.meta` under which the values of these options are."""


def common_options() -> list[click.Option]:
    """Returns --quiet, --verbose, --log-file and --help-all."""
    return [
        click.Option(
            ["-q", "--quiet"], is_flag=True, expose_value=False, callback=_note, help="Show only warnings and errors."
        ),
        click.Option(
            ["-v", "--verbose"],
            is_flag=True,
            expose_value=False,
            callback=_note,
            help="Also show versions, number format, time and memory.",
        ),
        click.Option(
            ["--log-file"],
            type=click.Path(path_type=Path),
            metavar="FILE",
            expose_value=False,
            callback=_note,
            help="Append all messages to FILE, with times.",
        ),
        click.Option(
            ["--help-all"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_show_all,
            help="Show all options.",
        ),
    ]


def _note(context: click.Context, option: click.Parameter, value: object) -> None:
    context.meta.setdefault(_GIVEN, {})[option.name] = value


def _show_all(context: click.Context, option: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        click.echo(full_help(context), color=context.color)
        context.exit()


def begin_messages(context: click.Context, command_line: str) -> Path | None:
    """Applies the options to all messages of the run, and returns the path of the log, if there is one.

    Args:
        context: of a command that is about to run.
        command_line: its words.

    Raises:
        UsageError: --quiet and --verbose are both given.
        OutputError: the log is an input, or another file that exists.
    """
    given = context.meta.get(_GIVEN, {})
    quiet, verbose, path = (given.get(name) for name in ("quiet", "verbose", "log_file"))
    if quiet and verbose:
        raise click.UsageError("--quiet and --verbose can't be combined")
    if quiet or verbose:
        show_from(Level.WARNING if quiet else Level.DETAIL)
    if path is None:
        return None
    if str(path) == "-":
        raise OutputError("", "the log can't be written to standard output", "name a file, or use /dev/stderr")
    check_targets([path], force=True)
    begin_log(path, f"seqnet {seqnet.__version__}: {command_line}")
    return Path(path)


def version_line() -> str:
    """Returns the versions of Python and of the packages that can change a result, in words."""
    from seqnet.core.provenance import versions

    return "versions: " + ", ".join(f"{name} {version}" for name, version in versions().items())
