"""Seqlets that are alike become one alignment."""

from __future__ import annotations

import numpy as np
import pytest

from seqnet.core.alphabets import alphabet
from seqnet.explanation.motifs.clustering import clusters
from seqnet.explanation.motifs.matrices import Sites, consensus, count_matrix
from tests.building import encoded, random_strings

DNA = alphabet("dna")
OTHER = {"A": "T", "C": "G", "G": "C", "T": "A"}


def planted(
    words: list[str], seed: int = 0
) -> tuple[list[str], Sites, np.ndarray[tuple[int, int], np.dtype[np.float32]]]:
    """Returns sequences with one word each, windows of 10 somewhere over the word, and attributions of its symbols."""
    rng = np.random.default_rng(seed)
    strings, starts = [], []
    values = np.zeros((len(words), 30, 4), dtype=np.float32)
    for row, (word, string) in enumerate(zip(words, random_strings([30] * len(words), seed=seed), strict=True)):
        strings.append(string[:12] + word + string[12 + len(word) :])
        starts.append(12 - int(rng.integers(0, 3)))
        for place, letter in enumerate(word):
            values[row, 12 + place, "ACGT".index(letter)] = 1
    values += rng.normal(0, 0.05, values.shape).astype(np.float32)
    rows = np.arange(len(words))
    return strings, Sites(rows, np.array(starts), np.zeros(len(words), dtype=bool), 10), values.reshape(-1, 4)


def rc(text: str) -> str:
    return "".join(OTHER[letter] for letter in reversed(text))


def test_two_words_are_two_clusters_in_both_orientations() -> None:
    words = ["GATTACAG", rc("GATTACAG"), "CCGGCTCC"] * 20 + ["CCGGCTCC"] * 5
    strings, sites, values = planted(words)
    found = clusters(sites, values, encoded(strings), DNA, 0.5, 10)
    assert [len(one) for one in found] == [40, 25]
    for one, word in zip(found, ("GATTACAG", "CCGGCTCC"), strict=True):
        text = consensus(count_matrix(one.cut(-6, 22).tokens(encoded(strings), DNA), DNA), DNA)
        assert word in text or rc(word) in text
    # Half of the first word is read on the other strand.
    assert min(found[0].turned.sum(), (~found[0].turned).sum()) == 20


@pytest.mark.parametrize("count", [0, 1, 9])
def test_few_seqlets_are_not_a_cluster(count: int) -> None:
    strings, sites, values = planted(["GATTACAG"] * max(count, 1))
    chosen = sites.take(np.arange(count))
    assert clusters(chosen, values, encoded(strings), DNA, 0.5, 10) == []


def test_unrelated_seqlets_are_not_a_cluster() -> None:
    strings, sites, values = planted(random_strings([8] * 60, seed=5))
    assert clusters(sites, values, encoded(strings), DNA, 0.5, 10) == []
