from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from seqnet.core.ragged import Ragged
from seqnet.readers.slicing import blank_positions, cut, first_words


@given(data=st.binary(max_size=60), draw=st.data())
def test_cut_is_slicing(data: bytes, draw: st.DataObject) -> None:
    positions = st.lists(st.integers(0, len(data)), max_size=8)
    bounds = sorted(draw.draw(positions))
    starts, ends = np.array(bounds[:-1:2], np.int64), np.array(bounds[1::2], np.int64)
    without = np.array(sorted(set(draw.draw(positions)) - {len(data)}), np.int64)
    pieces = cut(np.frombuffer(data, np.uint8), starts, ends, without=without)
    expected = [
        bytes(data[position] for position in range(start, end) if position not in set(without.tolist()))
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
    ]
    assert [pieces[index] for index in range(len(pieces))] == expected


@given(data=st.binary(min_size=1, max_size=60), draw=st.data())
def test_pieces_of_one_length(data: bytes, draw: st.DataObject) -> None:
    length = draw.draw(st.integers(1, len(data)))
    gaps = st.lists(st.integers(0, 3), max_size=(len(data) - length) // (length + 3) + 1)
    starts = np.cumsum([gap + length * (index > 0) for index, gap in enumerate(draw.draw(gaps))], dtype=np.int64)
    starts = starts[starts <= len(data) - length]
    pieces = cut(np.frombuffer(data, np.uint8), starts, starts + length)
    assert [pieces[index] for index in range(len(pieces))] == [data[start : start + length] for start in starts]


def test_cutting_no_text_gives_no_lines() -> None:
    none = np.empty(0, np.int64)
    assert len(cut(np.empty(0, np.uint8), none, none)) == 0


def test_blanks_are_those_of_python() -> None:
    every_byte = np.arange(256, dtype=np.uint8)
    assert blank_positions(every_byte).tolist() == [byte for byte in range(256) if bytes([byte]).isspace()]


@given(headers=st.lists(st.binary(max_size=8), max_size=8))
def test_first_words_are_those_of_split(headers: list[bytes]) -> None:
    words = first_words(Ragged.from_strings(headers))
    assert [words[index] for index in range(len(words))] == [(header.split() or [b""])[0] for header in headers]


def test_headers_of_one_word_are_shared() -> None:
    headers = Ragged.from_strings([b"a", b"", b"bc"])
    assert first_words(headers) is headers
