from __future__ import annotations

import io
import os
from collections.abc import Generator

import pytest

from seqnet.core.errors import TruncatedError
from seqnet.readers.pipes import Pipe


class _Failing(io.RawIOBase):
    """A stream that ends too early, after more than the capacity of a pipe."""

    def __init__(self) -> None:
        super().__init__()
        self.left = 300_000

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if not self.left:
            raise TruncatedError("it ends")
        size = min(len(buffer), self.left)
        buffer[:size] = bytes(size)
        self.left -= size
        return size


def test_everything_comes_through() -> None:
    content = bytes(range(256)) * 4000
    with Pipe(io.BytesIO(content)) as reading, open(reading, "rb", closefd=False) as file:
        assert file.read() == content


def test_a_reader_that_leaves_early_ends_it() -> None:
    stream = io.BytesIO(bytes(10_000_000))
    with Pipe(stream) as reading:
        assert os.read(reading, 10) == bytes(10)
    assert stream.tell() < 10_000_000


def test_an_error_of_the_stream_replaces_that_of_the_reader() -> None:
    def consume() -> None:
        with Pipe(_Failing()) as reading, open(reading, "rb", closefd=False) as file:
            assert len(file.read()) == 300_000
            raise OSError("truncated file")

    with pytest.raises(TruncatedError, match="it ends"):
        consume()


def test_an_error_of_the_reader_stays_where_the_stream_is_fine() -> None:
    with pytest.raises(OSError, match="mine"), Pipe(io.BytesIO(b"abc")):
        raise OSError("mine")


def test_a_consumer_that_stops_gets_no_error_of_the_stream() -> None:
    def consume() -> Generator[None, None, None]:
        with Pipe(_Failing()) as reading, open(reading, "rb", closefd=False) as file:
            file.read()
            yield

    generator = consume()
    next(generator)
    generator.close()
