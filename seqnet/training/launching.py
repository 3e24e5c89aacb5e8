"""The processes that train together, whether a launcher such as torchrun has started several or not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from seqnet.core.launch import Launch
from seqnet.nn.devices import choose_device
from seqnet.training.processes import ALONE, Processes

__all__ = ["training_processes"]


@contextmanager
def training_processes(launch: Launch, device: str, wait: float) -> Iterator[tuple[Processes, torch.device]]:
    """Yields the processes that train together, and the device of this one.

    Args:
        launch: which process this is.
        device: see `seqnet.nn.devices.choose_device`; `auto` and `cuda` are another GPU for each process of a machine.
        wait: seconds to wait for a process that has not started, or does not answer.

    Raises:
        ResourceError: a process did not start, ended, or does not answer.
        SettingError: this machine does not have the device, or has too few of it.
    """
    if launch.size == 1:
        yield ALONE, choose_device(device)
        return
    # Without several processes, what they need is not loaded.
    from seqnet.training.distributed import process_group

    with process_group(launch, device, wait) as group:
        yield group
