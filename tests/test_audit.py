from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet import audit
from seqnet.audit import Duplicates, find_duplicates, sequence_hashes
from seqnet.records import Ragged

SEQUENCES = st.lists(st.binary(max_size=5), max_size=30)
RECORDS = st.lists(
    st.tuples(st.sampled_from([b"", b"A", b"AC", b"CA", b"AAA"]), st.integers(0, 2), st.integers(0, 2), st.text("xy")),
    min_size=1,
    max_size=20,
)


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
    # Sums that agree: the same symbols at other places, and places swapped in pairs.
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
    monkeypatch.setattr(audit, "_CHUNK", chunk)
    np.testing.assert_array_equal(sequence_hashes(sequences), whole)


@given(RECORDS)
def test_duplicates_are_those_of_a_loop(records: list[tuple[bytes, int, int, str]]) -> None:
    found = find_duplicates(
        Ragged.from_strings([sequence for sequence, _, _, _ in records]),
        np.array([label for _, label, _, _ in records], dtype=np.int32),
        np.array([split for _, _, split, _ in records], dtype=np.uint8),
        Ragged.from_strings([name for _, _, _, name in records]),
    )
    times = Counter(sequence for sequence, _, _, _ in records)
    expected = Duplicates(
        records=sum(times[sequence] > 1 for sequence, _, _, _ in records),
        across_splits=sum(
            any(other == sequence and there != split for other, _, there, _ in records)
            for sequence, _, split, _ in records
        ),
        contradictory=sum(
            any(other == sequence and there != label for other, there, _, _ in records)
            for sequence, label, _, _ in records
        ),
        repeated_names=len(records) - len({name for _, _, _, name in records}),
    )
    assert found == expected
