"""What all tests share: machines may be busy.

Properties are tried without a time limit for each example, and torch computes small tensors with one thread, as more of
them wait for each other a hundred times longer than they compute.
"""

from __future__ import annotations

import signal
import sys

import pytest
from hypothesis import settings

# A shell that starts the suite in the background has it ignore Ctrl-C, and so would the processes that are tested.
signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("seqnet", deadline=None)
settings.load_profile("seqnet")


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    if "torch" in sys.modules:
        import torch

        torch.set_num_threads(1)
