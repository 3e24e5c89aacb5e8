from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqnet.core.alphabets import alphabet
from seqnet.core.errors import SettingError
from seqnet.similarity import SimilarPairs, similar_pairs
from seqnet.similarity import pairs as searching
from tests.similarity.examples import containment, encoded, mutated, random_strings, reverse_complement

RESIDUES = alphabet("protein").canonical


def found(pairs: SimilarPairs) -> dict[tuple[int, int], float]:
    keys = zip(pairs.first.tolist(), pairs.second.tolist(), strict=True)
    return dict(zip(keys, pairs.similarity.tolist(), strict=True))


def expected(strings: list[str], threshold: float, k: int, name: str) -> dict[tuple[int, int], float]:
    originals = sorted({strings.index(string) for string in strings})
    values = {
        (one, other): containment(strings[one], strings[other], k, name)
        for one in originals
        for other in originals
        if one < other
    }
    return {pair: value for pair, value in values.items() if value >= threshold}


@pytest.mark.parametrize(("name", "symbols"), [("dna", "ACGTN"), ("protein", "MKLX")])
@given(data=st.data())
def test_pairs_are_those_of_a_loop(name: str, symbols: str, data: st.DataObject) -> None:
    strings = data.draw(st.lists(st.text(symbols, min_size=1, max_size=14), min_size=1, max_size=8))
    k, threshold = data.draw(st.integers(1, 4)), data.draw(st.sampled_from([0.1, 0.3, 0.5, 0.8, 1.0]))
    pairs = similar_pairs(encoded(strings, name), alphabet(name), threshold, k=k)
    assert found(pairs) == pytest.approx(expected(strings, threshold, k, name))
    assert pairs.original.tolist() == [strings.index(string) for string in strings]
    assert pairs.limits() == []


@settings(max_examples=40)
@given(
    st.lists(st.text("ACG", min_size=4, max_size=14), min_size=2, max_size=9),
    st.sets(st.integers(0, 8), min_size=1),
    st.integers(1, 60),
)
def test_queries_and_rounds_change_only_the_compared_records(
    strings: list[str], asked: set[int], meetings: int
) -> None:
    queries = [index for index in sorted(asked) if index < len(strings)]
    tokens = encoded(strings)
    whole = found(similar_pairs(tokens, alphabet("dna"), 0.3, k=3))
    original = [strings.index(string) for string in strings]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(searching, "_MEETINGS_IN_A_ROUND", meetings)
        patch.setattr(searching, "_COUNTED_AT_A_TIME", meetings)
        asking = similar_pairs(tokens, alphabet("dna"), 0.3, k=3, queries=np.array(queries, dtype=np.int64))
    ours = {original[index] for index in queries}
    assert found(asking) == pytest.approx({pair: value for pair, value in whole.items() if ours & set(pair)})


@pytest.mark.parametrize(
    ("places", "similarity"),
    # A mutation changes the k k-mers that cover it; those of two nearby mutations overlap.
    [([40], 71 / 76), ([0], 75 / 76), ([20, 60], 66 / 76), ([40, 41], 70 / 76), ([10, 30, 50, 70], 56 / 76)],
)
def test_planted_mutations_in_a_protein(places: list[int], similarity: float) -> None:
    strings = random_strings(200, 80, RESIDUES, seed=3)
    strings.append(mutated(strings[7], places, RESIDUES))
    pairs = found(similar_pairs(encoded(strings, "protein"), alphabet("protein"), 0.5))
    assert pairs == pytest.approx({(7, 200): similarity})


def test_a_fragment_and_a_tagged_construct_are_contained() -> None:
    strings = random_strings(50, 120, RESIDUES, seed=4)
    strings += [strings[3][30:90], "MGSSHHHHHHSSGLVPRGSH" + strings[9]]
    pairs = found(similar_pairs(encoded(strings, "protein"), alphabet("protein"), 0.8))
    assert pairs == {(3, 50): 1.0, (9, 51): 1.0}


def test_overlapping_reads_of_either_strand() -> None:
    region = random_strings(1, 200, seed=5)[0]
    reads = [region[0:36], reverse_complement(region[10:46]), region[100:136], reverse_complement(region[100:136])]
    pairs = found(similar_pairs(encoded(reads), alphabet("dna"), 0.3))
    # Two reads that share 26 bases share 14 of 24 13-mers.
    assert pairs == pytest.approx({(0, 1): 14 / 24, (2, 3): 1.0})


def test_low_complexity_is_not_similarity() -> None:
    tail = random_strings(2, 20, seed=6)
    reads = ["A" * 36, "A" * 16 + tail[0], "A" * 16 + tail[1], "A" * 35]
    pairs = found(similar_pairs(encoded(reads), alphabet("dna"), 0.5))
    # A run of one base has as many k-mers as any read, so that a shorter run is contained in it.
    assert pairs == {(0, 3): 1.0}


def test_sequences_without_kmers_are_like_their_other_strand_alone() -> None:
    pairs = similar_pairs(encoded(["ACC", "GGT", "ACA", "N" * 30, "ACC"]), alphabet("dna"), 0.1)
    assert found(pairs) == {(0, 1): 1.0}
    assert pairs.original.tolist() == [0, 1, 2, 3, 0]


def test_samples_of_long_sequences_find_what_counting_finds() -> None:
    base = random_strings(40, 6000, seed=7)
    rng = np.random.default_rng(8)
    near = [mutated(string, sorted(rng.choice(6000, 60, replace=False).tolist())) for string in base]
    windows = [string[1000:1200] for string in base[:20]]
    strings = base + near + windows
    counted = found(similar_pairs(encoded(strings), alphabet("dna"), 0.3))
    # The allowed work is too small for all k-mers, but large enough for a sample of each sequence.
    sampled = similar_pairs(encoded(strings), alphabet("dna"), 0.3, work=400_000)
    assert sampled.limits() == []
    pairs = found(sampled)
    assert pairs == counted
    wanted = expected_pairs(strings, [(i, i + 40) for i in range(40)] + [(i, i + 80) for i in range(20)])
    also = expected_pairs(strings, [(i + 40, i + 80) for i in range(20)])
    also = {pair: value for pair, value in also.items() if value >= 0.3}
    assert pairs == pytest.approx(wanted | also)


def expected_pairs(strings: list[str], pairs: list[tuple[int, int]]) -> dict[tuple[int, int], float]:
    return {(one, other): containment(strings[one], strings[other], 13, "dna") for one, other in pairs}


def test_common_kmers_beyond_the_work_are_reported_and_near_copies_still_found() -> None:
    base = random_strings(1, 60, seed=9)[0]
    rng = np.random.default_rng(10)
    copies = sorted({mutated(base, [int(place)]) for place in rng.integers(0, 60, 300)})
    tokens = encoded(copies)
    whole = similar_pairs(tokens, alphabet("dna"), 0.5)
    bounded = similar_pairs(tokens, alphabet("dna"), 0.5, work=len(copies))
    assert whole.common == 0
    assert bounded.common > 0
    assert "very common 13-mers were not looked up" in bounded.limits()[0]
    assert found(bounded).items() <= found(whole).items()
    # Each is still compared with some others, so none stays single.
    assert set(bounded.first) | set(bounded.second) == set(range(len(copies)))


def test_candidates_beyond_the_work_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    strings = [mutated(random_strings(1, 900, seed=11)[0], [place]) for place in range(0, 400, 10)]
    work = 1_000_000
    whole = similar_pairs(encoded(strings), alphabet("dna"), 0.5, work=work)
    assert len(whole.first) == 40 * 39 / 2
    monkeypatch.setattr(searching, "_COUNTED_IN_A_ROUND", 150_000)
    bounded = similar_pairs(encoded(strings), alphabet("dna"), 0.5, work=work)
    assert bounded.crowded > 0
    assert bounded.limits() == [f"{bounded.crowded:,} sequences were compared with their likeliest candidates only"]
    assert found(bounded).items() <= found(whole).items()
    assert set(bounded.first) | set(bounded.second) == set(range(40))


def test_the_same_twice_and_in_any_order() -> None:
    strings = random_strings(300, 20, "ACG", seed=12)
    one = found(similar_pairs(encoded(strings), alphabet("dna"), 0.3, k=4))
    assert found(similar_pairs(encoded(strings), alphabet("dna"), 0.3, k=4)) == one
    turned = found(similar_pairs(encoded(strings[::-1]), alphabet("dna"), 0.3, k=4))
    assert {(299 - b, 299 - a): value for (a, b), value in turned.items()} == one
    assert len(one) > 100


@pytest.mark.parametrize("threshold", [0, -0.1, 1.1])
def test_thresholds_out_of_bounds(threshold: float) -> None:
    with pytest.raises(SettingError, match="more than 0, at most 1"):
        similar_pairs(encoded(["ACGT"]), alphabet("dna"), threshold)
