"""The rank of this process, if a launcher such as torchrun has started several that train together.

In: the environment variables of PyTorch's `env://`. Out: rank and number of processes. PyTorch is not needed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from seqnet.core.errors import SettingError

__all__ = ["ALONE", "USUAL_WAIT", "Launch", "this_launch"]

_NEEDED = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
"""Without one of these there is no group; some systems set WORLD_SIZE alone."""


@dataclass(frozen=True, slots=True)
class Launch:
    """A process among those that were started together.

    Attributes:
        rank: number of the process, from 0.
        size: number of processes, on all machines.
        local_rank: number of the process on its machine, from 0.
        local_size: number of processes on its machine.
        torchrun: whether torchrun has started it.
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    local_size: int = 1
    torchrun: bool = False

    @property
    def first(self) -> bool:
        """Whether this is the process that writes files and messages."""
        return self.rank == 0


ALONE = Launch()
"""A process that no launcher has started."""

USUAL_WAIT = "10m"
"""How long a process waits for another one that has not started, or does not answer, unless the user says otherwise."""


def this_launch(environment: Mapping[str, str] = os.environ) -> Launch:
    """Returns which process this is.

    Args:
        environment: the environment variables of the process.

    Raises:
        SettingError: a variable is not a number, or the rank is not below the number of processes.

    Source: PyTorch documentation, torch.distributed, "Environment variable initialization"; torchrun, "Environment
    Variables".
    """
    if not all(environment.get(name) for name in _NEEDED):
        return ALONE
    size = _number(environment, "WORLD_SIZE", 1)
    if size == 1:
        return ALONE
    rank = _number(environment, "RANK", 0, size - 1)
    local_size = _number(environment, "LOCAL_WORLD_SIZE", 1, size, default=1)
    local_rank = _number(environment, "LOCAL_RANK", 0, default=0)
    _number(environment, "MASTER_PORT", 1, 65_535)
    return Launch(rank, size, local_rank, local_size, "TORCHELASTIC_RUN_ID" in environment)


def _number(
    environment: Mapping[str, str], name: str, least: int, most: int | None = None, default: int | None = None
) -> int:
    text = environment.get(name, "")
    if not text and default is not None:
        return default
    if not text.isdecimal() or int(text) < least or (most is not None and int(text) > most):
        bounds = f"a whole number of at least {least}" if most is None else f"a whole number from {least} to {most}"
        raise SettingError(name, text, bounds)
    return int(text)
