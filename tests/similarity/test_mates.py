from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from seqnet.core.ragged import Ragged
from seqnet.similarity import find_mates

NAMES = st.lists(
    st.tuples(st.sampled_from(["a", "b", "/", ""]), st.sampled_from(["", "/1", "/2", "/3"]), st.integers(0, 1))
)


@given(NAMES)
def test_pairs_are_those_of_a_loop(drawn: list[tuple[str, str, int]]) -> None:
    names = [stem + mark for stem, mark, _ in drawn]
    labels = [label for _, _, label in drawn]

    def is_marked(name: str) -> bool:
        return len(name) > 2 and name.endswith(("/1", "/2"))

    keys = [(name[:-2] if is_marked(name) else name, label) for name, label in zip(names, labels, strict=True)]
    marked = {key for key, name in zip(keys, names, strict=True) if is_marked(name)}
    times = Counter(keys)
    pairs = [key for key in times if times[key] == 2 or (times[key] > 2 and key in marked)]
    found = find_mates(Ragged.from_strings(names), np.array(labels, dtype=np.int32))
    assert found.count == len(pairs)
    of = found.of.tolist() if pairs else [-1] * len(keys)
    for key, number in zip(keys, of, strict=True):
        assert (number >= 0) == (key in pairs)
        assert {other for other, its in zip(keys, of, strict=True) if its == number >= 0} <= {key}


def test_the_groups_of_mates_are_joined_and_their_splits_compared() -> None:
    names = Ragged.from_strings(["x/1", "y", "x/2", "z", "y"])
    found = find_mates(names, np.zeros(5, dtype=np.int32))
    assert found.joined(np.array([10, 11, 12, 13, 14])).tolist() == [10, 11, 10, 13, 11]
    assert found.separated(np.array([0, 1, 0, 2, 1], dtype=np.uint8)) == 0
    assert found.separated(np.array([0, 1, 2, 2, 0], dtype=np.uint8)) == 2


def test_a_name_that_occurs_often_is_not_a_pair() -> None:
    names = Ragged.from_strings(["human"] * 3 + ["mouse"] * 3)
    found = find_mates(names, np.zeros(6, dtype=np.int32))
    assert (found.count, found.separated(np.zeros(6, dtype=np.uint8))) == (0, 0)
    assert find_mates(Ragged.from_strings([]), np.zeros(0, dtype=np.int32)).count == 0


def test_mates_of_one_name_are_distinguished_from_names_that_occur_again() -> None:
    names = Ragged.from_strings(["x", "y/1", "z", "x", "y/2", "z", "z", "v", "u", "v", "u"])
    labels = np.array([0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1], dtype=np.int32)
    found = find_mates(names, labels)
    assert sorted(found.namesakes.tolist()) == [[0, 3], [8, 10]]
