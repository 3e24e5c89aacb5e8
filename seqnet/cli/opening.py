"""A model for a command: found, opened, and moved to where it computes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from seqnet.cli.process import set_up_process
from seqnet.cli.progress import say

if TYPE_CHECKING:
    from seqnet.models.bundles import Bundle

__all__ = ["open_model"]


def open_model(path: Path, device: str, threads: int, plm: Sequence[str]) -> Bundle:
    """Returns a model that is ready to be applied.

    Args:
        path: the model, or the name of one that comes with seqnet.
        device: name of the device.
        threads: of the CPU.
        plm: language models that the user has named.

    Raises:
        SeqnetError: there is no such model or device, or the language model is not there.
    """
    from seqnet.models.bundles import open_bundle
    from seqnet.models.shipped import find_model
    from seqnet.nn.devices import choose_device

    bundle = open_bundle(find_model(path))
    set_up_process(threads)
    bundle.to(choose_device(device))
    bundle.prepare(say, plm)
    return bundle
