from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.readers.replay import ReplayedBytes


@given(content=st.binary(max_size=300), peeks=st.lists(st.integers(0, 200), max_size=4), size=st.integers(1, 50))
def test_every_reading_starts_over(content: bytes, peeks: list[int], size: int) -> None:
    replayed = ReplayedBytes(io.BytesIO(content))
    for peek in peeks:
        assert io.BufferedReader(replayed, 16).read(peek) == content[:peek]
        replayed.restart(last=False)
    replayed.restart(last=True)
    assert b"".join(iter(lambda: replayed.read(size), b"")) == content


def test_after_the_last_start_nothing_is_kept() -> None:
    replayed = ReplayedBytes(io.BytesIO(b"abc"))
    replayed.restart(last=True)
    with pytest.raises(RuntimeError, match="not kept"):
        replayed.restart(last=True)


def test_the_tail_is_the_end_of_what_came() -> None:
    content = bytes(range(200))
    replayed = ReplayedBytes(io.BytesIO(content))
    assert (replayed.tail, replayed.ended) == (b"", False)
    replayed.read(150)
    assert (replayed.tail, replayed.ended) == (content[86:150], False)
    replayed.restart(last=True)
    while replayed.read(70):
        pass
    assert (replayed.tail, replayed.ended) == (content[-64:], True)


def test_the_source_stays_open() -> None:
    source = io.BytesIO(b"abc")
    io.BufferedReader(ReplayedBytes(source)).close()
    assert source.read() == b"abc"
