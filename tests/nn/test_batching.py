from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from seqnet.core.ragged import Ragged
from seqnet.nn.batching import TokenStore, batch_count, buckets, epoch_order, window_parts

LENGTHS = st.lists(st.integers(1, 40), min_size=1, max_size=30)


def sequences_of(lengths: list[int]) -> list[bytes]:
    """Returns token sequences in which every position differs and no token is 0."""
    whole = bytes((index * 7) % 251 + 1 for index in range(sum(lengths)))
    ends = np.cumsum(lengths).tolist()
    return [whole[end - length : end] for length, end in zip(lengths, ends, strict=True)]


def padded(sequences: list[bytes]) -> list[list[int]]:
    width = max(map(len, sequences))
    return [[*sequence, *[0] * (width - len(sequence))] for sequence in sequences]


def as_array(lengths: list[int]) -> NDArray[np.int64]:
    return np.array(lengths, dtype=np.int64)


@given(LENGTHS | st.integers(1, 9).map(lambda length: [length] * 12), st.data())
def test_whole_sequences_are_padded_at_their_end(lengths: list[int], data: st.DataObject) -> None:
    sequences = sequences_of(lengths)
    store = TokenStore(Ragged.from_strings(sequences))
    assert len(store) == len(sequences)
    chosen = data.draw(st.lists(st.integers(0, len(sequences) - 1), min_size=1, max_size=20))
    tokens, sizes = store.whole(as_array(chosen))
    assert tokens.tolist() == padded([sequences[index] for index in chosen])
    assert sizes.tolist() == [lengths[index] for index in chosen]
    assert (tokens.dtype, sizes.dtype) == (torch.uint8, torch.int64)


@given(LENGTHS, st.data())
def test_parts_are_those_of_slices(lengths: list[int], data: st.DataObject) -> None:
    whole = b"".join(sequences_of(lengths))
    store = TokenStore(Ragged.from_strings(sequences_of(lengths)))
    starts = data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=10))
    sizes = [data.draw(st.integers(1, len(whole) - start)) for start in starts]
    tokens, found = store.gather(as_array(starts), as_array(sizes))
    parts = [whole[start : start + size] for start, size in zip(starts, sizes, strict=True)]
    assert tokens.tolist() == padded(parts)
    assert found.tolist() == sizes


@pytest.mark.parametrize("lengths", [[3, 3], [2, 4]])
def test_batches_are_copies_also_of_a_file(tmp_path: Path, lengths: list[int]) -> None:
    # Changes that training makes to a batch must not reach the data, and torch needs writable memory.
    (tmp_path / "x").write_bytes(b"\1\2\3\4\5\6")
    mapped = np.memmap(tmp_path / "x", dtype=np.uint8, mode="r")
    store = TokenStore(Ragged.from_lengths(mapped, as_array(lengths)))
    tokens, sizes = store.whole(as_array([0, 1]))
    tokens += 100
    sizes += 1
    assert mapped.tolist() == [1, 2, 3, 4, 5, 6]
    assert store.lengths.tolist() == lengths


def test_a_store_of_nothing() -> None:
    assert len(TokenStore(Ragged.from_strings([]))) == 0


@given(st.lists(st.integers(0, 60), max_size=8), st.integers(1, 20))
def test_spans_cover_every_position_and_fit_the_window(lengths: list[int], window: int) -> None:
    sequence, start, length = window_parts(as_array(lengths), window)
    covered: list[set[int]] = [set() for _ in lengths]
    for of, at, size in zip(sequence.tolist(), start.tolist(), length.tolist(), strict=True):
        assert at >= 0
        assert at + size <= lengths[of]
        # Either the whole sequence, or a whole window of it.
        assert size == min(window, lengths[of])
        covered[of].update(range(at, at + size))
    assert covered == [set(range(size)) for size in lengths]
    assert np.all(np.diff(sequence) >= 0)
    for of, size in enumerate(lengths):
        starts = start[sequence == of].tolist()
        assert starts == sorted(set(starts))
        # No more windows than overlapping by half needs, plus one if that makes them symmetric.
        stride = max(window // 2, 1)
        needed = -(-max(size - window, 0) // stride) + 1
        assert len(starts) - needed in ((0, 1) if needed % 2 and (size - window) % 2 else (0,))
        assert all(b - a <= stride for a, b in pairwise(starts))
        # Read from the other end, the windows are the same.
        assert starts == [max(size - window, 0) - at for at in reversed(starts)]


def test_spans_by_hand() -> None:
    sequence, start, length = window_parts(as_array([4, 10, 11, 3, 8]), 4)
    assert sequence.tolist() == [0, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 4, 4, 4]
    assert start.tolist() == [0, 0, 2, 4, 6, 0, 1, 3, 4, 6, 7, 0, 0, 2, 4]
    assert length.tolist() == [4] * 11 + [3] + [4] * 3


@given(st.lists(st.integers(1, 40), max_size=40), st.integers(1, 120))
def test_buckets_cover_every_index_once_within_the_bound(lengths: list[int], batch_tokens: int) -> None:
    batches = [batch.tolist() for batch in buckets(as_array(lengths), batch_tokens)]
    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
    sizes = [[lengths[index] for index in batch] for batch in batches]
    for batch in sizes:
        assert len(batch) * max(batch) <= batch_tokens or len(batch) == 1
    # Similar lengths are in one batch, and no batch could also take the next sequence.
    assert [size for batch in sizes for size in batch] == sorted(lengths)
    for batch, following in pairwise(sizes):
        assert (len(batch) + 1) * following[0] > batch_tokens


def test_sequences_of_one_length_stay_in_order() -> None:
    batches = [batch.tolist() for batch in buckets(np.full(7, 10), 30)]
    assert batches == [[0, 1, 2], [3, 4, 5], [6]]


@given(st.lists(st.integers(1, 40), max_size=200), st.integers(1, 9), st.integers(0, 99))
def test_an_epoch_sees_every_sequence_once(lengths: list[int], batch_size: int, seed: int) -> None:
    batches = epoch_order(as_array(lengths), batch_size, np.random.default_rng(seed))
    assert sorted(index for batch in batches for index in batch.tolist()) == list(range(len(lengths)))
    sizes = sorted(map(len, batches), reverse=True)
    full, rest = divmod(len(lengths), batch_size)
    if rest == 1 and full and batch_size > 1:
        assert sizes == [batch_size + 1] + [batch_size] * (full - 1)
    else:
        assert sizes == [batch_size] * full + [rest] * bool(rest)
    again = epoch_order(as_array(lengths), batch_size, np.random.default_rng(seed))
    assert [batch.tolist() for batch in again] == [batch.tolist() for batch in batches]


@pytest.mark.parametrize("batch_size", [2, 3, 16, 128])
def test_no_batch_has_one_record(batch_size: int) -> None:
    for count in range(2, 131):
        for lengths in (np.full(count, 9), np.arange(count) + 5):
            batches = epoch_order(lengths, batch_size, np.random.default_rng(count))
            assert len(batches) == batch_count(count, batch_size)
            assert min(map(len, batches)) >= 2
            assert max(map(len, batches)) <= batch_size + 1
            assert sorted(np.concatenate(batches).tolist()) == list(range(count))


def test_only_a_last_batch_of_one_record_changes_the_others() -> None:
    for count in (32, 34, 47):
        order = np.random.default_rng(3).permutation(count)
        batches = epoch_order(np.full(count, 9), 16, np.random.default_rng(3))
        assert sorted(batch.tolist() for batch in batches) == sorted(
            order[start : start + 16].tolist() for start in range(0, count, 16)
        )
    # Batches of one record are as requested.
    assert [len(batch) for batch in epoch_order(np.full(5, 9), 1, np.random.default_rng(0))] == [1] * 5
    assert [len(batch) for batch in epoch_order(np.full(1, 9), 16, np.random.default_rng(0))] == [1]


def test_an_epoch_has_batches_of_like_lengths_in_random_order() -> None:
    rng = np.random.default_rng(1)
    lengths = rng.integers(10, 1000, 5000)
    batches = epoch_order(lengths, 16, rng)
    padding = sum(len(batch) * int(lengths[batch].max()) for batch in batches) / int(lengths.sum())
    # In random order about 1.86 times the symbols; sorted within 800 sequences, about 1.02.
    assert padding < 1.05
    means = np.array([lengths[batch].mean() for batch in batches])
    assert abs(np.corrcoef(means[1:], means[:-1])[0, 1]) < 0.2


def test_an_epoch_of_one_length_is_a_plain_shuffle() -> None:
    rng = np.random.default_rng(2)
    order = np.concatenate(epoch_order(np.full(4000, 36), 16, rng))
    assert abs(np.corrcoef(order[1:], order[:-1])[0, 1]) < 0.1
    assert abs(np.corrcoef(order, np.arange(4000))[0, 1]) < 0.1
