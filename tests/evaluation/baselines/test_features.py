from __future__ import annotations

import numpy as np
import pytest

from seqnet.core.alphabets import ALPHABETS, alphabet
from seqnet.evaluation.baselines.features import LONGEST_KMER, composition_features, kmer_features, no_features
from tests.building import encoded


def test_composition_is_shares_and_the_log_of_the_length() -> None:
    found = composition_features(encoded(["AAC", "GGTT", "NNNN"]), alphabet("dna"))
    expected = [[2 / 3, 1 / 3, 0, 0, np.log(3)], [0, 0, 0.5, 0.5, np.log(4)], [0, 0, 0, 0, np.log(4)]]
    np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize(("name", "count"), [("dna", 341), ("rna", 341), ("protein", 421)])
def test_kmers_begin_with_composition_and_have_every_length(name: str, count: int) -> None:
    tokens = encoded(["ACG", "GAGACA"], name)
    found = kmer_features(tokens, alphabet(name))
    size = alphabet(name).size
    assert found.shape == (2, count)
    np.testing.assert_array_equal(found[:, : size + 1], composition_features(tokens, alphabet(name)))
    # Three symbols have two pairs; for k from 1 to the longest that fits, the shares sum to 1.
    np.testing.assert_allclose(found[0, size + 1 : size + 1 + size**2].sum(), 1)
    np.testing.assert_allclose(found[1].sum() - np.log(6), LONGEST_KMER[name])


def test_every_alphabet_has_its_kmers() -> None:
    assert LONGEST_KMER.keys() == ALPHABETS.keys()


def test_empty_input_gives_an_empty_result() -> None:
    assert no_features(encoded(["ACG", "GAG"]), alphabet("dna")).shape == (2, 0)
