"""The shuffle of one long sequence: the same as that of `shuffling`, which sorts all edges at once."""

from __future__ import annotations

import zlib
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.core.alphabets import alphabet
from seqnet.core.ragged import Ragged
from seqnet.datasets.simulation import shuffling
from seqnet.datasets.simulation.long_shuffling import shuffle_long

UNUSED = np.full(4, 0.25)


def dinucleotide(sequence: bytes, rng: np.random.Generator) -> bytes:
    return shuffling.dinucleotide(Ragged.from_strings([sequence]), alphabet("dna"), rng, UNUSED)[0]


@given(st.lists(st.integers(1, 5), min_size=4, max_size=300).map(bytes), st.integers(0, 999), st.integers(1, 64))
def test_it_is_the_shuffle_of_short_sequences(sequence: bytes, seed: int, piece: int) -> None:
    rng, other = np.random.default_rng(seed), np.random.default_rng(seed)
    assert shuffle_long(np.frombuffer(sequence, np.uint8), rng, piece).tobytes() == dinucleotide(sequence, other)
    assert rng.random() == other.random()  # as many random numbers were drawn


@pytest.mark.parametrize(("length", "symbols", "checksum"), [(200_000, 5, 4008821523), (100_000, 3, 3308246423)])
def test_a_seed_has_the_same_shuffle_as_before(length: int, symbols: int, checksum: int) -> None:
    sequence = np.random.default_rng(5).integers(1, symbols + 1, length).astype(np.uint8)
    shuffled = dinucleotide(sequence.tobytes(), np.random.default_rng(3))
    assert zlib.crc32(shuffled) == checksum


def test_several_ranges_of_keys_keep_the_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seqnet.datasets.simulation.long_shuffling._SORTED", 1 << 12)
    sequence = np.random.default_rng(5).integers(1, 6, 200_000).astype(np.uint8)
    shuffled = shuffle_long(sequence, np.random.default_rng(3))
    assert zlib.crc32(shuffled.tobytes()) == 4008821523
    assert Counter(pairwise(shuffled.tolist())) == Counter(pairwise(sequence.tolist()))


def test_a_long_sequence_among_short_ones() -> None:
    long = np.random.default_rng(1).integers(1, 5, 70_000).astype(np.uint8)
    column = Ragged.from_strings([b"\1\2\3", long.tobytes(), b"", b"\4\4"])
    shuffled = shuffling.dinucleotide(column, alphabet("dna"), np.random.default_rng(2), UNUSED)
    assert [shuffled[0], shuffled[2], shuffled[3]] == [b"\1\2\3", b"", b"\4\4"]
    assert shuffled[1] == dinucleotide(long.tobytes(), np.random.default_rng(2)) != long.tobytes()
