from __future__ import annotations

import time
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.configs.similarity import CLUSTER_SIMILARITY, KMER_LENGTHS
from seqnet.core.alphabets import alphabet
from seqnet.core.ragged import Ragged
from seqnet.similarity import cluster_records, join_groups
from tests.similarity.examples import containment, encoded, random_strings, reverse_complement

GROUPS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=12)


def components(count: int, edges: list[tuple[int, int]]) -> list[int]:
    found = list(range(count))
    for _ in range(count):
        for one, other in edges:
            found[one] = found[other] = min(found[one], found[other])
    numbers = sorted(set(found))
    return [numbers.index(one) for one in found]


@given(
    st.lists(st.text("ACGN", min_size=1, max_size=10), min_size=1, max_size=9), st.sampled_from([0.2, 0.5, 0.8, 1.0])
)
def test_clusters_are_the_components_of_a_loop(strings: list[str], threshold: float) -> None:
    clusters = cluster_records(encoded(strings), alphabet("dna"), threshold, k=3)
    edges = [
        (one, other)
        for one, other in combinations(range(len(strings)), 2)
        if strings[one] == strings[other] or containment(strings[one], strings[other], 3, "dna") >= threshold
    ]
    assert clusters.ids.tolist() == components(len(strings), edges)
    assert clusters.sizes.tolist() == np.bincount(clusters.ids).tolist()
    assert clusters.largest_share == clusters.sizes.max() / len(strings)


@given(GROUPS)
def test_joined_groups_are_together_if_either_grouping_joins_them(rows: list[tuple[int, int]]) -> None:
    one, other = (np.array([row[side] for row in rows]) for side in (0, 1))
    edges = [(a, b) for a, b in combinations(range(len(rows)), 2) if one[a] == one[b] or other[a] == other[b]]
    assert join_groups(one, other).tolist() == components(len(rows), edges)
    assert join_groups(one).tolist() == join_groups(one, one).tolist()


def test_a_chain_is_one_cluster_and_shows() -> None:
    region = random_strings(1, 300, seed=1)[0]
    reads = [region[start : start + 36] for start in range(0, 264, 12)]
    reads = [reverse_complement(read) if index % 2 else read for index, read in enumerate(reads)]
    alone = random_strings(5, 36, seed=2)
    clusters = cluster_records(encoded(reads + alone), alphabet("dna"))
    assert clusters.ids.tolist() == [0] * len(reads) + [1, 2, 3, 4, 5]
    assert clusters.largest_share == len(reads) / (len(reads) + 5)
    assert (clusters.k, clusters.threshold) == (KMER_LENGTHS["dna"], CLUSTER_SIMILARITY["dna"])


def test_no_records() -> None:
    clusters = cluster_records(encoded([]), alphabet("dna"))
    assert len(clusters.ids) == 0
    assert clusters.largest_share == 0


def test_many_reads_take_seconds() -> None:
    rng = np.random.default_rng(3)
    region = rng.integers(1, 5, 1_000_000).astype(np.uint8)
    starts = rng.integers(0, len(region) - 36, 50_000)
    reads = region[starts[:, None] + np.arange(36)]
    began = time.process_time()
    clusters = cluster_records(Ragged.from_lengths(reads.ravel(), np.full(len(reads), 36)), alphabet("dna"))
    assert time.process_time() - began < 10
    # Reads that share 20 bases share 8 of 24 13-mers; the clusters are chains of these.
    order = np.argsort(starts, kind="stable")
    chained = np.diff(starts[order]) <= 16
    assert len(clusters.sizes) == pytest.approx(1 + (~chained).sum(), abs=20)
    assert (np.diff(clusters.ids[order])[chained] == 0).all()
