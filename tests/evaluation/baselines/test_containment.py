from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.core import kmers
from seqnet.core.alphabets import ALPHABETS
from seqnet.datasets.dataset import Dataset
from seqnet.evaluation.baselines import kmer_containment, kmer_length
from seqnet.evaluation.baselines.containment import KMER
from tests.building import make_dataset, random_strings
from tests.core.test_kmers import kmers_of, other_strand


def split_dataset(train: list[str], test: list[str], name: str = "dna") -> Dataset:
    """Returns a dataset, the test records after those of the train split."""
    splits = ["train"] * len(train) + ["test"] * len(test)
    return make_dataset(train + test, [0] * len(splits), splits, name=name)


def canonical(kmer: str) -> str:
    return min(kmer, other_strand(kmer))


@given(
    st.lists(st.text("ACGTN", min_size=1, max_size=15), max_size=5),
    st.lists(st.text("ACGTN", min_size=1, max_size=15), min_size=1, max_size=5),
    st.integers(1, 5),
)
def test_shares_are_those_of_sets_of_kmers(train: list[str], test: list[str], k: int) -> None:
    dataset = split_dataset(train, test)
    seen = {canonical(kmer) for string in train for kmer in kmers_of(string, k)}
    expected = np.full(len(test), np.nan)
    for row, string in enumerate(test):
        if found := [canonical(kmer) in seen for kmer in kmers_of(string, k)]:
            expected[row] = sum(found) / len(found)
    np.testing.assert_allclose(kmer_containment(dataset, dataset.members("test"), k), expected)


def test_a_copy_its_other_strand_a_half_and_a_stranger() -> None:
    train, stranger = random_strings([60, 60])
    other = other_strand(train)
    dataset = split_dataset([train], [train, other, train[:35] + stranger[:20], stranger])
    shares = kmer_containment(dataset, dataset.members("test"), 16)
    np.testing.assert_allclose(shares, [1, 1, 20 / 40, 0])


def test_proteins_have_one_strand() -> None:
    dataset = split_dataset(["MKTAYIAKQR"], ["MKTAYIAKQR", "RQKAIYATKM"], "protein")
    assert kmer_containment(dataset, dataset.members("test"), 6).tolist() == [1, 0]


def test_parts_do_not_change_the_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    strings = random_strings([50] * 40)
    dataset = split_dataset(strings[:20], [one[:25] + other[:25] for one, other in zip(strings, strings[20:])])  # noqa: B905
    members = dataset.members("test")
    whole = kmer_containment(dataset, members, 12)
    assert 0.3 < whole.mean() < 0.5
    monkeypatch.setattr(kmers, "_TOKENS", 60)
    np.testing.assert_array_equal(kmer_containment(dataset, members, 12), whole)


@pytest.mark.parametrize(
    ("lengths", "k"),
    [([36] * 20, 16), ([10] * 20, 10), ([3] + [50] * 20, 16), ([12] * 5 + [50] * 20, 12)],
)
def test_k_gives_way_only_where_many_records_are_short(lengths: list[int], k: int) -> None:
    dataset = split_dataset([], random_strings(lengths))
    assert kmer_length(dataset, dataset.members("test")) == k


def test_every_alphabet_has_its_k_and_codes_that_fit_64_bits() -> None:
    assert KMER.keys() == ALPHABETS.keys()
    assert all(ALPHABETS[name].size ** k < 2**63 for name, k in KMER.items())
