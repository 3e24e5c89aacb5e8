"""Parallel work: order, limits, errors."""

import threading
import time
from collections.abc import Iterator

import pytest
import torch

from seqnet.prediction import ordered_map
from seqnet.prediction.ordered_map import map_in_order
from tests.building import CPU


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_results_are_in_the_order_of_the_items(workers: int) -> None:
    def slow(item: int) -> int:
        time.sleep(0.001 * (item % 3))
        return item * item

    assert list(map_in_order(slow, range(40), workers, CPU)) == [item * item for item in range(40)]


def test_each_thread_is_started_for_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple[int, torch.device]] = []
    monkeypatch.setattr(ordered_map, "start_thread", lambda device: started.append((threading.get_ident(), device)))
    barrier = threading.Barrier(3, timeout=20)

    def meet(item: int) -> int:
        barrier.wait()
        return threading.get_ident()

    threads = set(map_in_order(meet, range(3), 3, torch.device("cuda:1")))
    assert {thread for thread, _ in started} == threads
    assert [device for _, device in started] == [torch.device("cuda:1")] * 3


def test_four_threads_use_a_gpu_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordered_map, "start_thread", lambda device: None)

    def work(item: int) -> int:
        time.sleep(0.01)
        return threading.get_ident()

    assert 1 < len(set(map_in_order(work, range(40), 16, torch.device("cuda")))) <= 4
    assert threading.get_ident() not in set(map_in_order(work, range(40), 16, torch.device("cuda")))


def test_work_overlaps_and_is_bounded() -> None:
    drawn, meeting = [], threading.Barrier(2, timeout=20)

    def items() -> Iterator[int]:
        for item in range(20):
            drawn.append(item)
            yield item

    def meet(item: int) -> int:
        meeting.wait()  # passes only if two threads work at the same time
        return item

    done = map_in_order(meet, items(), 2, CPU)
    assert next(done) == 0
    assert len(drawn) <= 4
    assert list(done) == list(range(1, 20))


@pytest.mark.parametrize("workers", [1, 3])
def test_an_error_of_the_work_or_of_the_items_is_raised(workers: int) -> None:
    def picky(item: int) -> int:
        if item == 7:
            raise ValueError(item)
        return item

    def broken() -> Iterator[int]:
        yield 1
        raise OSError("gone")

    done = map_in_order(picky, range(20), workers, CPU)
    assert [next(done) for _ in range(7)] == list(range(7))
    with pytest.raises(ValueError, match="7"):
        next(done)
    with pytest.raises(OSError, match="gone"):
        list(map_in_order(picky, broken(), workers, CPU))


def test_few_large_items_are_held_at_once() -> None:
    drawn = done = most = 0

    def items() -> Iterator[int]:
        nonlocal drawn, most
        for item in range(20):
            drawn += 1
            most = max(most, drawn - done)
            yield item

    for _ in map_in_order(lambda item: item, items(), 8, CPU, size=lambda item: 30_000_000):
        done += 1
    assert done == 20
    assert most == 3  # 60 MB, and the one that exceeds the limit
