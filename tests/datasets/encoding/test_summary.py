from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.core.alphabets import alphabet
from seqnet.core.ragged import Ragged
from seqnet.datasets.dataset import Description
from seqnet.datasets.encoding.collection import EncodedRecords
from seqnet.datasets.encoding.summary import EncodeSummary, Grouping, IngestionReport, length_quantiles
from seqnet.similarity.duplicates import Duplicates

NONE = Duplicates(0, 0, 0, 0)


def summary(
    *, about: Mapping[str, object] | None = None, left_out: Mapping[str, int] | None = None, **changed: object
) -> EncodeSummary:
    """Returns the summary of ten records of 1 to 10 symbols, in four groups, split 6/2/2."""
    lengths = np.arange(1, 11)
    examples = EncodedRecords(
        Ragged.from_lengths(np.ones(55, dtype=np.uint8), lengths),
        Ragged.from_strings([str(number) for number in range(10)]),
        np.array([0, 1] * 5, dtype=np.int32),
        np.array([0, 0, 0, 7, 7, 7, 8, 8, 9, 9]),
    )
    split = np.array([0] * 6 + [1] * 2 + [2] * 2, dtype=np.uint8)
    made = EncodeSummary.of(
        examples,
        split,
        replace(Description(alphabet("dna"), ("human", "b"), 1, {"b": "uniform"}, None, {}), **about or {}),  # type: ignore[arg-type]
        (0.6, 0.2, 0.2),
        grouping=Grouping(named=True, windowed=False),
        ingestion=IngestionReport({"shorter than 30": 1200} if left_out is None else left_out),
        duplicates=NONE,
    )
    return replace(made, **changed)  # type: ignore[arg-type]


def test_the_table_for_people() -> None:
    assert summary().lines() == [
        "class       train  validation        test         all",
        "human           3           1           1           5",
        "b               3           1           1           5",
        "total           6           2           2          10",
        "alphabet dna; positive class b",
        "length percentiles 0, 5, 50, 95, 100: 1, 1, 5, 10, 10",
        "4 groups, none in two splits",
        "generated: b by @uniform",
        "not kept: 1,200 shorter than 30",
    ]
    plain = summary(about={"positive": None, "generators": {}}, groups=None, left_out={})
    assert plain.lines()[4:] == ["alphabet dna", "length percentiles 0, 5, 50, 95, 100: 1, 1, 5, 10, 10"]


def test_nothing_to_warn_of() -> None:
    assert summary().warnings() == []


@pytest.mark.parametrize(
    ("duplicates", "line"),
    [
        (replace(NONE, across_splits=1200), "1,200 records have an exact duplicate in another split"),
        (replace(NONE, contradictory=2), "2 records have an exact duplicate with another label"),
        (replace(NONE, repeated_names=3), "3 records have a name that occurred before; all are kept"),
    ],
)
def test_duplicates_that_flatter_or_mislead(duplicates: Duplicates, line: str) -> None:
    assert summary(duplicates=duplicates).warnings() == [line]


def test_a_class_that_a_split_lacks() -> None:
    found = summary(counts=np.array([[3, 0, 2], [3, 2, 0]]))
    assert found.warnings() == ["the validation split has no record of human", "the test split has no record of b"]
    # A split with a fraction of zero lacks no class.
    unasked = summary(counts=np.array([[4, 1, 0], [4, 1, 0]]), fractions=(0.8, 0.2, 0.0))
    assert unasked.warnings() == []


def test_what_training_draws_is_not_missed_in_its_split() -> None:
    counts = np.array([[3, 1, 1], [0, 1, 1]])
    assert summary(counts=counts).warnings() == ["the train split has no record of b"]
    found = summary(counts=counts, about={"crop": 36})
    assert found.warnings() == []
    assert "training draws windows of 36 from the sequences of the train split" in found.lines()
    assert summary(counts=counts[::-1], about={"crop": 36}).warnings() == ["the train split has no record of human"]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=60), st.integers(1, 20))
def test_lengths_at_quantiles_are_those_of_numpy(lengths: list[int], piece: int) -> None:
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("seqnet.datasets.encoding.summary._PIECE", piece)
        found = length_quantiles(offsets)
    expected = np.quantile(np.diff(offsets), [0, 0.05, 0.5, 0.95, 1], method="nearest")
    assert found.tolist() == expected.tolist()
