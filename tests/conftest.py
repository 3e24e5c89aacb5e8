"""Shared set-up of all tests, for machines that may be busy.

Property tests have no time limit per example. They have the same examples each time, so that a failure is one of the
change at hand; `--hypothesis-profile search` looks for others. torch uses one thread for small tensors, because several
threads wait for each other a hundred times longer than they compute. OpenMP threads of the commands sleep while they
wait, because two tests run at once. GPUs are hidden, because expected numbers are those of the CPU, to the last bit;
`benchmarks/gpu.py` compares both. CUDA_VISIBLE_DEVICES=0 shows one to the tests.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.warm.starting import warm_program

# A shell that starts the tests in the background makes them ignore Ctrl-C, and so would the tested processes.
signal.signal(signal.SIGINT, signal.default_int_handler)

os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
# Every command would compile the package again, and every run of the tests the tests.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

settings.register_profile("search", deadline=None)
settings.register_profile("seqnet", deadline=None, derandomize=True)
settings.load_profile("seqnet")


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    if "torch" in sys.modules:
        import torch

        torch.set_num_threads(1)


@pytest.fixture(scope="session")
def program() -> Iterator[Path]:
    """The program `seqnet`, alone in its folder, each time in a process of its own that has its imports already.

    For tests of processes whose start is not what they are about.
    """
    with warm_program() as path:
        yield path
