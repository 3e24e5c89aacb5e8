"""Shared set-up of all tests, for machines that may be busy.

Property tests have no time limit per example. torch uses one thread for small tensors, because several threads wait for
each other a hundred times longer than they compute. OpenMP threads of the commands sleep while they wait, because two
tests run at once.
"""

from __future__ import annotations

import os
import signal
import sys

import pytest
from hypothesis import settings

# A shell that starts the tests in the background makes them ignore Ctrl-C, and so would the tested processes.
signal.signal(signal.SIGINT, signal.default_int_handler)

os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # every command would compile the package again

settings.register_profile("seqnet", deadline=None)
settings.load_profile("seqnet")


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    if "torch" in sys.modules:
        import torch

        torch.set_num_threads(1)
