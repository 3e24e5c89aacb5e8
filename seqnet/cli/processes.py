"""Commands that several processes run together: one of them writes the files, the messages and the errors."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial

import click

from seqnet.cli.messages import share_messages
from seqnet.core.launch import Launch, this_launch

__all__ = ["TOGETHER", "share_command"]

TOGETHER = ("train",)
"""Commands that can run in several processes."""


def share_command(words: Sequence[str]) -> None:
    """Has one process write the messages, and one the error, of a command that several processes run.

    Args:
        words: name of the command, if there is one.

    Raises:
        SettingError: variables of the launcher contradict each other.
        UsageError: torchrun has started several processes of a command that runs in one.
    """
    launch = this_launch()
    together = not words or words[0] in TOGETHER
    if launch.size == 1 or not (together or launch.torchrun):
        return
    # PyTorch's own warnings of a connection that ends would be further lines; it reads this when it is loaded.
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
    share_messages(silent=not launch.first, reports=partial(_reports_error, launch))
    if not together:
        raise click.UsageError(f"{words[0]} runs in one process; start it without torchrun")


def _reports_error(launch: Launch) -> bool:
    from seqnet.training.distributed import first_to_fail

    return first_to_fail(launch)
