from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.core.ragged import Ragged
from seqnet.similarity import Hasher, Hashes, sets

SEQUENCES = st.lists(st.sampled_from([b"", b"A", b"AC", b"CA", b"AAA"]), max_size=20)


@given(SEQUENCES)
def test_sets_are_those_of_a_loop(sequences: list[bytes]) -> None:
    found = Hashes.of(Ragged.from_strings(sequences))
    times = Counter(sequences)
    assert len(found.repeats) == len(sequences) - len(times)
    which = found.sets().tolist()
    for one, number in zip(sequences, which, strict=True):
        assert (number >= 0) == (times[one] > 1)
        assert {other for other, its in zip(sequences, which, strict=True) if its == number >= 0} <= {one}


@given(st.lists(SEQUENCES, max_size=6), st.integers(0, 6))
def test_batches_have_the_hashes_of_the_whole(batches: list[list[bytes]], asked_after: int) -> None:
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(1))
        patch.setattr(sets, "_RUN", 7)
        hasher = stack.enter_context(closing(Hasher(pool)))
        for number, batch in enumerate(batches):
            if number == asked_after:
                hasher.hashes()
            hasher.add(Ragged.from_strings(batch))
        found = hasher.hashes()
        whole = Hashes.of(Ragged.from_strings([sequence for batch in batches for sequence in batch]))
        np.testing.assert_array_equal(found.each, whole.each)
        np.testing.assert_array_equal(found.repeats, whole.repeats)


def test_few_batches_wait_to_be_hashed_and_an_error_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(batch: Ragged) -> np.ndarray:
        raise MemoryError("no room")

    monkeypatch.setattr(sets, "sequence_hashes", refuse)
    with ThreadPoolExecutor(1) as pool, closing(Hasher(pool)) as hasher:
        for _ in range(sets._WAITING):
            hasher.add(Ragged.from_strings([b"A"]))
        with pytest.raises(MemoryError, match="no room"):
            hasher.add(Ragged.from_strings([b"A"]))
