from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from seqnet.audit.duplicate_pairs import DuplicatePairs, duplicated_records

RECORDS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2)), min_size=1, max_size=14)
PAIRS = st.dictionaries(
    st.tuples(st.integers(0, 4), st.integers(0, 4)).filter(lambda pair: pair[0] < pair[1]),
    st.sampled_from([0.8, 0.9, 1.0]),
)


@given(RECORDS, PAIRS, st.booleans(), st.booleans(), st.sets(st.integers(0, 13)))
def test_duplicates_are_those_of_a_loop(
    rows: list[tuple[int, int]],
    likeness: dict[tuple[int, int], float],
    identical: bool,
    differ: bool,
    wanted: set[int],
) -> None:
    """Sequences are numbers here; two numbers are similar if `likeness` says so."""
    sequences = [sequence for sequence, _ in rows]
    sides = np.array([side for _, side in rows], dtype=np.uint8)
    original = np.array([sequences.index(sequence) for sequence in sequences])
    pairs = {
        tuple(sorted((sequences.index(one), sequences.index(other)))): value
        for (one, other), value in likeness.items()
        if one in sequences and other in sequences
    }
    first, second = (np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1))
    found_pairs = (
        DuplicatePairs.identical(original)
        if identical
        else DuplicatePairs(original, first, second, np.array(list(pairs.values())))
    )
    asked = np.array(sorted(index for index in wanted if index < len(rows)), dtype=np.int64)
    found = duplicated_records(found_pairs, sides, asked, differ=differ)

    def similarity(one: int, other: int) -> float:
        if identical:
            return float(one != other and original[one] == original[other])
        return float(pairs.get(tuple(sorted((original[one], original[other]))), 0.0))

    best: dict[int, float] = {}
    for one in asked.tolist():
        others = [other for other in range(len(rows)) if (sides[one] != sides[other]) == differ]
        value = max((similarity(one, other) for other in others), default=0.0)
        if value:
            best[one] = value
    assert dict(zip(found.records.tolist(), found.similarity.tolist(), strict=True)) == best
    for one, other in zip(found.records.tolist(), found.others.tolist(), strict=True):
        assert one != other
        assert (sides[one] != sides[other]) == differ
        assert similarity(one, other) == best[one]


def test_a_sequence_that_occurs_very_often_costs_no_more() -> None:
    original = np.zeros(200_000, dtype=np.int64)
    sides = np.arange(200_000) % 3
    found = duplicated_records(DuplicatePairs.identical(original), sides, np.arange(200_000), differ=True)
    assert len(found) == 200_000
    np.testing.assert_array_equal(found.others, np.where(sides == 0, 1, 0))
