"""`seqnet completion`: the script by which a shell completes commands, options and values."""

from __future__ import annotations

import click

from seqnet.cli.paths import Command
from seqnet.cli.shell_completion import SHELLS, completion_script

__all__ = ["command"]


@click.command("completion", cls=Command)
@click.argument("shell", type=click.Choice(SHELLS))
def command(shell: str) -> None:
    """Print the script that completes commands in a shell.

    SHELL is bash (4.4 or newer), zsh or fish. After this, the Tab key completes commands, options, choices, presets,
    settings after --set, models of the package, and files. The examples install it for new shells.

    \b
    echo 'eval "$(seqnet completion bash)"' >> ~/.bashrc
    echo 'eval "$(seqnet completion zsh)"' >> ~/.zshrc
    mkdir -p ~/.config/fish/completions && seqnet completion fish > ~/.config/fish/completions/seqnet.fish
    """
    click.echo(completion_script(shell), nl=False)
