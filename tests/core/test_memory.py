from __future__ import annotations

import ctypes
import errno
import os
import subprocess
import sys

import pytest

from seqnet.core import memory
from seqnet.core.errors import ResourceError
from seqnet.core.memory import check_address_space, is_lack_of_memory, save_address_space


@pytest.mark.parametrize(
    ("error", "lacking"),
    [
        (MemoryError(), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"), True),
        (ImportError("libtorch.so: failed to map segment from shared object"), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), False),
    ],
)
def test_lack_of_memory_is_recognised_by_its_message(error: BaseException, lacking: bool) -> None:
    assert is_lack_of_memory(error) is lacking


def test_a_limit_below_the_need_of_a_command_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "address_space", lambda: 400_000_000)
    check_address_space("encode", torch=False)
    with pytest.raises(ResourceError, match=r"^predict: .*the limit is 400 MB, and it needs .*; raise"):
        check_address_space("predict", torch=True)
    monkeypatch.setattr(memory, "address_space", lambda: None)
    check_address_space("predict", torch=True)


def test_libraries_reserve_less_only_under_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    variables = {"OPENBLAS_NUM_THREADS": "4"}
    monkeypatch.setattr(memory, "address_space", lambda: None)
    save_address_space(variables)
    assert variables == {"OPENBLAS_NUM_THREADS": "4"}
    if hasattr(os, "fork"):
        monkeypatch.setattr(memory, "address_space", lambda: 10**12)
        monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
        save_address_space(variables)
        assert variables == {"OPENBLAS_NUM_THREADS": "4", "ARROW_DEFAULT_MEMORY_POOL": "system"}


MULTIPLY = """
import resource, sys
from pathlib import Path
import numpy as np
from scipy.linalg.blas import dgemm
from seqnet.core.memory import reserve_blas, save_address_space

package, room = sys.argv[1], int(sys.argv[2])
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + room, used + room))
resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
try:
    reserve_blas(package)
except MemoryError:
    sys.exit("too little")
many = np.ones((300, 300))
filler = np.ones(room // 8 - 6_000_000, dtype=np.float64)  # what is left is less than OpenBLAS needs
print(dgemm(1, many, many).sum() if package == "scipy" else (many @ many).sum())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits and /proc are those of Linux")
@pytest.mark.parametrize("package", ["numpy", "scipy"])
def test_openblas_gets_its_memory_early_or_there_is_an_error(package: str) -> None:
    def multiply(room: int) -> tuple[int, str, str]:
        words = [sys.executable, "-c", MULTIPLY, package, str(room)]
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=100, env=environment)
        return done.returncode, done.stdout, done.stderr

    assert multiply(100_000_000) == (0, "27000000.0\n", "")
    assert multiply(20_000_000) == (1, "", "too little\n")
