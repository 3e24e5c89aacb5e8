from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from seqnet.core.ragged import Ragged
from seqnet.similarity import Hashes
from seqnet.similarity.duplicates import Duplicates, find_duplicates

RECORDS = st.lists(
    st.tuples(st.sampled_from([b"", b"A", b"AC", b"CA", b"AAA"]), st.integers(0, 2), st.integers(0, 2), st.text("xy")),
    min_size=1,
    max_size=20,
)


@given(RECORDS)
def test_duplicates_are_those_of_a_loop(records: list[tuple[bytes, int, int, str]]) -> None:
    found = find_duplicates(
        Hashes.of(Ragged.from_strings([sequence for sequence, _, _, _ in records])),
        len(Hashes.of(Ragged.from_strings([name for _, _, _, name in records])).repeats),
        np.array([label for _, label, _, _ in records], dtype=np.int32),
        np.array([split for _, _, split, _ in records], dtype=np.uint8),
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
