"""Options that would have no effect: refused in one line, whatever the command."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

if TYPE_CHECKING:
    from seqnet.models.bundles import Bundle

__all__ = ["check_language_models", "refuse_unused"]


def refuse_unused(names: Iterable[str], problem: str) -> None:
    """Refuses options that are on the command line and have no effect there.

    A default that comes from an environment variable is for all runs, of which some may not need it.

    Args:
        names: the parameters, by their names in the function of the command.
        problem: what follows the name of the option, such as `needs --from`.

    Raises:
        click.UsageError: one of the options is given.
    """
    context = click.get_current_context()
    options = {option.name: option.opts for option in context.command.params if isinstance(option, click.Option)}
    for name in names:
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            longest = max(options[name], key=len)
            raise click.UsageError(f"{longest} {problem}", context)


def check_language_models(bundles: Sequence[Bundle]) -> None:
    """Refuses --plm if no model of the command has a language model.

    Raises:
        click.UsageError: it is given for such models.
    """
    if not any(bundle.uses_language_model for bundle in bundles):
        refuse_unused(["plm"], "is for models that were trained with the encoder plm")
