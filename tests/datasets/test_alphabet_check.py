from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from seqnet.core.alphabets import alphabet
from seqnet.core.errors import AlphabetMismatchError
from seqnet.core.ragged import Ragged
from seqnet.core.records import RecordBatch
from seqnet.datasets import alphabet_check
from seqnet.datasets.alphabet_check import check_alphabet, sample_symbols


def as_bytes(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode(), dtype=np.uint8)


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
def test_a_doubt_is_not_an_error(sequence: str, found: str | None, expected: str) -> None:
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


@pytest.mark.parametrize("size", [1, 7, 1000, 1 << 20])
def test_the_start_of_a_file_is_the_same_however_it_is_divided(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alphabet_check, "_SAMPLE_SYMBOLS", 1234)
    text = "ACGT" * 500
    columns = [Ragged.from_strings([text[start : start + size]]) for start in range(0, len(text), size)]
    batches = iter([RecordBatch(column, column, column) for column in columns])
    found = sample_symbols(batches)
    assert found.symbols.tobytes() == text[:1234].encode()
    drawn = b"".join(batch.symbols.data.tobytes() for batch in (*found.batches, *batches))
    assert drawn == text.encode()
    assert sample_symbols(iter([])).batches == []
