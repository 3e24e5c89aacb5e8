from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.core.alphabets import alphabet
from seqnet.core.errors import SettingError
from seqnet.core.ragged import Ragged
from seqnet.similarity import hashing
from seqnet.similarity.hashing import mix, reverse_complements, sequence_hashes
from tests.similarity.examples import encoded, reverse_complement

SEQUENCES = st.lists(st.binary(max_size=5), max_size=30)


@given(SEQUENCES)
def test_equal_sequences_and_only_they_have_equal_hashes(sequences: list[bytes]) -> None:
    hashes = sequence_hashes(Ragged.from_strings(sequences))
    assert (len(hashes), hashes.dtype) == (len(sequences), np.dtype(np.uint64))
    assert len(set(hashes.tolist())) == len(set(sequences))
    assert dict(zip(sequences, hashes.tolist(), strict=True)) == {
        sequence: int(sequence_hashes(Ragged.from_strings([sequence]))[0]) for sequence in sequences
    }


def test_order_length_and_padding_matter() -> None:
    like = [b"\1\2", b"\2\1", b"\1\2\0", b"\0\1\2", b"\1\2\1\2", b"", b"\0", b"\0\0", b"\1\2\3"]
    # Equal sums: the same symbols at other positions, and positions swapped in pairs.
    like += [b"\1\1\2\2", b"\2\2\1\1", b"\1\2\2\1", b"\2\1\1\2"]
    assert len(set(sequence_hashes(Ragged.from_strings(like)).tolist())) == len(like)


def test_many_reads_do_not_collide() -> None:
    rng = np.random.default_rng(4)
    reads = rng.integers(1, 5, (200_000, 36)).astype(np.uint8)
    hashes = sequence_hashes(Ragged.from_lengths(reads.ravel(), np.full(len(reads), 36)))
    assert len(np.unique(hashes)) == len(np.unique(reads, axis=0)) == 200_000


@pytest.mark.parametrize("chunk", [1, 2, 7, 100])
def test_hashes_do_not_depend_on_how_the_column_is_cut(monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    sequences = Ragged.from_strings([b"", b"ACGTACGT", b"A", b"", b"CC", b"ACGTACGT", b""])
    whole = sequence_hashes(sequences)
    monkeypatch.setattr(hashing, "_CHUNK", chunk)
    np.testing.assert_array_equal(sequence_hashes(sequences), whole)


def test_mixing_is_one_to_one_and_even() -> None:
    mixed = mix(np.arange(100_000, dtype=np.uint64))
    assert len(np.unique(mixed)) == 100_000
    bits = (mixed[:, None] >> np.arange(64, dtype=np.uint64)) & np.uint64(1)
    assert np.abs(bits.mean(axis=0) - 0.5).max() < 0.01


@given(st.lists(st.text("ACGTN", max_size=6), max_size=10))
def test_reverse_complements(strings: list[str]) -> None:
    turned = reverse_complements(encoded(strings), alphabet("dna"))
    expected = encoded([reverse_complement(string) for string in strings])
    np.testing.assert_array_equal(turned.data, expected.data)
    np.testing.assert_array_equal(turned.offsets, expected.offsets)


def test_proteins_have_no_reverse_complement() -> None:
    with pytest.raises(SettingError, match="protein has no reverse complement"):
        reverse_complements(encoded(["MK"], "protein"), alphabet("protein"))


@given(st.integers(1, 20).flatmap(lambda length: st.lists(st.binary(min_size=length, max_size=length), min_size=1)))
def test_sequences_of_one_length_have_the_hashes_that_they_have_among_others(strings: list[bytes]) -> None:
    alone = Ragged.from_strings(strings * hashing._ROWS)  # with fewer, the hash of rows is not used
    assert alone.rows is not None
    among = Ragged.from_strings([*strings * hashing._ROWS, b"A" * 21])
    np.testing.assert_array_equal(sequence_hashes(alone), sequence_hashes(among)[:-1])


def test_long_sequences_of_one_length_take_no_call_for_each_of_their_words() -> None:
    count, length = 60, 200_000
    tokens = Ragged.from_lengths(
        np.random.default_rng(0).integers(1, 5, count * length, dtype=np.uint8), np.full(count, length)
    )
    started = time.process_time()
    hashes = sequence_hashes(tokens)
    assert time.process_time() - started < 5  # word by word it takes more than 15 s
    assert len(np.unique(hashes)) == count
