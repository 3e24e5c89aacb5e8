"""Makes the next pieces in another thread while one is used, for work without Python's global lock: decompression."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

__all__ = ["read_ahead"]

_PIECES = 2
"""Pieces that are ready or in work while one is used."""

Piece = TypeVar("Piece")


def read_ahead(pieces: Iterator[Piece]) -> Generator[Piece, None, None]:
    """Yields the pieces; an error comes after the pieces before it.

    If the system starts no more threads, they are made by the caller's.
    """
    thread = ThreadPoolExecutor(1)
    waiting: deque[Future[Piece | None]] = deque()
    try:
        with suppress(RuntimeError):
            waiting.append(thread.submit(next, pieces, None))
        if not waiting:
            yield from pieces
            return
        for _ in range(1, _PIECES):
            waiting.append(thread.submit(next, pieces, None))
        while (piece := waiting.popleft().result()) is not None:
            waiting.append(thread.submit(next, pieces, None))
            yield piece
    finally:
        thread.shutdown(cancel_futures=True)
