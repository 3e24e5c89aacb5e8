from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from seqnet.core.alphabets import ALPHABETS, alphabet
from seqnet.core.ragged import Ragged
from seqnet.datasets.simulation.composition import composition, symbol_counts, symbol_frequencies, uniform

DNA = alphabet("dna")


def tokens(name: str, text: str) -> NDArray[np.uint8]:
    return alphabet(name).encode(np.frombuffer(text.encode(), dtype=np.uint8))


def column(lengths: list[int]) -> Ragged:
    return Ragged.from_lengths(np.ones(sum(lengths), dtype=np.uint8), np.array(lengths, dtype=np.int64))


def test_frequencies_of_canonical_symbols_are_their_shares() -> None:
    np.testing.assert_allclose(symbol_frequencies(tokens("dna", "AACG"), DNA), [0.5, 0.25, 0.25, 0])


def test_ambiguity_codes_count_as_their_mixture() -> None:
    # R = A or G, N = any base.
    np.testing.assert_allclose(symbol_counts(tokens("dna", "ARN"), DNA), [1.75, 0.25, 0.75, 0.25])


def test_a_stop_and_padding_count_nothing() -> None:
    with_padding = np.append(tokens("protein", "AR*"), np.zeros(5, np.uint8))
    expected = np.zeros(20)
    expected[:2] = 0.5
    np.testing.assert_allclose(symbol_frequencies(with_padding, alphabet("protein")), expected)


@pytest.mark.parametrize("name", list(ALPHABETS))
def test_nothing_to_count_makes_all_symbols_alike(name: str) -> None:
    size = alphabet(name).size
    np.testing.assert_array_equal(symbol_frequencies(np.empty(0, np.uint8), alphabet(name)), np.full(size, 1 / size))


@given(st.lists(st.integers(1, DNA.token_count - 1), max_size=60), st.integers(0, 60))
def test_counts_of_batches_add_up(all_tokens: list[int], cut: int) -> None:
    whole = np.array(all_tokens, dtype=np.uint8)
    parts = symbol_counts(whole[:cut], DNA) + symbol_counts(whole[cut:], DNA)
    np.testing.assert_allclose(parts, symbol_counts(whole, DNA), atol=1e-9)
    assert symbol_frequencies(whole, DNA).sum() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(
    "expected", [[0.25, 0.25, 0.25, 0.25], [0.3, 0.2, 0.2, 0.3], [0.97, 0.01, 0.01, 0.01], [0.5, 0, 0, 0.5]]
)
def test_symbols_are_as_frequent_as_requested(expected: list[float]) -> None:
    N = 200_000
    frequencies = np.array(expected)
    drawn = composition(column([36] * (N // 36)), DNA, np.random.default_rng(1), frequencies).data
    share = symbol_frequencies(drawn, DNA)
    bound = 4 * np.sqrt(frequencies * (1 - frequencies) / len(drawn))
    assert np.all(np.abs(share - frequencies) <= bound)


@pytest.mark.parametrize("name", list(ALPHABETS))
def test_uniform_symbols_take_no_note_of_the_frequencies(name: str) -> None:
    size = alphabet(name).size
    one_only = np.eye(size)[0]
    drawn = uniform(column([1000] * 100), alphabet(name), np.random.default_rng(1), one_only).data
    share = np.bincount(drawn, minlength=size + 1) / len(drawn)
    assert share[0] == 0
    assert len(share) == size + 1
    assert np.all(np.abs(share[1:] - 1 / size) <= 4 * np.sqrt(1 / size / len(drawn)))


def test_neighbours_are_independent() -> None:
    frequencies = np.array([0.3, 0.2, 0.2, 0.3])
    drawn = composition(column([200_000]), DNA, np.random.default_rng(1), frequencies).data.astype(np.int64) - 1
    pairs = np.bincount(drawn[:-1] * 4 + drawn[1:], minlength=16).reshape(4, 4) / (len(drawn) - 1)
    expected = np.outer(frequencies, frequencies)
    assert np.all(np.abs(pairs - expected) <= 5 * np.sqrt(expected / len(drawn)))


@given(st.lists(st.integers(0, 40), min_size=1, max_size=12), st.data())
def test_batches_do_not_change_the_sequences(lengths: list[int], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(lengths)))
    positives, frequencies = column(lengths), np.array([0.3, 0.2, 0.2, 0.3])
    rng = np.random.default_rng(7)
    parts = [
        composition(positives.slice(start, stop), DNA, rng, frequencies).data
        for start, stop in ((0, cut), (cut, len(lengths)))
    ]
    whole = composition(positives, DNA, np.random.default_rng(7), frequencies).data
    np.testing.assert_array_equal(np.concatenate(parts), whole)
