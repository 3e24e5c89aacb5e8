from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from Bio import SeqIO
from sklearn.linear_model import LogisticRegression

from seqnet.core.alphabets import alphabet
from seqnet.core.ragged import Ragged
from seqnet.datasets.simulation.composition import symbol_frequencies
from seqnet.datasets.simulation.proteins import MOTIF, Proteins, simulate_proteins, write_proteins

COUNT = 10_000
CANONICAL = alphabet("protein").canonical


@pytest.fixture(scope="module")
def proteins() -> Proteins:
    return simulate_proteins(COUNT, np.random.default_rng(1))


@pytest.fixture(scope="module")
def sequences(proteins: Proteins) -> list[str]:
    return Ragged(alphabet("protein").decode(proteins.tokens.data), proteins.tokens.offsets).text()


def test_the_best_possible_accuracy_is_85_percent(proteins: Proteins) -> None:
    best = np.maximum(proteins.probability, 1 - proteins.probability).mean()
    assert best == pytest.approx(0.85, abs=0.01)
    right = (proteins.probability > 0.5) == proteins.soluble
    assert right.mean() == pytest.approx(best, abs=4 * 0.5 / np.sqrt(COUNT))
    assert proteins.soluble.mean() == pytest.approx(0.5, abs=0.03)


def test_lengths_cover_their_range(proteins: Proteins) -> None:
    lengths = proteins.tokens.lengths
    assert (lengths.min(), lengths.max()) == (40, 200)
    assert np.median(lengths) == pytest.approx(np.sqrt(40 * 201), rel=0.03)


def test_residues_are_as_frequent_as_in_swiss_prot(proteins: Proteins, sequences: list[str]) -> None:
    share = dict(zip(CANONICAL, symbol_frequencies(proteins.tokens.data, alphabet("protein")), strict=True))
    # Residues that are neither in the motif nor first; the motif replaces 8 of about 100 residues.
    for residue, percent in {"A": 8.25, "L": 9.66, "S": 6.56, "V": 6.87, "C": 1.37}.items():
        assert share[residue] == pytest.approx(percent / 100 * 0.91, rel=0.06)
    assert all(sequence.startswith("M") for sequence in sequences)


def test_the_motif_is_where_it_was_planted_and_its_residues_elsewhere(proteins: Proteins, sequences: list[str]) -> None:
    found = np.array([MOTIF in sequence for sequence in sequences])
    assert found[proteins.has_motif].all()
    # A random order of eight residues equals the motif once in 40,320.
    assert found[~proteins.has_motif].mean() < 0.001
    windows = np.lib.stride_tricks.sliding_window_view(np.sort(list(MOTIF)), 8)
    decoys = [sequence for sequence, motif in zip(sequences, proteins.has_motif, strict=True) if not motif][:200]
    for sequence in decoys:
        residues = np.array(list(sequence[1:]))
        sorted_windows = np.sort(np.lib.stride_tricks.sliding_window_view(residues, 8), axis=1)
        assert (sorted_windows == windows[0]).all(axis=1).any()


def test_composition_explains_a_part_and_the_motif_the_rest(proteins: Proteins, sequences: list[str]) -> None:
    counts = np.array([[sequence.count(residue) for residue in CANONICAL] for sequence in sequences])
    lengths = proteins.tokens.lengths[:, None]
    features = np.hstack([10 * counts / lengths, np.log(lengths)])
    with_motif = np.hstack([features, proteins.has_motif[:, None]])
    half = COUNT // 2

    def accuracy(columns: np.ndarray) -> float:
        model = LogisticRegression(max_iter=1000).fit(columns[:half], proteins.soluble[:half])
        return float(model.score(columns[half:], proteins.soluble[half:]))

    assert accuracy(features) == pytest.approx(0.76, abs=0.015)
    assert accuracy(with_motif) == pytest.approx(0.85, abs=0.015)


def test_a_fasta_gives_the_proteins_back(tmp_path: Path, proteins: Proteins, sequences: list[str]) -> None:
    path = tmp_path / "proteins.fasta.gz"
    write_proteins(path, proteins)
    with gzip.open(path, "rt") as file:
        records = list(SeqIO.parse(file, "fasta"))  # type: ignore[no-untyped-call]
    assert [str(record.seq) for record in records] == sequences
    words = np.where(proteins.soluble, "soluble", "insoluble")
    expected = [f"sim_{serial} label={word} simulated" for serial, word in enumerate(words, 1)]
    assert [record.description for record in records] == expected
