from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pysam
import pytest
from Bio.Seq import reverse_complement
from numpy.typing import NDArray

from seqnet.core.alphabets import alphabet
from seqnet.datasets.simulation.reads import (
    FAMILIES,
    SimulatedReads,
    draw_reads,
    simulate_contig,
    transition_matrix,
    write_reads,
)

LENGTH = 400_000
A, C, G, T = 1, 2, 3, 4


@pytest.fixture(scope="module")
def contig() -> NDArray[np.uint8]:
    return simulate_contig(LENGTH, np.random.default_rng(1))


@pytest.fixture(scope="module")
def reads(contig: NDArray[np.uint8]) -> SimulatedReads:
    return draw_reads(contig, 4000, 36, np.random.default_rng(2))


def text(tokens: NDArray[np.uint8]) -> str:
    return alphabet("dna").decode(tokens).tobytes().decode()


def test_the_chain_is_that_of_both_strands() -> None:
    matrix = transition_matrix()
    np.testing.assert_allclose(matrix.sum(axis=1), 1)
    # In the long run, a base is as frequent as its complement, and a dinucleotide as its reverse complement.
    stationary = np.linalg.matrix_power(matrix, 200)[0]
    np.testing.assert_allclose(stationary, stationary[::-1], atol=1e-3)
    pairs = stationary[:, None] * matrix
    np.testing.assert_allclose(pairs, pairs[::-1, ::-1].T, atol=1e-3)
    # International Human Genome Sequencing Consortium 2001: 41 % G and C, CpG at a fifth to a quarter.
    assert stationary[1] + stationary[2] == pytest.approx(0.41, abs=0.005)
    assert 0.2 < pairs[1, 2] / (stationary[1] * stationary[2]) < 0.25


def test_the_contig_has_the_composition_of_the_model(contig: NDArray[np.uint8]) -> None:
    assert contig.dtype == np.uint8
    assert len(contig) == LENGTH
    share = np.bincount(contig, minlength=5) / LENGTH
    assert share[0] == 0
    assert len(share) == 5
    assert share[C] + share[G] == pytest.approx(0.41, abs=0.01)
    cpg = np.mean((contig[:-1] == C) & (contig[1:] == G))
    assert 0.2 < cpg / (share[C] * share[G]) < 0.27


def test_the_contig_has_repeats_on_both_strands(contig: NDArray[np.uint8]) -> None:
    # Words of 14 bp hardly ever occur twice in 400 kb by chance: 400,000 / 4^14 is one in 670.
    words = np.lib.stride_tricks.sliding_window_view(contig, 14).astype(np.int64) @ 5 ** np.arange(14)
    reverse = alphabet("dna").complement[contig[::-1]]
    reverse_words = np.lib.stride_tricks.sliding_window_view(reverse, 14).astype(np.int64) @ 5 ** np.arange(14)
    counts = np.unique(words, return_counts=True)[1]
    repeated = counts[counts > 1].sum() / len(words)
    assert 0.05 < repeated < 0.5
    assert 0.05 < np.isin(words, reverse_words).mean() < 0.5
    assert "A" * 14 in text(contig)
    assert "T" * 14 in text(contig)
    assert re.search(r"(CA|AC){10}|(GT|TG){10}", text(contig))


def test_families_are_the_same_under_every_seed(contig: NDArray[np.uint8]) -> None:
    other = simulate_contig(LENGTH, np.random.default_rng(99))
    size = 20
    weights = 5 ** np.arange(size)
    words, others = (
        np.lib.stride_tricks.sliding_window_view(tokens, size).astype(np.int64) @ weights for tokens in (contig, other)
    )
    assert np.any(contig != other)
    assert np.isin(words, others).mean() > 0.02


def test_families_have_the_shares_of_the_human_genome() -> None:
    assert sum(family.share for family in FAMILIES) == pytest.approx(0.44)
    assert all(family.copy_length <= family.length for family in FAMILIES)


def test_reads_are_the_contig_of_either_strand(contig: NDArray[np.uint8], reads: SimulatedReads) -> None:
    assert reads.tokens.shape == (4000, 36)
    for index in range(200):
        start = int(reads.starts[index])
        forward = text(contig[start : start + 36])
        other = reverse_complement(forward)  # type: ignore[no-untyped-call]
        assert text(reads.tokens[index]) == (other if reads.reverse[index] else forward)


def test_reads_are_uniform_over_positions_and_strands(reads: SimulatedReads) -> None:
    per_tenth = np.histogram(reads.starts, bins=10, range=(0, LENGTH - 35))[0]
    assert np.all(np.abs(per_tenth - 400) < 4 * np.sqrt(400))
    assert abs(reads.reverse.mean() - 0.5) < 4 * 0.5 / np.sqrt(4000)


def test_the_first_and_the_last_position_are_drawn() -> None:
    contig = np.array([A, C, G, T], dtype=np.uint8)
    reads = draw_reads(contig, 100, 3, np.random.default_rng(1))
    assert set(reads.starts.tolist()) == {0, 1}


def test_a_bam_gives_the_reads_back(tmp_path: Path, reads: SimulatedReads) -> None:
    path = tmp_path / "reads.bam"
    write_reads(path, reads, seed=17)
    with pysam.AlignmentFile(str(path), check_sq=False) as bam:
        header = bam.header.to_dict()
        records = list(bam.fetch(until_eof=True))
    assert header["CO"] == ["simulated, not from any organism: seqnet reads model 1, seed 17"]
    assert [record.query_sequence for record in records] == [text(tokens) for tokens in reads.tokens]
    assert all(record.flag == 4 and record.reference_id == -1 for record in records)
    names = [re.fullmatch(r"sim:(\d{6}):([+-]):(\d+)", record.query_name or "") for record in records]
    fields = [name.groups() for name in names if name]
    assert [int(start) for start, _, _ in fields] == reads.starts.tolist()
    assert [strand == "-" for _, strand, _ in fields] == reads.reverse.tolist()
    assert [int(serial) for _, _, serial in fields] == list(range(4000))


def test_names_group_by_ten_kilobases(tmp_path: Path, reads: SimulatedReads) -> None:
    path = tmp_path / "reads.bam"
    write_reads(path, reads, seed=1)
    with pysam.AlignmentFile(str(path), check_sq=False) as bam:
        found = [re.search(r"^sim:(\d*)\d{4}:", record.query_name or "") for record in bam.fetch(until_eof=True)]
    assert [int(match[1]) for match in found if match] == (reads.starts // 10_000).tolist()
