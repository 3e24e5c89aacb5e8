from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from seqnet.core import kmers
from seqnet.core.alphabets import alphabet
from seqnet.core.kmers import kmer_codes, kmer_frequencies, parts
from tests.building import encoded, random_strings

DNA = alphabet("dna")


def number(kmer: str, symbols: str = "ACGT") -> int:
    """Returns the k-mer as a number in base K."""
    return sum(symbols.index(one) * len(symbols) ** place for place, one in enumerate(reversed(kmer)))


def other_strand(string: str) -> str:
    return string[::-1].translate(str.maketrans("ACGT", "TGCA"))


def kmers_of(string: str, k: int) -> list[str]:
    found = [string[at : at + k] for at in range(len(string) - k + 1)]
    return [kmer for kmer in found if set(kmer) <= set("ACGT")]


@given(st.lists(st.text("ACGTN", max_size=12), min_size=1, max_size=6), st.integers(1, 5), st.booleans())
def test_codes_are_those_of_the_kmers_one_by_one(strings: list[str], k: int, both_strands: bool) -> None:
    codes, record = kmer_codes(encoded(strings), DNA, k, both_strands=both_strands)
    expected = [
        (index, min(number(kmer), number(other_strand(kmer))) if both_strands else number(kmer))
        for index, string in enumerate(strings)
        for kmer in kmers_of(string, k)
    ]
    assert list(zip(record.tolist(), codes.tolist(), strict=True)) == expected


@pytest.mark.parametrize(("name", "symbols", "k"), [("dna", "ACGT", 3), ("protein", "ARNDCQEGHILKMFPSTWYV", 2)])
def test_frequencies_are_those_of_scikit_learn(name: str, symbols: str, k: int) -> None:
    strings = random_strings([5, 40, 17, 90], symbols)
    vocabulary = ["".join(one) for one in itertools.product(symbols, repeat=k)]
    counter = CountVectorizer(analyzer="char", ngram_range=(k, k), lowercase=False, vocabulary=vocabulary)
    counts = counter.transform(strings).toarray()
    expected = counts / counts.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(kmer_frequencies(encoded(strings, name), alphabet(name), k), expected, atol=1e-15)


def test_a_record_without_a_kmer_has_frequencies_of_zero() -> None:
    assert kmer_frequencies(encoded(["AC", "NNNNN", "ACG"]), DNA, 3).sum(axis=1).tolist() == [0, 0, 1]


def test_parts_are_all_members_in_order_whatever_their_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kmers, "_TOKENS", 10)
    strings = random_strings([4, 30, 3, 3, 3, 3, 9, 1])
    tokens, members = encoded(strings), np.array([7, 1, 0, 2, 3, 4, 5, 6, 6])
    found = list(parts(tokens, members))
    assert [part[row] for part in found for row in range(len(part))] == [tokens[index] for index in members.tolist()]
    assert all(len(part) == 1 or len(part.data) <= 10 for part in found)
    assert [len(part) for part in parts(tokens, members[2:6], 2)] == [2, 2]
    assert list(parts(tokens, members[:0])) == []
