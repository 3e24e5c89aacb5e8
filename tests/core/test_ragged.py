from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from seqnet.core.ragged import Ragged, chunks, gather_positions, pieces

COLUMNS = st.lists(st.binary(max_size=12), max_size=12)


def strings(column: Ragged) -> list[bytes]:
    return [column[index] for index in range(len(column))]


def check(column: Ragged, expected: list[bytes]) -> None:
    """Checks the strings and that the buffer contains nothing else."""
    assert strings(column) == expected
    assert column.data.tobytes() == b"".join(expected)
    assert column.offsets.tolist() == [len(b"".join(expected[:index])) for index in range(len(expected) + 1)]
    assert column.lengths.tolist() == [len(one) for one in expected]
    assert [array.dtype.name for array in (column.data, column.offsets, column.lengths)] == ["uint8", "int64", "int64"]


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(0, 9)), max_size=12))
def test_positions_are_those_of_a_loop(ranges: list[tuple[int, int]]) -> None:
    starts = np.array([start for start, _ in ranges], dtype=np.int64)
    lengths = np.array([length for _, length in ranges], dtype=np.int64)
    expected = [position for start, length in ranges for position in range(start, start + length)]
    assert gather_positions(starts, lengths).tolist() == expected


@given(COLUMNS)
def test_a_column_holds_its_strings(given_strings: list[bytes]) -> None:
    check(Ragged.from_strings(given_strings), given_strings)
    whole = Ragged.from_strings(given_strings)
    check(Ragged.from_lengths(whole.data, whole.lengths), given_strings)


@given(st.lists(st.text(max_size=6), max_size=8))
def test_text_is_stored_as_utf8(words: list[str]) -> None:
    column = Ragged.from_strings(words)
    check(column, [word.encode() for word in words])
    assert column.text() == words
    assert column.to_arrow().to_pylist() == words


def test_bytes_that_are_not_text_are_shown_as_such() -> None:
    assert Ragged.from_strings([b"caf\xe9", b"\xff", b"ok"]).text() == ["caf\ufffd", "\ufffd", "ok"]


@given(COLUMNS, st.data())
def test_slices_are_those_of_lists(given_strings: list[bytes], data: st.DataObject) -> None:
    column = Ragged.from_strings(given_strings)
    start = data.draw(st.integers(0, len(given_strings)))
    stop = data.draw(st.integers(start, len(given_strings)))
    part = column.slice(start, stop)
    check(part, given_strings[start:stop])
    check(column.slice(start, len(column) + 5), given_strings[start:])
    inner = data.draw(st.integers(0, len(part)))
    check(part.slice(inner, len(part)), given_strings[start:stop][inner:])
    assert part.to_arrow().cast(pa.large_binary()).to_pylist() == given_strings[start:stop]


@given(COLUMNS.filter(bool), st.data())
def test_taking_is_that_of_lists(given_strings: list[bytes], data: st.DataObject) -> None:
    indices = data.draw(st.lists(st.integers(0, len(given_strings) - 1), max_size=20))
    column = Ragged.from_strings(given_strings)
    taken = column.take(np.array(indices, dtype=np.int64))
    check(taken, [given_strings[index] for index in indices])
    check(column, given_strings)


@given(st.lists(COLUMNS, max_size=5))
def test_concatenation_is_that_of_lists(parts: list[list[bytes]]) -> None:
    check(Ragged.concatenate([Ragged.from_strings(part) for part in parts]), [one for part in parts for one in part])


@given(st.lists(st.one_of(st.none(), st.text(max_size=5)), max_size=8), st.data())
def test_arrow_text_becomes_a_column_however_it_is_cut(words: list[str | None], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(words)))
    cut = data.draw(st.integers(start, len(words)))
    expected = [(word or "").encode() for word in words[start:]]
    kind = data.draw(st.sampled_from([pa.string(), pa.large_string()]))
    array = pa.array(words, kind)
    check(Ragged.from_arrow(array.slice(start)), expected)
    chunks = pa.chunked_array([array.slice(start, cut - start), array.slice(cut)], type=kind)
    check(Ragged.from_arrow(chunks), expected)
    check(Ragged.from_arrow(array.slice(start).dictionary_encode()), expected)


def test_arrow_numbers_become_text() -> None:
    check(Ragged.from_arrow(pa.array([7, None, -1])), [b"7", b"", b"-1"])
    check(Ragged.from_arrow(pa.chunked_array([], type=pa.string())), [])


@given(st.lists(st.integers(0, 6), max_size=20), st.integers(1, 12), st.integers(1, 4))
def test_chunks_cover_all_and_are_small(lengths: list[int], symbols: int, records: int) -> None:
    tokens = Ragged.from_lengths(np.zeros(sum(lengths), np.uint8), np.array(lengths, dtype=np.int64))
    found = list(chunks(tokens, symbols, records))
    assert [index for start, stop in found for index in range(start, stop)] == list(range(len(lengths)))
    for start, stop in found:
        assert stop - start == 1 or (stop - start <= records and sum(lengths[start:stop]) <= symbols)


@given(
    st.lists(st.integers(0, 6), min_size=1, max_size=9), st.lists(st.integers(0, 8), max_size=20), st.integers(1, 12)
)
def test_chunks_of_members_are_those_of_what_they_take(lengths: list[int], chosen: list[int], symbols: int) -> None:
    tokens = Ragged.from_lengths(np.zeros(sum(lengths), np.uint8), np.array(lengths, dtype=np.int64))
    members = np.array(chosen, dtype=np.int64) % len(lengths)
    assert list(chunks(tokens, symbols, members=members)) == list(chunks(tokens.take(members), symbols))


def test_pieces_are_views_of_all_elements() -> None:
    data = np.arange(7)
    found = list(pieces(data, 3))
    assert [piece.tolist() for piece in found] == [[0, 1, 2], [3, 4, 5], [6]]
    assert all(piece.base is data for piece in found)
    assert list(pieces(data[:0], 3)) == []


@given(st.lists(st.binary(max_size=6)))
def test_bytes_that_are_not_utf8_are_read_as_latin_1(given_strings: list[bytes]) -> None:
    found = Ragged.from_strings(given_strings).as_utf8()
    assert [found[index].decode() for index in range(len(found))] == [as_text(one) for one in given_strings]
    assert found.as_utf8() is found


def as_text(string: bytes) -> str:
    try:
        return string.decode()
    except UnicodeDecodeError:
        return string.decode("latin-1")
