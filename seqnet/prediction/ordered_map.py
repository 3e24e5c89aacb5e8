"""Applies a function to items in several threads, with the results in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future
from functools import partial
from typing import TypeVar

import torch

from seqnet.core.threads import Threads
from seqnet.nn.devices import STREAMS, start_thread

__all__ = ["HELD", "map_in_order"]

HELD = 1 << 26
"""Maximum bytes of items that are held at once, unless a single one is larger."""

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_in_order(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    workers: int,
    device: torch.device,
    size: Callable[[Item], int] = lambda item: 0,
) -> Generator[Result, None, None]:
    """Yields the result of a function for each item, in the order of the items.

    The thread of the caller reads the items while other threads work on earlier ones, so that a file is read while its
    first batches are computed. At most twice as many items as threads are held, and fewer if they are large. With one
    thread, reading and work alternate. An error of the function or of the items is raised here, and waiting and running
    work is cancelled.

    Args:
        function: of one item; runs in several threads at once.
        items: drawn one by one.
        workers: number of threads; each computes with one thread of its own. At most four use a GPU.
        device: where they compute.
        size: bytes of an item.
    """
    if device.type != "cpu":
        workers = min(workers, STREAMS)
    if workers == 1:
        yield from map(function, items)
        return
    pool = Threads(workers, partial(start_thread, device))
    waiting: deque[tuple[Future[Result], int]] = deque()
    held = 0
    try:
        for item in items:
            waiting.append((pool.submit(function, item), size(item)))
            held += waiting[-1][1]
            del item  # not beside the next one
            while waiting and (len(waiting) >= 2 * workers or held > HELD):
                first, weight = waiting.popleft()
                yield first.result()
                held -= weight
        while waiting:
            yield waiting.popleft()[0].result()
    finally:
        pool.give_up()
