from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.configs.similarity import KMER_LENGTHS
from seqnet.core.alphabets import alphabet
from seqnet.core.errors import SettingError
from seqnet.similarity import KmerSets, kmer_sets, kmers
from tests.similarity.examples import counted, encoded, random_strings, reverse_complement


def elements(sets: KmerSets) -> list[set[int]]:
    return [set(sets.elements[a:b].tolist()) for a, b in zip(sets.offsets[:-1], sets.offsets[1:], strict=True)]


@pytest.mark.parametrize(("name", "symbols"), [("dna", "ACGTN"), ("rna", "ACGUN"), ("protein", "MKLX")])
@given(data=st.data())
def test_shared_elements_are_shared_kmers_counted(name: str, symbols: str, data: st.DataObject) -> None:
    strings = data.draw(st.lists(st.text(symbols, min_size=1, max_size=12), min_size=1, max_size=6))
    k = data.draw(st.integers(1, 4))
    sets = kmer_sets(encoded(strings, name), alphabet(name), k)
    found, expected = elements(sets), [counted(string, k, name) for string in strings]
    assert sets.sizes.tolist() == [one.total() for one in expected]
    for index, one in enumerate(expected):
        assert len(found[index]) == one.total()
        for other, counts in enumerate(expected):
            assert len(found[index] & found[other]) == (one & counts).total()


@given(st.lists(st.text("ACGTNR", min_size=1, max_size=20), min_size=1, max_size=5), st.integers(1, 8))
def test_a_strand_has_the_kmers_of_the_other(strings: list[str], k: int) -> None:
    strings = [string.replace("R", "N") for string in strings]
    one = kmer_sets(encoded(strings), alphabet("dna"), k)
    other = kmer_sets(encoded([reverse_complement(string) for string in strings]), alphabet("dna"), k)
    np.testing.assert_array_equal(one.elements, other.elements)
    np.testing.assert_array_equal(one.offsets, other.offsets)


def test_rna_has_one_strand() -> None:
    found = elements(kmer_sets(encoded(["AACGG", "CCGUU"], "rna"), alphabet("rna"), 3))
    assert not found[0] & found[1]


@pytest.mark.parametrize("chunk", [1, 10, 1000])
def test_sets_do_not_depend_on_how_the_column_is_cut(monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    tokens = encoded([*random_strings(20, 15), "ACG", "NNNNNNNN", "A" * 30])
    whole = kmer_sets(tokens, alphabet("dna"), 5)
    monkeypatch.setattr(kmers, "_CHUNK_SYMBOLS", chunk)
    cut = kmer_sets(tokens, alphabet("dna"), 5)
    np.testing.assert_array_equal(cut.elements, whole.elements)
    np.testing.assert_array_equal(cut.offsets, whole.offsets)


def test_elements_ascend_and_are_spread_evenly() -> None:
    sets = kmer_sets(encoded(random_strings(50, 500)), alphabet("dna"), 13)
    for start, stop in zip(sets.offsets[:-1], sets.offsets[1:], strict=True):
        assert (np.diff(sets.elements[start:stop].astype(np.int64)) > 0).all()
    shares = sets.elements / 2**sets.BITS
    assert 0 <= shares.min() <= shares.max() < 1
    assert np.abs(np.histogram(shares, 10, (0, 1))[0] / len(shares) - 0.1).max() < 0.01


def test_distinct_kmers_do_not_collide() -> None:
    strings = random_strings(2000, 200, alphabet("protein").canonical)
    sets = kmer_sets(encoded(strings, "protein"), alphabet("protein"), KMER_LENGTHS["protein"])
    distinct = {string[start : start + 5] for string in strings for start in range(196)}
    # One more element for each repeat within a sequence.
    repeats = sum(196 - len({string[start : start + 5] for start in range(196)}) for string in strings)
    assert abs(len(np.unique(sets.elements)) - len(distinct) - repeats) < 5


@pytest.mark.parametrize(("name", "k"), [("dna", 0), ("dna", 33), ("protein", 15)])
def test_a_length_that_does_not_fit(name: str, k: int) -> None:
    with pytest.raises(SettingError, match=f"1 to {32 if name == 'dna' else 14} for {name}"):
        kmer_sets(encoded(["ACG"], name), alphabet(name), k)


def test_the_longest_kmers() -> None:
    string = random_strings(1, 40)[0]
    sets = kmer_sets(encoded([string, string[:-1] + ("A" if string[-1] != "A" else "C")]), alphabet("dna"), 32)
    found = elements(sets)
    assert len(found[0] & found[1]) == 8


def test_no_sequences() -> None:
    sets = kmer_sets(encoded([]), alphabet("dna"), 5)
    assert len(sets) == len(sets.elements) == 0
