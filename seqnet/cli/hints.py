"""What a mistyped word of a command line may have meant."""

from __future__ import annotations

import re
from collections.abc import Sequence

import click

from seqnet.core.suggestions import did_you_mean, nearest

__all__ = ["choice_hint", "command_hint", "option_hint"]

_NEVER = ("--help", "--debug", "--version")
"""Options that are never suggested."""

_SYNONYMS = {
    "--cores": "--threads", "--cpus": "--threads", "--jobs": "--threads", "--num-threads": "--threads",
    "--gpu": "--device", "--html": "--report", "--outdir": "--output-dir", "--out": "--output",
    "--overwrite": "--force",
}  # fmt: skip
"""Options of other programs, and what they are called here."""


def command_hint(name: str, commands: Sequence[str]) -> str:
    """Returns the question whether another command is meant; empty where none is like it."""
    return did_you_mean(nearest(name, commands))


def choice_hint(message: str, choices: Sequence[str]) -> str:
    """Returns the question whether another choice is meant, for click's message on one that does not exist."""
    found = re.match(r"[^:]*: '(.*)' is not one of ", message)
    return did_you_mean(nearest(found[1], choices)) if found else ""


def option_hint(option: str, command: click.Command, words: Sequence[str]) -> str:
    """Returns the question whether another option, or a setting by --set, is meant; empty where none is like it.

    Args:
        option: the option that does not exist, with its dashes.
        command: the command it was given to.
        words: the command line.
    """
    options = [text for parameter in command.params for text in parameter.opts if text.startswith("--")]
    sets = "--set" in options
    settings = _settings() if sets else []
    plain = option.strip("-").replace("-", "_")
    exact = [name for name in settings if name == _renamed().get(plain, plain)]
    meant = [] if exact else nearest(option, [text for text in options if text not in _NEVER])
    if (synonym := _SYNONYMS.get(option)) in options:
        meant = [str(synonym)]
    if not meant and sets:
        value = _value(option, words)
        meant = [f"--set {name}={value}" for name in exact or nearest(option, settings)]
    return did_you_mean(meant)


def _settings() -> list[str]:
    """Returns the names of all settings that --set knows, of any network, without their sections."""
    from seqnet.cli.setting_names import setting_fields

    return list(dict.fromkeys(name.partition(".")[2] for name in setting_fields()))


def _renamed() -> dict[str, str]:
    """Returns former name → name of each setting that was renamed."""
    from seqnet.cli.setting_names import renamed_settings

    return renamed_settings()


def _value(option: str, words: Sequence[str]) -> str:
    """Returns what was given as the value of an option, as a shell takes it; VALUE where nothing was."""
    import shlex

    for word, following in zip(words, [*words[1:], ""], strict=True):
        name, equals, value = word.partition("=")
        if name == option:
            given = value if equals else following
            return "VALUE" if not given or given.startswith("--") else shlex.quote(given)
    return "VALUE"
