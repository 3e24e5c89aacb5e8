from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from seqnet.core.alphabets import INVALID, alphabet
from seqnet.core.errors import AlphabetMismatchError
from seqnet.core.records import Ragged, RecordBatch
from seqnet.datasets import tokenizing
from seqnet.datasets.tokenizing import (
    RecordStatus,
    check_alphabet,
    first_invalid,
    sample_symbols,
    tokenize,
    uncovered,
    window_spans,
)

DNA = alphabet("dna")


def status_of(sequence: str) -> RecordStatus:
    if not sequence:
        return RecordStatus.EMPTY
    return RecordStatus.OK if set(sequence.upper()) <= set(DNA.symbols) else RecordStatus.INVALID_SYMBOL


@given(st.lists(st.text("ACGTacgtNR!-E\0", max_size=8), max_size=12))
def test_every_record_has_a_status(sequences: list[str]) -> None:
    tokenized = tokenize(Ragged.from_strings(sequences), DNA)
    assert tokenized.status.tolist() == [status_of(sequence) for sequence in sequences]
    assert tokenized.status.dtype == np.uint8
    for index, sequence in enumerate(sequences):
        expected = [DNA.symbols.find(symbol.upper()) + 1 or INVALID for symbol in sequence]
        assert list(tokenized.tokens[index]) == expected


@given(st.lists(st.text("ACGTNR!-E\0", max_size=8), max_size=12))
def test_masked_symbols_are_any_symbol(sequences: list[str]) -> None:
    masked = tokenize(Ragged.from_strings(sequences), DNA, mask=True)
    unknown = re.compile(r"[!E\0]")
    expected = tokenize(Ragged.from_strings([unknown.sub("N", sequence) for sequence in sequences]), DNA)
    assert masked.masked == sum(len(unknown.findall(sequence)) for sequence in sequences)
    assert masked.status.tolist() == expected.status.tolist()
    assert masked.tokens.data.tolist() == expected.tokens.data.tolist()


def test_the_words_of_the_status_column() -> None:
    words = ["ok", "empty", "invalid_symbol", "too_short", "unusual_length", "unusual_composition"]
    words += ["all_ambiguous", "missing", "no_prediction"]
    assert [status.word for status in RecordStatus] == words
    assert [status.word for status in RecordStatus if status.classified] == [words[0], *words[4:6]]
    assert [status.word for status in RecordStatus if status.unusual] == words[4:6]


sequences_of_dna = st.lists(st.text("ACGT", max_size=3), max_size=4)


@given(sequences_of_dna, st.text("ACGT", max_size=3), sequences_of_dna)
def test_the_first_unknown_symbol_is_named(before: list[str], start: str, after: list[str]) -> None:
    sequences = [*before, start + "?T!", *after, "!"]
    symbols = Ragged.from_strings(sequences)
    names = Ragged.from_strings([f"r{number}" for number in range(len(sequences))])
    tokens = tokenize(symbols, DNA).tokens
    error = first_invalid("x.fa", RecordBatch(names, symbols, names), tokens, DNA)
    found = (error.path, error.record, error.position, error.symbol, error.alphabet)
    assert found == ("x.fa", f"r{len(before)}", len(start) + 1, "?", "dna")


@pytest.mark.parametrize(
    ("sequence", "expected"),
    [
        ("ACGT" * 10, "dna"),
        ("ACGU" * 10, "rna"),
        # RNA is often written as its cDNA.
        ("ACGT" * 10, "rna"),
        ("MKVLAAGIVGLAEPDQ" * 2, "protein"),
        # Too short to guess the alphabet; each symbol is checked anyway.
        ("MKVLAAGIVG", "dna"),
        ("ACGTACGT", "protein"),
        ("1234567890" * 4, "dna"),
        ("", "dna"),
    ],
)
def test_sequences_that_may_be_of_the_alphabet_pass(sequence: str, expected: str) -> None:
    assert check_alphabet("x.fa", as_bytes(sequence), alphabet(expected)) is None


@pytest.mark.parametrize(
    ("sequence", "found", "expected"),
    [
        ("GAGAGS" * 10 + "GAGAGY" * 3, "dna", "protein"),
        ("GGGGS" * 10, "dna", "protein"),
        ("AAATAAGAAAAATAAACAAATAAAAATAAGAAAAAA", "dna", "protein"),
        ("A" * 5000, "dna", "protein"),
        ("ACGT" * 8, "dna", "protein"),
        ("ACGU" * 8, "rna", "protein"),
        # All are IUPAC codes.
        ("MKVSYGHDRWAT" * 5, "protein", "dna"),
        # One invalid record in twenty.
        ("ACGTTGCAAC" * 95 + "MKVLAAGIVGLAEPDQMKVLAAGIVGLAEPDQ", None, "dna"),
    ],
)
def test_a_doubt_is_no_error(sequence: str, found: str | None, expected: str) -> None:
    assert check_alphabet("x.fa", as_bytes(sequence), alphabet(expected)) == found


@pytest.mark.parametrize(
    ("sequence", "found", "expected"),
    [
        ("MKVLAAGIVGLAEPDQ" * 2, "protein", "dna"),
        ("MKVLAAGIVGLAEPDQ" * 2, "protein", "rna"),
        ("ACGT" * 250, "dna", "protein"),
        ("ACGU" * 8, "rna", "dna"),
        ("ACGU" * 250, "rna", "protein"),
    ],
)
def test_sequences_of_another_alphabet_are_refused(sequence: str, found: str, expected: str) -> None:
    symbols = as_bytes(sequence)
    with pytest.raises(AlphabetMismatchError, match=f"this looks like {found}, not {expected}") as caught:
        check_alphabet("x.fa", symbols, alphabet(expected))
    assert (caught.value.path, caught.value.found, caught.value.expected) == ("x.fa", found, expected)


@given(st.lists(st.integers(0, 60), max_size=8), st.integers(1, 12), st.integers(1, 15), st.integers(1, 40))
def test_windows_are_those_of_a_loop(lengths: list[int], window: int, stride: int, most: int) -> None:
    counted = np.array(lengths, dtype=np.int64)
    found = list(window_spans(counted, window, stride, most))
    expected: list[tuple[int, int]] = []
    rest: list[int] = []
    for index, length in enumerate(lengths):
        starts = [at for at in range(0, length, stride) if at + window <= length]
        expected += [(index, at) for at in starts]
        rest.append(length - (starts[-1] + window if starts else 0))
    pairs = [list(zip(sequence.tolist(), start.tolist(), strict=True)) for sequence, start in found]
    assert [pair for part in pairs for pair in part] == expected
    assert all(0 < len(part) <= most for part in pairs)
    assert all((sequence.dtype, start.dtype) == (np.dtype(np.int64),) * 2 for sequence, start in found)
    assert uncovered(counted, window, stride).tolist() == rest


def test_the_stop_at_the_end_of_a_protein_is_no_residue() -> None:
    protein = alphabet("protein")
    found = tokenize(Ragged.from_strings(["MKV*", "", "*", "M*K", "MK**", "MKV"]), protein)
    expected = alphabet("protein").encode(Ragged.from_strings(["MKV", "", "", "M*K", "MK*", "MKV"]).data)
    assert found.tokens.data.tolist() == expected.tolist()
    assert found.tokens.lengths.tolist() == [3, 0, 0, 3, 3, 3]
    assert [RecordStatus(value).word for value in found.status] == ["ok", "empty", "empty", "ok", "ok", "ok"]
    assert found.stops == 3


def test_the_first_unknown_symbol_is_named_behind_a_stop() -> None:
    symbols = Ragged.from_strings(["MK*", "MV", "M!*"])
    names = Ragged.from_strings(["a", "b", "c"])
    protein = alphabet("protein")
    error = first_invalid("x.fa", RecordBatch(names, symbols, names), tokenize(symbols, protein).tokens, protein)
    assert (error.record, error.position, error.symbol) == ("c", 2, "!")


@pytest.mark.parametrize("size", [1, 7, 1000, 1 << 20])
def test_the_start_of_a_file_is_the_same_however_it_is_divided(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokenizing, "_SAMPLE_SYMBOLS", 1234)
    text = "ACGT" * 500
    columns = [Ragged.from_strings([text[start : start + size]]) for start in range(0, len(text), size)]
    batches = iter([RecordBatch(column, column, column) for column in columns])
    found = sample_symbols(batches)
    assert found.symbols.tobytes() == text[:1234].encode()
    drawn = b"".join(batch.symbols.data.tobytes() for batch in (*found.batches, *batches))
    assert drawn == text.encode()
    assert sample_symbols(iter([])).batches == []


def as_bytes(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode(), dtype=np.uint8)
