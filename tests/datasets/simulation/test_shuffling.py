from __future__ import annotations

from collections import Counter
from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from seqnet.core.alphabets import alphabet
from seqnet.core.ragged import Ragged
from seqnet.datasets.simulation.shuffling import dinucleotide

UNUSED = np.full(4, 0.25)


def shuffle(sequences: list[bytes], seed: int = 0) -> list[bytes]:
    column = Ragged.from_strings(sequences)
    shuffled = dinucleotide(column, alphabet("dna"), np.random.default_rng(seed), UNUSED)
    return [shuffled[index] for index in range(len(shuffled))]


def orders(sequence: bytes) -> list[bytes]:
    """Returns all orders of the symbols with the same ends and the same pairs of neighbours, by trying all orders."""
    pairs = sorted(pairwise(sequence))
    tried = {bytes([sequence[0], *middle, sequence[-1]]) for middle in permutations(sequence[1:-1])}
    return sorted(order for order in tried if sorted(pairwise(order)) == pairs)


def sequences_of(symbols: int) -> st.SearchStrategy[bytes]:
    return st.lists(st.integers(1, symbols), max_size=40).map(bytes)


@given(st.lists(st.one_of(sequences_of(2), sequences_of(4), sequences_of(27)), max_size=12), st.integers(0, 99))
def test_every_sequence_keeps_its_pairs_and_its_ends(sequences: list[bytes], seed: int) -> None:
    shuffled = shuffle(sequences, seed)
    assert len(shuffled) == len(sequences)
    for before, after in zip(sequences, shuffled, strict=True):
        assert Counter(pairwise(after)) == Counter(pairwise(before))
        assert (after[:1], after[-1:], len(after)) == (before[:1], before[-1:], len(before))


@pytest.mark.parametrize("sequence", [b"", b"\1", b"\1\2", b"\1\2\3", b"\1" * 50, b"\1\2" * 30, bytes(range(1, 28))])
def test_a_sequence_with_one_order_stays(sequence: bytes) -> None:
    assert shuffle([sequence] * 3) == [sequence] * 3


@pytest.mark.parametrize(
    ("sequence", "count"),
    [
        (b"ACABA", 2),
        (b"AABACABA", 12),
        (b"ABCABDACBA", 30),
        (b"AAABBBCAB", 9),
        (b"ABABACACBC", 24),
        (b"ABCDEBDACA", 10),
    ],
)
def test_all_orders_are_equally_likely(sequence: bytes, count: int) -> None:
    possible = orders(sequence)
    assert len(possible) == count
    draws = 1000 * count
    seen = Counter(shuffle([sequence] * draws, seed=5))
    assert set(seen) == set(possible)
    assert chisquare([seen[order] for order in possible]).pvalue > 0.001


def test_neighbours_in_a_batch_do_not_matter() -> None:
    # Other sequences in the batch, longer, shorter and with other symbols, do not change the probabilities of the
    # orders.
    sequence, others = b"AABACABA", [b"CDEFGHCEGDFH" * 3, b"", b"XY"]
    possible = orders(sequence)
    shuffled = shuffle([sequence, *others] * 10_000, seed=6)[::4]
    seen = Counter(shuffled)
    assert chisquare([seen[order] for order in possible]).pvalue > 0.001


def test_long_runs_and_rare_ways_out_come_to_an_end() -> None:
    # Only one of hundreds of edges leads from A to the end; drawing whole sets of edges would hardly ever find it.
    sequence = b"A" * 500 + b"CA" * 300 + b"G" * 500 + b"TG" * 300 + b"N" * 400 + b"T"
    (shuffled,) = shuffle([sequence])
    assert Counter(pairwise(shuffled)) == Counter(pairwise(sequence))
    assert shuffled != sequence


def test_random_sequences_are_really_shuffled() -> None:
    rng = np.random.default_rng(3)
    tokens = rng.integers(1, 5, 36 * 2000).astype(np.uint8)
    column = Ragged.from_lengths(tokens, np.full(2000, 36))
    shuffled = dinucleotide(column, alphabet("dna"), rng, UNUSED).data
    # One position in four agrees by chance; the two ends always agree.
    same = (tokens == shuffled).reshape(2000, 36)
    assert same[:, [0, -1]].all()
    assert 0.25 < same[:, 10:-10].mean() < 0.32
