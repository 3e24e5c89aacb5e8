"""The pages of --help and --help-all: usage, text, options in groups, and examples at the end."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence

import click

__all__ = ["examples_of", "full_help", "option_groups", "text_of", "write_help"]

_VERBATIM = "\b"
"""Click's mark of a paragraph that keeps its line breaks; the last one of a command has its examples."""
_FIRST_COLUMN = 24
"""Width of the column of options, at most; the text of a longer option begins in the next line."""

Groups = Mapping[str, Sequence[str]]
"""Title → names of the parameters that only --help-all shows."""


def text_of(command: click.Command) -> str:
    """Returns the help text of a command without its examples."""
    return inspect.cleandoc(command.help or "").partition(_VERBATIM)[0].rstrip()


def examples_of(command: click.Command) -> list[str]:
    """Returns the examples of a command, one command line each."""
    return inspect.cleandoc(command.help or "").partition(_VERBATIM)[2].strip().splitlines()


def option_groups(command: click.Command, context: click.Context, more: Groups) -> dict[str, list[click.Option]]:
    """Returns title → options: first those of --help, then those that only --help-all shows."""
    titles = {name: title for title, names in more.items() for name in names}
    groups: dict[str, list[click.Option]] = {"Options": [], **{title: [] for title in more}}
    for parameter in command.get_params(context):
        # Arguments are in the line of usage and in the text.
        if isinstance(parameter, click.Option) and not parameter.hidden:
            groups[titles.get(parameter.name or "", "Options")].append(parameter)
    return {title: options for title, options in groups.items() if options}


def write_help(
    command: click.Command, context: click.Context, formatter: click.HelpFormatter, more: Groups, *, everything: bool
) -> None:
    """Writes a page of help.

    Args:
        command: what the page is about.
        context: of the command.
        formatter: takes the page.
        more: see `Groups`.
        everything: whether the options in `more` are shown, too.
    """
    command.format_usage(context, formatter)
    formatter.write_paragraph()
    with formatter.indentation():
        formatter.write_text(text_of(command))
    groups = option_groups(command, context, more)
    for title, options in groups.items():
        if everything or title == "Options":
            _write_rows(formatter, title, (option.get_help_record(context) for option in options))
    if isinstance(command, click.Group):
        command.format_commands(context, formatter)
    hidden = [title.lower() for title in groups if title != "Options"]
    if hidden and not everything:
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(f"{context.command_path} --help-all also shows: {'; '.join(hidden)}.")
    _write_examples(formatter, examples_of(command))


def full_help(context: click.Context) -> str:
    """Returns the page of --help-all."""
    formatter = context.make_formatter()
    more: Groups = getattr(context.command, "more", {})
    write_help(context.command, context, formatter, more, everything=True)
    return formatter.getvalue().rstrip("\n")


def _write_rows(formatter: click.HelpFormatter, title: str, rows: Iterable[tuple[str, str] | None]) -> None:
    with formatter.section(title):
        formatter.write_dl([row for row in rows if row is not None], col_max=_FIRST_COLUMN)


def _write_examples(formatter: click.HelpFormatter, lines: Sequence[str]) -> None:
    if lines:
        with formatter.section("Examples"):
            for line in lines:
                formatter.write(f"{'':{formatter.current_indent}}{line}\n")
