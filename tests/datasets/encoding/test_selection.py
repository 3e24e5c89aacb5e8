from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.core.alphabets import alphabet
from seqnet.core.errors import SettingError, SymbolError
from seqnet.core.ragged import Ragged
from seqnet.core.records import RecordBatch
from seqnet.datasets.encoding import selection
from seqnet.datasets.encoding.collection import EncodedRecords
from seqnet.datasets.encoding.selection import LengthRange, cut_windows, usable

DNA = alphabet("dna")


def batch(*sequences: str) -> RecordBatch:
    names = Ragged.from_strings([f"r{number}" for number in range(1, len(sequences) + 1)])
    return RecordBatch(names, Ragged.from_strings(sequences), names)


def examples(*sequences: str) -> EncodedRecords:
    symbols = Ragged.from_strings(sequences)
    count = len(sequences)
    names = Ragged.from_strings([f"r{number}" for number in range(1, count + 1)])
    labels, groups = np.arange(count, dtype=np.int32), np.arange(count, dtype=np.int64) * 10
    return EncodedRecords(Ragged(DNA.encode(symbols.data), symbols.offsets), names, labels, groups)


def decoded(tokens: Ragged) -> list[str]:
    return Ragged(DNA.decode(tokens.data), tokens.offsets).text()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, LengthRange(0, None)),
        ("36", LengthRange(36, 36)),
        ("30-200", LengthRange(30, 200)),
        ("40-", LengthRange(40, None)),
        ("-500", LengthRange(0, 500)),
        (" 7-7 ", LengthRange(7, 7)),
    ],
)
def test_ranges_are_written_in_four_ways(text: str | None, expected: LengthRange) -> None:
    assert LengthRange.parse(text) == expected


@pytest.mark.parametrize("text", ["", "-", "a", "3.5", "200-30", "30-200-400", "30:200", "--3", "30 - 200"])
def test_other_ranges_are_refused(text: str) -> None:
    with pytest.raises(SettingError, match=r"encode\.length"):
        LengthRange.parse(text)


@given(st.lists(st.integers(0, 12), max_size=20), st.integers(0, 12), st.none() | st.integers(0, 12), st.data())
def test_a_range_keeps_what_lies_in_it_and_counts_the_rest(
    lengths: list[int], low: int, high: int | None, data: st.DataObject
) -> None:
    high = None if high is None else max(low, high)
    kept = [index for index in range(len(lengths)) if data.draw(st.booleans())]
    tokens = Ragged.from_lengths(np.ones(sum(lengths), np.uint8), np.array(lengths, dtype=np.int64))
    left_out: Counter[str] = Counter()
    found = LengthRange(low, high).select(tokens, np.array(kept, dtype=np.int64), left_out)
    assert found.tolist() == [index for index in kept if low <= lengths[index] <= (12 if high is None else high)]
    short = sum(lengths[index] < low for index in kept)
    long = sum(high is not None and lengths[index] > high for index in kept)
    assert left_out == {name: n for name, n in ((f"shorter than {low}", short), (f"longer than {high}", long)) if n}


def test_records_that_can_be_used() -> None:
    left_out: Counter[str] = Counter()
    tokens, kept = usable("x.fa", batch("ACGT", "", "NRacg", ""), DNA, "error", left_out)
    assert decoded(tokens) == ["ACGT", "", "NRACG", ""]
    assert kept.tolist() == [0, 2]
    assert left_out == {"without a sequence": 2}


def test_an_unknown_symbol_is_an_error_by_default() -> None:
    records = batch("ACGT", "", "AC!T!", "E")
    with pytest.raises(SymbolError) as caught:
        usable("x.fa", records, DNA, "error", Counter())
    assert (caught.value.record, caught.value.position, caught.value.symbol) == ("r3", 3, "!")
    left_out: Counter[str] = Counter()
    _, kept = usable("x.fa", records, DNA, "skip", left_out)
    assert kept.tolist() == [0]
    assert left_out == {"with a symbol outside the alphabet": 2, "without a sequence": 1}
    left_out = Counter()
    tokens, kept = usable("x.fa", records, DNA, "mask", left_out)
    assert decoded(tokens) == ["ACGT", "", "ACNTN", "N"]
    assert kept.tolist() == [0, 2, 3]
    assert left_out == {"symbols masked": 3, "without a sequence": 1}


def test_before_any_sequence_there_is_no_alphabet() -> None:
    left_out: Counter[str] = Counter()
    tokens, kept = usable("x.fa", batch("", ""), None, "error", left_out)
    assert (len(tokens), kept.tolist(), left_out) == (2, [], {"without a sequence": 2})


def test_without_a_window_examples_are_left_as_they_are() -> None:
    whole = examples("ACGT", "A")
    (found,) = cut_windows(whole, None, None, Counter())
    assert found is whole


@pytest.mark.parametrize("at_once", [1, 10, 1 << 24])
def test_windows_are_named_after_their_place(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr(selection, "_WINDOW_SYMBOLS", at_once)
    left_out: Counter[str] = Counter()
    parts = list(cut_windows(examples("ACGTACGTN", "ACG", "", "TTTTT"), 4, 3, left_out))
    found = EncodedRecords.concatenate(parts)
    assert decoded(found.tokens) == ["ACGT", "TACG", "TTTT"]
    assert found.names.text() == ["r1:1-4", "r1:4-7", "r4:1-4"]
    assert found.labels.tolist() == [0, 0, 3]
    assert found.groups.tolist() == [0, 0, 30]
    assert left_out == {
        "shorter than the window of 4": 2,
        "symbols at the ends of records, not covered by a window": 2 + 1,
    }


@given(st.lists(st.text("ACGT", max_size=12), max_size=5), st.integers(1, 6), st.none() | st.integers(1, 7))
def test_windows_are_those_of_a_loop(sequences: list[str], window: int, stride: int | None) -> None:
    found = [
        (name, text, int(label))
        for part in cut_windows(examples(*sequences), window, stride, Counter())
        for name, text, label in zip(part.names.text(), decoded(part.tokens), part.labels, strict=True)
    ]
    expected = [
        (f"r{index + 1}:{at + 1}-{at + window}", sequence[at : at + window], index)
        for index, sequence in enumerate(sequences)
        for at in range(0, len(sequence) - window + 1, stride or window)
    ]
    assert found == expected
