from __future__ import annotations

import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from seqnet.core.alphabets import INVALID, alphabet
from seqnet.core.ragged import Ragged
from seqnet.datasets.tokenizing import (
    RecordStatus,
    tokenize,
    uncovered,
    window_starts,
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
    invalid = tokenize(symbols, DNA).invalid
    assert invalid is not None
    error = invalid.error("x.fa", names, DNA)
    found = (error.path, error.record, error.position, error.symbol, error.alphabet)
    assert found == ("x.fa", f"r{len(before)}", len(start) + 1, "?", "dna")


@given(st.lists(st.integers(0, 60), max_size=8), st.integers(1, 12), st.integers(1, 15), st.integers(1, 40))
def test_windows_are_those_of_a_loop(lengths: list[int], window: int, stride: int, most: int) -> None:
    counted = np.array(lengths, dtype=np.int64)
    found = list(window_starts(counted, window, stride, most))
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


def test_the_stop_at_the_end_of_a_protein_is_not_a_residue() -> None:
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
    invalid = tokenize(symbols, protein).invalid
    assert invalid is not None
    error = invalid.error("x.fa", names, protein)
    assert (error.record, error.position, error.symbol) == ("c", 2, "!")


def test_what_a_model_can_not_take_has_a_status_and_what_is_masked_is_not_named() -> None:
    symbols = Ragged.from_strings(["ACG", "AC", "NNNN", "", "A!CGT", "NN!N"])
    found = tokenize(symbols, DNA, shortest=3)
    words = [RecordStatus(value).word for value in found.status]
    assert words == ["ok", "too_short", "all_ambiguous", "empty", "invalid_symbol", "invalid_symbol"]
    assert found.invalid == (4, 1, "!")
    masked = tokenize(symbols, DNA, shortest=3, mask=True)
    assert (masked.invalid, masked.masked, RecordStatus(masked.status[5]).word) == (None, 2, "all_ambiguous")
    plain = tokenize(symbols, DNA)
    assert [RecordStatus(value).word for value in plain.status[1:3]] == ["ok", "ok"]


def test_a_character_of_several_bytes_is_named_as_a_whole() -> None:
    for text, symbol in (("ACé".encode(), "é"), ("ACé".encode("latin-1"), "é"), ("AC😀G".encode(), "😀")):
        assert tokenize(Ragged.from_strings([text]), DNA).invalid == (0, 2, symbol)
