from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from Bio.Seq import MutableSeq, Seq
from Bio.SeqRecord import SeqRecord

from seqnet.api.sequences import as_records
from seqnet.core.errors import InputError

STRINGS = ["ACGT", "", "ggNN", "ACGTACGTACGT"]


def biological(text: str, name: str) -> SeqRecord:
    return SeqRecord(Seq(text), id=name)


KINDS: dict[str, Callable[[], Any]] = {
    "list": lambda: STRINGS,
    "tuple": lambda: tuple(STRINGS),
    "iterator": lambda: iter(STRINGS),
    "generator": lambda: (text for text in STRINGS),
    "bytes": lambda: [text.encode() for text in STRINGS],
    "text beside bytes": lambda: [STRINGS[0], *(bytearray(text.encode()) for text in STRINGS[1:])],
    "bytes beside text": lambda: [STRINGS[0].encode(), *STRINGS[1:]],
    "numpy text": lambda: np.array(STRINGS),
    "numpy bytes": lambda: np.array(STRINGS, dtype="S"),
    "numpy objects": lambda: np.array(STRINGS, dtype=object),
    "list of numpy text": lambda: list(np.array(STRINGS)),
    "series": lambda: pd.Series(STRINGS),
    "series of strings": lambda: pd.Series(STRINGS, dtype="string"),
    "series of categories": lambda: pd.Series(STRINGS, dtype="category"),
    "column": lambda: pd.DataFrame({"sequence": STRINGS})["sequence"],
    "arrow": lambda: pa.array(STRINGS),
    "arrow, sliced": lambda: pa.array(["TTT", *STRINGS])[1:],
    "arrow, large": lambda: pa.array(STRINGS, pa.large_string()),
    "arrow, view": lambda: pa.array(STRINGS, pa.string_view()),
    "arrow, binary": lambda: pa.array([text.encode() for text in STRINGS]),
    "arrow, dictionary": lambda: pa.array(STRINGS).dictionary_encode(),
    "arrow, chunked": lambda: pa.chunked_array([STRINGS[:1], STRINGS[1:]]),
    "Seq": lambda: [Seq(text) for text in STRINGS],
    "MutableSeq": lambda: [MutableSeq(text) for text in STRINGS],  # type: ignore[no-untyped-call]
    "SeqRecord": lambda: (biological(text, str(place)) for place, text in enumerate(STRINGS, 1)),
    "dict": lambda: dict(zip("1234", STRINGS, strict=True)),
    "values of a dict": lambda: dict(zip("1234", STRINGS, strict=True)).values(),
}


@pytest.mark.parametrize("kind", KINDS)
def test_sequences_of_any_kind_are_the_same_records(kind: str) -> None:
    found = as_records(KINDS[kind]())
    assert found.symbols.text() == STRINGS
    assert found.names.text() == ["1", "2", "3", "4"]
    assert found.missing is None
    assert as_records(KINDS[kind](), names=["a", b"b", 3, np.str_("d")]).names.text() == ["a", "b", "3", "d"]


MISSING: dict[str, Callable[[], Any]] = {
    "None": lambda: ["A", None, ""],
    "NaN": lambda: ["A", float("nan"), ""],
    "masked array": lambda: np.ma.array(["A", "C", ""], mask=[False, True, False]),
    "numpy NaN": lambda: np.array(["A", np.nan, ""], dtype=object),
    "pandas.NA": lambda: ["A", pd.NA, ""],
    "NaT": lambda: ["A", pd.NaT, ""],
    "series": lambda: pd.Series(["A", None, ""]),
    "series of strings": lambda: pd.Series(["A", None, ""], dtype="string"),
    "arrow": lambda: pa.array(["A", None, ""]),
    "arrow, binary": lambda: pa.array([b"A", None, b""]),
    "arrow, dictionary": lambda: pa.array(["A", None, ""]).dictionary_encode(),
    "bytes": lambda: [b"A", None, b""],
    "SeqRecord": lambda: ["A", SeqRecord(None, id="x"), ""],
    "length without a sequence": lambda: ["A", Seq(None, length=9), ""],
}


@pytest.mark.parametrize("kind", MISSING)
def test_what_is_missing_is_not_taken_for_an_empty_sequence(kind: str) -> None:
    found = as_records(MISSING[kind]())
    assert found.missing is not None
    assert found.missing.tolist() == [False, True, False]
    assert found.symbols.text() == ["A", "", ""]


def test_names_are_those_of_the_sequences_unless_others_are_given() -> None:
    named = pd.Series(["AC", "GT"], index=["x", 7])
    assert as_records(named).names.text() == ["x", "7"]
    assert as_records(named[named == "GT"]).names.text() == ["7"]
    frame = pd.DataFrame({"sequence": ["AC", "GT", "TT"]})
    assert as_records(frame["sequence"]).names.text() == ["1", "2", "3"]
    assert as_records({"x": "AC", 5: None}).names.text() == ["x", "5"]
    assert as_records([biological("AC", "r1"), "GT"]).names.text() == ["r1", "2"]
    assert as_records([biological("AC", "r1")], names=pd.Series(["é"])).names.text() == ["é"]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("ACGT", "this is a single sequence; pass a list of sequences, such as [sequence]"),
        (b"ACGT", "this is a single sequence"),
        (Seq("ACGT"), "this is a single sequence"),
        (biological("ACGT", "x"), "this is a single sequence"),
        (5, "sequences can't be of type int; pass a list of sequences, or use predict_file for a file"),
        (None, "sequences can't be of type NoneType"),
        (pd.DataFrame({"a": ["ACGT"]}), 'this is a table, not a column of sequences; pass one column, such as frame["'),
        (pa.table({"a": ["ACGT"]}), "this is a table, not a column of sequences"),
        (pa.array([1, 2]), "the Arrow array is of type int64; pass an array of strings"),
        (np.array([["AC"], ["GT"]]), "the array has 2 dimensions"),
        (np.array("ACGT"), "the array has 0 dimensions"),
        (["ACGT", 5], "record 2: a sequence can't be of type int: 5; pass text, bytes"),
        ([["A", "C"]], "record 1: a sequence can't be of type list"),
        ([("name", "ACGT")], "record 1: a sequence can't be of type tuple"),
        (np.array([1.5]), "record 1: a sequence can't be of type float"),
    ],
)
def test_other_types_than_a_column_of_sequences_are_refused(given: Any, problem: str) -> None:
    with pytest.raises(InputError) as caught:
        as_records(given)
    assert str(caught.value).startswith(problem)


def test_names_must_be_as_many_as_the_sequences() -> None:
    with pytest.raises(InputError, match="1 name for 2 sequences; pass one name for each sequence"):
        as_records(["A", "C"], names=["x"])
    with pytest.raises(InputError, match="names is a single text"):
        as_records(["A", "C"], names="xy")


def test_text_that_is_not_a_sequence_is_kept_as_it_is() -> None:
    assert as_records(["AC\n", " é", "\ud800"]).symbols.text() == ["AC\n", " é", "?"]
    assert len(as_records([])) == 0


def test_a_missing_name_is_the_number_of_the_sequence() -> None:
    assert as_records(["A", "C"], names=[None, "x"]).names.text() == ["1", "x"]
    assert as_records(pd.Series(["A", "C"], index=["x", np.nan])).names.text() == ["x", "2"]
    with pytest.raises(ValueError, match="names is 5; pass a list of names, one for each sequence"):
        as_records(["A"], names=5)  # type: ignore[arg-type]


def test_a_name_that_is_not_valid_unicode_is_replaced() -> None:
    for records in (as_records({"a\ud800": "AC"}), as_records(["AC"], names=["a\ud800"])):
        assert records.names.text() == ["a?"]


def test_more_kinds_of_arrow() -> None:
    assert as_records(pa.array([b"AC", None], pa.binary(2))).symbols.text() == ["AC", ""]
    assert as_records([pa.scalar("AC"), pa.scalar(b"GT")]).symbols.text() == ["AC", "GT"]
