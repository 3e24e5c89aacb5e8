from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.core.ragged import Ragged
from seqnet.core.records import RecordBatch, joined_batches, parted
from tests.core.test_originals import NAMES, originals_of


def batch(*words: str, same: bool = False) -> RecordBatch:
    names = Ragged.from_strings(words)
    headers = names if same else Ragged.from_strings([f"{word} about" for word in words])
    symbols = Ragged.from_strings([word.upper() * 2 for word in words])
    return RecordBatch(names, symbols, headers, {"length": Ragged.from_strings([str(len(word)) for word in words])})


def rows(records: RecordBatch) -> list[tuple[str, ...]]:
    columns = (records.names, records.symbols, records.headers, *records.columns.values())
    return list(zip(*(column.text() for column in columns), strict=True))


def test_records_keep_their_columns_together() -> None:
    whole = batch("a", "bc", "", "def")
    assert len(whole) == 4
    expected = [("def", "DEFDEF", "def about", "3"), ("a", "AA", "a about", "1")]
    assert rows(whole.take(np.array([3, 0]))) == expected
    joined = RecordBatch.concatenate([batch("def"), batch(), batch("a")])
    assert rows(joined) == expected
    assert list(joined.columns) == ["length"]


@pytest.mark.parametrize("same", [True, False])
def test_headers_that_are_the_names_are_held_once(same: bool) -> None:
    taken = batch("a", "b", same=same).take(np.array([1]))
    joined = RecordBatch.concatenate([taken, batch("c", same=same)])
    for records, names in ((taken, ["b"]), (joined, ["b", "c"])):
        assert (records.headers is records.names) == same
        assert records.headers.text() == (names if same else [f"{name} about" for name in names])


def test_headers_are_not_lost_where_only_some_are_names() -> None:
    joined = RecordBatch.concatenate([batch("a", same=True), batch("b")])
    assert joined.headers.text() == ["a", "b about"]


def test_joining_no_batches_gives_an_empty_batch() -> None:
    assert len(RecordBatch.concatenate([])) == 0


def test_a_batch_has_all_its_text_in_utf8() -> None:
    names, symbols = Ragged.from_strings([b"\xe9"]), Ragged.from_strings([b"A\xff"])
    found = RecordBatch(names, symbols, names, {"x": Ragged.from_strings([b"\xd7 1"])}).as_utf8()
    assert (found.names[0], found.symbols[0], found.columns["x"][0]) == (b"\xc3\xa9", b"A\xff", b"\xc3\x97 1")
    assert found.headers is found.names


def batch_of(names: Sequence[str]) -> RecordBatch:
    column = Ragged.from_strings(list(names))
    return RecordBatch(column, column, column).with_originals(originals_of(names))


@given(names=NAMES, data=st.data())
def test_parts_are_the_whole(names: list[str], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(names)))
    one, other = parted(batch_of(names), at)
    assert (len(one), len(other)) == (at, len(names) - at)
    whole = joined_batches(one, other)
    assert whole.names.text() == names
    assert whole.originals is not None
    assert whole.originals.entries.text() == [f"<{name}>" for name in names]
    assert whole.originals.records.tolist() == list(range(len(names)))


def test_entries_without_a_record_stay_where_they_are() -> None:
    column = Ragged.from_strings(["a", "b"])
    originals = originals_of(["a", "a", "b", "b"], "bam", [-1, 0, 1, -1])
    one, other = parted(RecordBatch(column, column, column).with_originals(originals), 2)
    assert one.originals is not None
    assert other.originals is not None
    assert (one.originals.records.tolist(), other.originals.records.tolist()) == ([-1, 0], [0, -1])
    again = joined_batches(one, other).originals
    assert again is not None
    assert again.records.tolist() == [-1, 0, 1, -1]
