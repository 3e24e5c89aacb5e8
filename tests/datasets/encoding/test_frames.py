from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from seqnet.core.errors import FormatError, LabelError, SeqnetError, SettingError
from seqnet.core.records import RecordBatch
from seqnet.datasets.encoding.frames import FrameColumns, FrameReader


def frame(**changed: Any) -> pd.DataFrame:
    """Returns four rows."""
    columns: dict[str, Any] = {
        "seq": ["ACGT", "GGCC", "TTTT", "AAAA"],
        "class": ["x", "y", "x", "y"],
        "cluster": ["a", "a", None, "b"],
        "part": ["train", "train", "test", "validation"],
    }
    return pd.DataFrame(columns | changed)


def records(table: pd.DataFrame, **columns: str) -> RecordBatch:
    (batch,) = FrameReader(table, FrameColumns("seq", "class", **columns))
    return batch


def refusal(table: pd.DataFrame, kind: type[SeqnetError], **columns: str) -> str:
    with pytest.raises(kind) as caught:
        list(FrameReader(table, FrameColumns("seq", "class", **columns)))
    return str(caught.value)


def test_cells_are_read_as_those_of_a_table_in_a_file() -> None:
    batch = records(frame(seq=[" ACGT ", None, b"ac", "NA"], **{"class": [" x", "y ", None, "NA"]}))
    assert batch.symbols.text() == ["ACGT", "", "ac", ""]
    assert batch.missing is not None
    assert batch.missing.tolist() == [False, True, False, True]
    assert batch.columns["class"].text() == ["x", "y", "", "NA"]


@pytest.mark.parametrize("nothing", [None, float("nan"), pd.NA, pd.NaT, ""])
def test_the_words_for_a_missing_sequence(nothing: Any) -> None:
    table = frame(seq=pd.Series(["ACGT", nothing, "TT", "AA"], dtype=object))
    batch = records(table)
    assert batch.missing is not None
    assert batch.missing.tolist() == [False, True, False, False]


def test_names_are_the_index_a_column_or_numbers() -> None:
    table = frame()
    assert records(table).names.text() == ["1", "2", "3", "4"]
    assert records(table.set_index(pd.Index(["p", "q", "r", "s"]))).names.text() == ["p", "q", "r", "s"]
    assert records(table, name="seq").names.text() == ["ACGT", "GGCC", "TTTT", "AAAA"]


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        ([0, 1, 0, 1], ["0", "1", "0", "1"]),
        ([0.0, 1.0, None, 0.5], ["0", "1", "", "0.5"]),
        ([True, False, True, False], ["True", "False", "True", "False"]),
        (pd.Categorical(["x", "y", "x", "y"]), ["x", "y", "x", "y"]),
        (pd.array([1, None, 2, 1], dtype="Int64"), ["1", "", "2", "1"]),
    ],
)
def test_labels_of_any_one_type(labels: Any, text: list[str]) -> None:
    assert records(frame(**{"class": labels})).columns["class"].text() == text


@pytest.mark.parametrize(
    ("labels", "reported"),
    [
        (["x", 1, "x", "y"], "row 2: column class has text ('x') and a number (1)"),
        ([1, None, True, "y"], "row 3: column class has a number (1) and a truth value (true)"),
        (["x", "y", datetime.date(2020, 1, 1), "x"], "has text ('x') and another type (datetime.date(2020, 1, 1))"),
    ],
)
def test_labels_of_several_types_are_refused(labels: list[Any], reported: str) -> None:
    found = refusal(frame(**{"class": pd.Series(labels, dtype=object)}), LabelError)
    assert reported in found
    assert found.endswith("; write all labels in one type, such as text")


def test_a_sequence_that_is_not_text_is_refused_with_column_and_row() -> None:
    reported = "DataFrame: row 2: column seq has 12.5, which is not text; write each sequence as text"
    assert refusal(frame(seq=["A", 12.5, "C", "G"]), FormatError) == reported
    named = frame(seq=["A", 12.5, "C", "G"]).set_index(pd.Index(["p", "q", "r", "s"]))
    assert refusal(named, FormatError).startswith("DataFrame: row 2: record q: column seq")


@pytest.mark.parametrize("column", ["s", "l", "g", "p", "n"])
def test_half_of_a_surrogate_pair_is_refused_with_column_and_row(column: str) -> None:
    cells = {"s": ["AC", "GT"], "l": ["a", "b"], "g": ["1", "2"], "p": ["train", "test"], "n": ["x", "y"]}
    cells[column][1] += "\ud800"
    with pytest.raises(
        FormatError, match=r"row 2.*: (column \w|the name) has '[^']*', with a character that is not valid Unicode"
    ):
        FrameReader(pd.DataFrame(cells, dtype=object), FrameColumns("s", "l", "g", "p", "n"))


def test_columns_that_are_not_there_or_there_twice() -> None:
    found = refusal(frame(), FormatError, group="cluste")
    assert found == (
        "DataFrame: no column named 'cluste'; its columns are: seq, class, cluster, part; did you mean cluster?"
    )
    twice = pd.concat([frame(), frame()[["seq"]]], axis=1)
    assert refusal(twice, FormatError).startswith("DataFrame: more than one column named 'seq'; its columns are")
    with pytest.raises(SettingError, match="must be a pandas DataFrame"):
        FrameReader({"seq": ["A"]}, FrameColumns("seq", "class"))  # type: ignore[arg-type]


def test_the_split_goes_with_the_group() -> None:
    reader = FrameReader(frame(), FrameColumns("seq", "class", group="cluster", split="part"))
    (batch,) = reader
    assert reader.grouper is not None
    assert reader.grouper.split_of is not None
    groups = reader.grouper.find(batch.names, batch.columns)
    assert groups[0] == groups[1]
    assert len({*groups}) == 3
    assert [reader.grouper.split_of(str(group)) for group in groups] == [0, 0, 2, 1]


@pytest.mark.parametrize(
    ("changed", "reported"),
    [
        (
            {"part": ["train", "eval", "test", "test"]},
            "row 2: column part has 'eval', which is not a split; write train, validation (or valid",
        ),
        ({"part": ["train", None, "test", "test"]}, "row 2: column part is empty; write train, validation"),
        (
            {"part": ["train", "test", "test", "test"]},
            "row 2: group a of column cluster has records in the splits train and test; put all records of a group",
        ),
    ],
)
def test_splits_that_are_refused(changed: dict[str, Any], reported: str) -> None:
    assert reported in refusal(frame(**changed), LabelError, group="cluster", split="part")


def test_many_rows_come_in_several_batches() -> None:
    count = 40_000
    table = pd.DataFrame({"seq": ["ACGT"] * count, "class": np.arange(count) % 2})
    sizes = [len(batch) for batch in FrameReader(table, FrameColumns("seq", "class"))]
    assert len(sizes) > 1
    assert sum(sizes) == count
