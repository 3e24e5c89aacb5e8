from __future__ import annotations

import warnings
from threading import Barrier, Event, Thread
from typing import NamedTuple

import pytest
import torch

from seqnet.core.errors import SettingError
from seqnet.nn import devices
from seqnet.nn.devices import choose_device, computing, device_text, exact_float32, out_of_memory, start_thread


@pytest.fixture(autouse=True)
def _no_accelerator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


def test_auto_takes_the_fastest_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose_device("auto") == torch.device("cpu")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert choose_device("auto") == torch.device("mps")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choose_device("auto") == torch.device("cuda")


class Flags(NamedTuple):
    """What of the process PyTorch's results depend on."""

    threads: int
    rounded: bool
    filters: list[object]

    @classmethod
    def now(cls) -> Flags:
        return cls(torch.get_num_threads(), torch.backends.cudnn.allow_tf32, list(warnings.filters))


def test_choosing_changes_nothing() -> None:
    before = Flags.now()
    assert choose_device("cpu") == torch.device("cpu")
    assert Flags.now() == before


@pytest.mark.parametrize("rounded", [True, False])
def test_what_is_set_while_it_computes_is_put_back(rounded: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", rounded)
    before = Flags.now()
    with computing(3, torch.device("cpu")):
        assert Flags.now() == before._replace(threads=3)
    with computing(3, torch.device("cuda")):
        assert (torch.get_num_threads(), torch.backends.cudnn.allow_tf32) == (3, False)
        warnings.warn("RNN module weights are not part of single contiguous chunk of memory", stacklevel=1)
        warnings.warn("Skipping serialization of skipfiles_inline_module_allowlist value {}", stacklevel=1)
    assert Flags.now() == before
    with pytest.raises(KeyError), computing(2, torch.device("cuda")):
        raise KeyError
    assert Flags.now() == before


def test_the_last_thread_puts_back_what_the_first_has_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    before = Flags.now()
    inside, leave = Barrier(2), Event()

    def first() -> None:
        with exact_float32:
            inside.wait()
            leave.wait()

    one = Thread(target=first)
    one.start()
    with exact_float32:
        inside.wait()
        leave.set()
        one.join()
        assert not torch.backends.cudnn.allow_tf32
    assert Flags.now() == before


@pytest.mark.parametrize("name", ["cuda", "cuda:0", "mps", "tpu", "", "CPU", "cudax"])
def test_what_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(SettingError) as caught:
        choose_device(name)
    assert str(caught.value).startswith(f"device must be one of cpu, not {name!r}")


@pytest.mark.parametrize("name", ["cpu:x", "cpu:", "cpu:-1"])
def test_a_number_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(SettingError, match="does not exist on this machine"):
        choose_device(name)


def test_a_gpu_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*sizes: int, device: torch.device) -> None:
        raise RuntimeError("CUDA error: invalid device ordinal")

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch, "empty", fail)
    with pytest.raises(SettingError, match="device cuda:7 does not exist on this machine"):
        choose_device("cuda:7")


def test_a_thread_beside_others_has_a_stream_of_its_own_which_waits_for_the_weights(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Stream:
        def __init__(self, device: torch.device) -> None:
            self.waits_for: object = None

        def wait_stream(self, other: object) -> None:
            self.waits_for = other

    streams: list[Stream] = []
    monkeypatch.setattr(torch.cuda, "Stream", Stream)
    monkeypatch.setattr(torch.cuda, "default_stream", lambda device: f"default of {device}")
    monkeypatch.setattr(torch.cuda, "set_stream", streams.append)
    torch.set_num_threads(2)
    start_thread(torch.device("cpu"))
    assert (torch.get_num_threads(), streams) == (1, [])
    start_thread(torch.device("cuda:1"))
    assert [stream.waits_for for stream in streams] == ["default of cuda:1"]
    for _ in range(8):
        start_thread(torch.device("cuda:1"))
    assert len({id(stream) for stream in streams}) == 4
    assert len({id(stream) for stream in streams[-4:]}) == 4
    devices._stream.cache_clear()


def test_too_little_memory_is_recognised_by_its_exception() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 60, dtype=torch.uint8)
    assert out_of_memory(caught.value)
    assert out_of_memory(MemoryError())
    assert out_of_memory(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB"))
    assert not out_of_memory(RuntimeError("shapes differ"))
    assert not out_of_memory(ValueError("out of memory"))


def test_a_line_names_the_device_of_a_command() -> None:
    assert device_text(torch.device("cpu"), 2) == "using the CPU, 2 threads"
    assert device_text(torch.device("cpu"), 1) == "using the CPU, 1 thread"
    assert device_text(torch.device("mps"), 4) == "using the GPU mps, 4 threads"
