"""Defaults of options from environment variables: SEQNET_PREDICT_THREADS for one command, SEQNET_THREADS for all.

An option on the command line replaces that of a variable, and a variable of the command replaces that of all commands.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping

import click
from click.core import ParameterSource

from seqnet.core.suggestions import did_you_mean, nearest

__all__ = [
    "COMPLETION",
    "GENERAL",
    "forget_variables",
    "name_variables",
    "remember_variables",
    "unknown_variables",
    "used_variables",
    "variable_notes",
    "variables_of",
]

COMPLETION = "_SEQNET_COMPLETE"
"""Variable that a shell sets to ask what may follow; see `shell_completion`."""

GENERAL = ("--device", "--log-file", "--quiet", "--threads", "--verbose")
"""Options that also have a variable for all commands."""

_NEVER = ("--help", "--help-all")
_used: dict[str, tuple[str, str, bool]] = {}
"""Option → its variable, the text in it, and whether that is a path; of the running command."""


def variables_of(command: str, option: click.Option) -> list[str]:
    """Returns the variables that an option has its default from, the first one first; none for --help."""
    name = _long(option)
    if name in _NEVER:
        return []
    ending = name.lstrip("-").replace("-", "_").upper()
    return [f"SEQNET_{command.upper()}_{ending}", *([f"SEQNET_{ending}"] if name in GENERAL else [])]


def name_variables(command: click.Command) -> None:
    """Has click read the variables of all options of a command."""
    for option in command.params:
        if isinstance(option, click.Option):
            option.envvar = variables_of(command.name or "", option)


def remember_variables(context: click.Context) -> None:
    """Notes which options of a command have their value from a variable."""
    for option in context.command.params:
        source = context.get_parameter_source(option.name or "")
        if isinstance(option, click.Option) and source is ParameterSource.ENVIRONMENT:
            names = [name for name in option.envvar or () if os.environ.get(name)]
            is_path = isinstance(option.type, click.Path)
            _used[_long(option)] = (names[0], os.environ[names[0]], is_path)


def forget_variables() -> None:
    """Forgets what `remember_variables` has noted, before another command runs."""
    _used.clear()


def used_variables() -> Mapping[str, str]:
    """Returns the variables that options of the running command have their values from, with the text in them."""
    return {name: text for name, text, _ in _used.values()}


def variable_notes(line: str) -> Iterator[str]:
    """Yields which variable set an option, for each one that an error names, or whose path it names."""
    for option, (name, text, is_path) in _used.items():
        if re.search(rf"(?<![\w-]){option}(?![\w-])", line) or (is_path and text in line):
            yield f"{option} is set by the environment variable {name}"


def unknown_variables(context: click.Context) -> Iterator[str]:
    """Yields a line for each variable that has the prefix of a command, and is of none of its options."""
    prefix = f"SEQNET_{(context.command.name or '').upper()}_"
    known = [name for option in context.command.params for name in option.envvar or () if name.startswith(prefix)]
    endings = [name.removeprefix(prefix) for name in known]
    for name in sorted(os.environ):
        if name.startswith(prefix) and name not in known:
            meant = did_you_mean(prefix + ending for ending in nearest(name.removeprefix(prefix), endings))
            problem = f"{name} is set, but {context.command_path} has no such option"
            yield f"{problem}; {meant}" if meant else problem


def _long(option: click.Option) -> str:
    """Returns the longest spelling of an option, with its dashes."""
    return max(option.opts, key=len)
