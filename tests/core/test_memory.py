from __future__ import annotations

import ctypes
import errno
import os

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
