"""Shared set-up of all tests, for machines that may be busy.

Property tests have no time limit per example. torch uses one thread for small tensors, because several threads wait for
each other a hundred times longer than they compute. memelite runs as Python: numba would compile it for a minute in every
new environment, and the tests give it few motifs.
"""

from __future__ import annotations

import os
import signal
import sys

import pytest
from hypothesis import settings

# A shell that starts the tests in the background makes them ignore Ctrl-C, and so would the tested processes.
signal.signal(signal.SIGINT, signal.default_int_handler)

os.environ["NUMBA_DISABLE_JIT"] = "1"

settings.register_profile("seqnet", deadline=None)
settings.load_profile("seqnet")


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    if "torch" in sys.modules:
        import torch

        torch.set_num_threads(1)
