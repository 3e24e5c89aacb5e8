from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import TruncatedError
from seqnet.readers import pieces as pieces_module
from seqnet.readers.opening import open_here
from seqnet.readers.read_ahead import read_ahead
from tests.building import random_strings
from tests.readers.examples import COMPRESS


def test_pieces_are_in_order_and_made_by_another_thread() -> None:
    threads = set()

    def pieces() -> Iterator[bytes]:
        for number in range(50):
            threads.add(threading.get_ident())
            yield b"%d" % number

    assert list(read_ahead(pieces())) == [b"%d" % number for number in range(50)]
    assert len(threads) == 1
    assert threading.get_ident() not in threads


def test_an_error_comes_after_the_pieces_before_it() -> None:
    def pieces() -> Iterator[bytes]:
        yield b"a"
        yield b"b"
        raise ValueError("damaged")

    found = read_ahead(pieces())
    assert [next(found), next(found)] == [b"a", b"b"]
    with pytest.raises(ValueError, match="damaged"):
        next(found)
    assert not list(read_ahead(iter(())))


def test_few_pieces_are_held() -> None:
    made: list[int] = []

    def pieces() -> Iterator[int]:
        for number in range(1, 100):
            made.append(number)
            yield number

    found = read_ahead(pieces())
    for number in range(1, 20):
        assert next(found) == number
        assert len(made) <= number + 2
    before = threading.active_count()
    found.close()
    assert threading.active_count() == before - 1


@pytest.mark.parametrize("name", COMPRESS)
def test_records_and_errors_are_the_same(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []

    def spied(found: Iterator[Any]) -> Iterator[Any]:
        calls.append(found)
        return read_ahead(found)

    monkeypatch.setattr(pieces_module, "read_ahead", spied)
    text = "".join(f">r{number}\n{string}\n" for number, string in enumerate(random_strings([80] * 3_000))).encode()
    path = tmp_path / "reads.fa"
    path.write_bytes(COMPRESS[name](text))
    options = ReadOptions(batch_bytes=20_000)
    for one in (options, replace(options, part_start=1_000)) if name == "bgzip" else (options,):
        found = []
        for ahead in (False, True):
            assert not calls
            found.append([batch.names.data.tobytes() for batch in open_here(str(path), one, ahead=ahead)])
        assert calls
        calls.clear()
        assert found[0] == found[1]
        assert len(found[0]) > 1
    path.write_bytes(path.read_bytes()[:-40])
    messages = []
    for ahead in (False, True):
        with pytest.raises(TruncatedError) as error:
            list(open_here(str(path), options, ahead=ahead))
        messages.append(str(error.value))
    assert messages[0] == messages[1]


def test_nothing_more_is_made_after_the_end() -> None:
    made: list[int] = []
    going_on = threading.Event()

    def slow() -> Iterator[int]:
        for number in range(1, 9):
            made.append(number)
            yield number
            going_on.wait(20)

    found = read_ahead(slow())
    next(found)
    threading.Timer(0.2, going_on.set).start()
    found.close()
    assert len(made) <= 2


def test_without_another_thread_the_caller_s_makes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", fail)
    assert list(read_ahead(iter([1, 2, 3]))) == [1, 2, 3]
