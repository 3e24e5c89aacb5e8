"""Simulated datasets that are hard to learn, each with the rule that made it.

In: a random generator and the numbers of records. Out: `HardData`: sequences, labels, and for each test record the
score of every class by the rule. No model can be better than that rule on average, so its metric is the bound of a row.

Sequences are arrays of symbol numbers (N, L) uint8, 0 to A - 1. A motif is a matrix of probabilities (W, A) float64, a
row for each of its positions; its sites stand at uniform positions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

__all__ = ["ROWS", "HardData", "Row"]

Symbols = NDArray[np.uint8]
Motif = NDArray[np.float64]
Scores = NDArray[np.float64]
Labels = NDArray[np.int64]

_LETTERS = {"dna": "ACGT", "rna": "ACGU", "protein": "ACDEFGHIKLMNPQRSTVWY"}
_SMOKE_CLASSES = 30
_PART = 200
"""Sequences that are scored at once."""


@dataclass(frozen=True, slots=True, eq=False)
class HardData:
    """A dataset and its bound.

    Attributes:
        train: sequences of the train and validation splits.
        train_labels: (N,) int64.
        test: sequences of the test split.
        test_labels: (M,) int64.
        scores: (M, K) float64, log likelihood of each test sequence in each class, plus any number per sequence.
    """

    train: Sequence[str]
    train_labels: Labels
    test: Sequence[str]
    test_labels: Labels
    scores: Scores


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table.

    Attributes:
        title: what is hard.
        signal: what distinguishes the classes.
        train: number of records of each class for training and validation, or of the two classes.
        test: the same for the test split.
        make: returns the dataset for a generator, and the labels of train and test.
    """

    title: str
    signal: str
    train: tuple[int, ...]
    test: tuple[int, ...]
    make: Callable[[np.random.Generator, Labels, Labels], HardData]

    def data(self, smoke: bool) -> HardData:
        """Returns the dataset, always the same; of a smoke run, with few records."""
        classes = slice(_SMOKE_CLASSES if smoke else None)
        most = 24 if len(self.train) == 2 else 8
        train, test = (
            np.repeat(np.arange(len(counts)), np.minimum(counts, most) if smoke else counts)
            for counts in (self.train[classes], self.test[classes])
        )
        return self.make(np.random.default_rng(5), train, test)


def _background(rng: np.random.Generator, count: int, length: int, letters: int = 4) -> Symbols:
    """Returns sequences (N, L) uint8 of equally frequent symbols."""
    return rng.integers(0, letters, (count, length), dtype=np.uint8)


def _motif(rng: np.random.Generator, width: int, kept: float, letters: int = 4) -> Motif:
    """Returns a motif (W, A) with a random consensus, whose symbols are in a site with probability `kept`."""
    matrix = np.full((width, letters), (1 - kept) / (letters - 1))
    matrix[np.arange(width), rng.integers(0, letters, width)] = kept
    return matrix


def _plant(rng: np.random.Generator, sequences: Symbols, motif: Motif, both_strands: bool) -> None:
    """Writes a site of the motif into each of the sequences (N, L)."""
    count, width = len(sequences), len(motif)
    drawn = rng.random((count, width, 1))
    sites = (drawn > motif.cumsum(axis=1)[:, :-1]).sum(axis=2).astype(np.uint8)  # (N, W)
    if both_strands:
        turned = rng.random(count) < 0.5
        sites[turned] = 3 - sites[turned, ::-1]
    starts = rng.integers(0, sequences.shape[1] - width + 1, (count, 1))
    np.put_along_axis(sequences, starts + np.arange(width), sites, axis=1)


def _site_ratios(sequences: Symbols, motifs: Sequence[Motif], both_strands: bool) -> Scores:
    """Returns the likelihood ratios (N, K) of sequences with a site of each of K motifs to sequences without one.

    All motifs have the same width.
    """
    width, letters = motifs[0].shape
    ratios = np.log(np.stack(motifs, axis=-1) * letters).astype(np.float32)  # (W, A, K)
    strands = [ratios, ratios[::-1, ::-1]] if both_strands else [ratios]
    found = []
    for start in range(0, len(sequences), _PART):
        part = sequences[start : start + _PART]
        windows = np.lib.stride_tricks.sliding_window_view(part, width, axis=1)  # (P, L - W + 1, W)
        sums = [sum(strand[place][windows[..., place]] for place in range(width)) for strand in strands]
        found.append(np.mean([np.exp(one).mean(axis=1, dtype=np.float64) for one in sums], axis=0))  # (P, K)
    return np.concatenate(found)


def _text(sequences: Symbols, alphabet: str) -> list[str]:
    letters = np.frombuffer(_LETTERS[alphabet].encode(), np.uint8)
    return [row.tobytes().decode() for row in letters[sequences]]


def _one_motif(length: int, width: int, kept: float, share: float) -> Callable[..., HardData]:
    """Returns a maker: DNA of class 1 has a site on either strand with probability `share`, class 0 has none."""

    def make(rng: np.random.Generator, train: Labels, test: Labels) -> HardData:
        motif = _motif(rng, width, kept)

        def draw(labels: Labels) -> Symbols:
            sequences = _background(rng, len(labels), length)
            chosen = (labels == 1) & (rng.random(len(labels)) < share)
            planted = sequences[chosen]
            _plant(rng, planted, motif, both_strands=True)
            sequences[chosen] = planted
            return sequences

        given, held_out = draw(train), draw(test)
        ratio = 1 - share + share * _site_ratios(held_out, [motif], True)[:, 0]
        scores = np.stack([np.zeros(len(test)), np.log(ratio)], axis=1)
        return HardData(_text(given, "dna"), train, _text(held_out, "dna"), test, scores)

    return make


def _motif_per_class(length: int, width: int, kept: float, alphabet: str = "dna") -> Callable[..., HardData]:
    """Returns a maker: each class has its own motif in random sequence, on the given strand."""

    def make(rng: np.random.Generator, train: Labels, test: Labels) -> HardData:
        letters = len(_LETTERS[alphabet])
        motifs = [_motif(rng, width, kept, letters) for _ in range(int(train.max()) + 1)]

        def draw(labels: Labels) -> Symbols:
            sequences = _background(rng, len(labels), length, letters)
            for number, motif in enumerate(motifs):
                chosen = labels == number
                planted = sequences[chosen]
                _plant(rng, planted, motif, both_strands=False)
                sequences[chosen] = planted
            return sequences

        given, held_out = draw(train), draw(test)
        scores = np.log(_site_ratios(held_out, motifs, False))
        return HardData(_text(given, alphabet), train, _text(held_out, alphabet), test, scores)

    return make


def _which_strand(length: int, width: int, kept: float) -> Callable[..., HardData]:
    """Returns a maker: RNA of class 1 has a site of a motif, RNA of class 0 its reverse complement."""

    def make(rng: np.random.Generator, train: Labels, test: Labels) -> HardData:
        motif = _motif(rng, width, kept)
        motifs = (motif[::-1, ::-1], motif)

        def draw(labels: Labels) -> Symbols:
            sequences = _background(rng, len(labels), length)
            for number, one in enumerate(motifs):
                planted = sequences[labels == number]
                _plant(rng, planted, one, both_strands=False)
                sequences[labels == number] = planted
            return sequences

        given, held_out = draw(train), draw(test)
        scores = np.log(_site_ratios(held_out, motifs, False))
        return HardData(_text(given, "rna"), train, _text(held_out, "rna"), test, scores)

    return make


def _composition(length: int, spread: float) -> Callable[..., HardData]:
    """Returns a maker: DNA of two classes are Markov chains of order 2 that differ a little in every word of three."""

    def make(rng: np.random.Generator, train: Labels, test: Labels) -> HardData:
        common = rng.dirichlet(np.full(4, 20.0), 16)  # (16, 4)
        chains = common * np.exp(rng.normal(0, spread, (2, 16, 4)))
        chains /= chains.sum(axis=2, keepdims=True)

        def draw(labels: Labels) -> Symbols:
            sequences = _background(rng, len(labels), length)
            for place in range(2, length):
                before = sequences[:, place - 2].astype(np.int64) * 4 + sequences[:, place - 1]
                bounds = chains[labels, before].cumsum(axis=1)[:, :-1]  # (N, 3)
                sequences[:, place] = (rng.random((len(labels), 1)) > bounds).sum(axis=1)
            return sequences

        given, held_out = draw(train), draw(test)
        before = held_out[:, :-2].astype(np.int64) * 4 + held_out[:, 1:-1]  # (M, L - 2)
        scores = np.log(chains[:, before, held_out[:, 2:]]).sum(axis=2).T  # (M, 2)
        return HardData(_text(given, "dna"), train, _text(held_out, "dna"), test, scores)

    return make


def _short_words(length: int) -> Callable[..., HardData]:
    """Returns a maker: each DNA word is of class 1 by a logistic model of its bases and of neighbouring pairs.

    No word is twice in the dataset. The labels are drawn until each class has its number of words.
    """

    def make(rng: np.random.Generator, train: Labels, test: Labels) -> HardData:
        words = rng.permutation(np.array(list(product(range(4), repeat=length)), dtype=np.uint8))
        places = np.arange(length)
        single, pairs = rng.normal(0, 0.7, (length, 4)), rng.normal(0, 0.7, (length - 1, 4, 4))
        logits = single[places, words].sum(axis=1) + pairs[places[:-1], words[:, :-1], words[:, 1:]].sum(axis=1)
        logits -= np.median(logits)
        labels = (rng.random(len(words)) < 1 / (1 + np.exp(-logits))).astype(np.int64)
        counts = [np.bincount(part, minlength=2) for part in (train, test)]
        drawn = [np.flatnonzero(labels == number) for number in (0, 1)]
        given = np.concatenate([drawn[number][: counts[0][number]] for number in (0, 1)])
        held_out = np.concatenate([drawn[number][counts[0][number] :][: counts[1][number]] for number in (0, 1)])
        scores = np.stack([np.zeros(len(held_out)), logits[held_out]], axis=1)
        return HardData(_text(words[given], "dna"), train, _text(words[held_out], "dna"), test, scores)

    return make


ROWS: dict[str, Row] = {
    "labels-100": Row(
        "100 labels a class",
        "DNA, 100 bases; a motif of 10 on either strand in 9 of 10 positives",
        (100, 100),
        (500, 500),
        _one_motif(100, 10, 0.92, 0.9),
    ),
    "labels-500": Row(
        "500 labels a class",
        "the same kind of data, another motif",
        (500, 500),
        (500, 500),
        _one_motif(100, 10, 0.92, 0.9),
    ),
    "records-640": Row(
        "640 records",
        "DNA, 150 bases; every word of three is a little more or less frequent",
        (320, 320),
        (500, 500),
        _composition(150, 0.15),
    ),
    "imbalance-100": Row(
        "1 positive to 100",
        "DNA, 50 bases; a motif of 12 on either strand in every positive",
        (6_000, 60),
        (4_000, 40),
        _one_motif(50, 12, 0.92, 1),
    ),
    "imbalance-1000": Row(
        "1 positive to 1,000",
        "DNA, 40 bases; a motif of 14 on either strand in every positive",
        (10_000, 10),
        (10_000, 10),
        _one_motif(40, 14, 0.95, 1),
    ),
    "classes-100": Row(
        "100 classes, 30 records each",
        "DNA, 60 bases; each class has its own motif of 12",
        (30,) * 100,
        (10,) * 100,
        _motif_per_class(60, 12, 0.95),
    ),
    "classes-1000": Row(
        "1,000 classes, 12 records each",
        "DNA, 40 bases; each class has its own motif of 14",
        (12,) * 1_000,
        (2,) * 1_000,
        _motif_per_class(40, 14, 0.97),
    ),
    "8-mers": Row(
        "8 bases",
        "each base and each pair of neighbours counts, as does chance; no word is twice in the dataset",
        (1_500, 1_500),
        (1_000, 1_000),
        _short_words(8),
    ),
    "20-kb": Row(
        "20,000 bases, 100 records a class",
        "a motif of 20 on either strand in every positive",
        (100, 100),
        (100, 100),
        _one_motif(20_000, 20, 0.97, 1),
    ),
    "protein-families": Row(
        "20 protein families, 30 records each",
        "150 residues; a domain of 40 at any position, of whose residues 4 in 10 are conserved",
        (30,) * 20,
        (20,) * 20,
        _motif_per_class(150, 40, 0.4, "protein"),
    ),
    "rna": Row(
        "RNA",
        "101 bases; a motif of 8, of which negatives have the reverse complement",
        (500, 500),
        (500, 500),
        _which_strand(101, 8, 0.95),
    ),
}
"""Name → row, in the order of the table."""
