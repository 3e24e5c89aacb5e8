"""What a command sets for its whole process before it computes; a library must not, so that nothing else does."""

from __future__ import annotations

import sys

from seqnet.cli.variables import used_variables

__all__ = ["command_line", "hide_pandas", "leave_out_pandas", "own_process", "set_up_process"]

_owned: list[bool] = []
"""Not empty where this process runs one command and ends."""


def command_line() -> str:
    """Returns the command line of this process, with the environment variables that options have their values from."""
    import shlex

    values = [f"{name}={shlex.quote(text)}" for name, text in used_variables().items()]
    return " ".join([*values, shlex.join(["seqnet", *sys.argv[1:]])])


def set_up_process(threads: int) -> None:
    """Has the process compute with `threads` threads of the CPU, in exact float32, and keep memory that it frees."""
    import torch

    from seqnet.core.memory import keep_freed_memory
    from seqnet.nn.devices import silence_warnings

    torch.set_num_threads(threads)
    # No TF32: on a GPU it would round float32 to ten bits in convolutions and recurrences.
    torch.backends.cudnn.allow_tf32 = False
    silence_warnings()
    keep_freed_memory()


def own_process() -> None:
    """Says that this process runs one command and ends; a command may be run within another program, too."""
    _owned.append(True)


def leave_out_pandas() -> None:
    """Prevents pyarrow from loading pandas, if this process runs one command and ends."""
    if _owned:
        from seqnet.core import arrow

        arrow.leave_out_pandas()


def hide_pandas() -> None:
    """Prevents every import of pandas, if this process runs one command and ends."""
    if _owned:
        from seqnet.core import arrow

        arrow.hide_pandas()
