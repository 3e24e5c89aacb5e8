from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from seqnet.core.ragged import Ragged
from seqnet.datasets.dataset import Dataset
from seqnet.datasets.shuffled_classes import shuffled_classes
from seqnet.datasets.simulation.shuffling import dinucleotide
from tests.building import make_dataset, random_strings

COUNT = 150


def real(count: int = COUNT, seed: int = 0, symbols: str = "ACGT", length: int = 60) -> list[str]:
    """Returns sequences in which a triple of symbols is frequent, unlike its pairs."""
    rng = np.random.default_rng(seed)
    motif = symbols[0] + symbols[1] + symbols[0] + symbols[2]
    strings = random_strings([length] * count, symbols, seed)
    return [
        string[:at] + motif * 3 + string[at + 12 :]
        for string, at in zip(strings, rng.integers(0, 48, count), strict=True)
    ]


def shuffled(strings: list[str], seed: int = 1, name: str = "dna") -> list[str]:
    data = make_dataset(strings, [0] * len(strings), ["train"] * len(strings), name=name)
    frequencies = np.full(data.alphabet.size, 1 / data.alphabet.size)
    made = dinucleotide(data.tokens, data.alphabet, np.random.default_rng(seed), frequencies)
    return Ragged(data.alphabet.decode(made.data), made.offsets).text()


def labelled(*classes: list[str], split: str = "train", name: str = "dna") -> Dataset:
    """Returns a dataset with these records of the classes a, b, …, in mixed order."""
    labels = np.repeat(np.arange(len(classes)), [len(each) for each in classes])
    order = np.random.default_rng(3).permutation(len(labels))
    strings = [string for each in classes for string in each]
    return make_dataset(
        [strings[index] for index in order],
        labels[order].tolist(),
        [split] * len(labels),
        name=name,
        classes="abcdefgh"[: len(classes)],
    )


def test_the_class_of_shuffles_is_found_whatever_its_place() -> None:
    strings = real()
    assert shuffled_classes(labelled(strings, shuffled(strings))) == ("b",)
    assert shuffled_classes(labelled(shuffled(strings), strings)) == ("a",)


def test_some_shuffles_may_be_of_records_that_are_elsewhere() -> None:
    strings, others = real(), real(seed=7)
    for share, found in ((0.6, ("b",)), (0.4, ())):
        most = int(share * COUNT)
        assert shuffled_classes(labelled(strings, shuffled(strings[:most] + others[most:]))) == found


def test_a_class_may_be_shuffles_of_several_classes_and_have_several_of_each() -> None:
    one, other = real(), real(seed=7)
    made = [string for seed in range(3) for string in shuffled(one + other, seed)]
    assert shuffled_classes(labelled(one, made, other)) == ("b",)


def test_several_classes_may_be_shuffles_of_one() -> None:
    strings = real()
    assert shuffled_classes(labelled(shuffled(strings, 1), strings, shuffled(strings, 2))) == ("a", "c")
    made = [string for seed in range(3, 13) for string in shuffled(strings, seed)]
    assert shuffled_classes(labelled(shuffled(strings, 1), strings, made)) == ("a", "c")


def test_shuffles_may_be_of_a_part_of_the_others() -> None:
    """Neither a large class of other sequences nor duplicates decide which class is the shuffle."""
    strings = real()
    others = real(3000, seed=9, symbols="TGCA")
    assert shuffled_classes(labelled(strings, shuffled(strings), others)) == ("b",)
    assert shuffled_classes(labelled(strings + strings[:60], shuffled(strings), others)) == ("b",)
    few = strings[:20]
    assert shuffled_classes(labelled(few, shuffled(few), others)) == ("b",)


def test_the_same_sequences_in_two_classes_are_not_shuffles() -> None:
    strings, others = real(600), real(seed=7)
    for size in (5, 20, 100):
        most = int(0.6 * size)
        assert shuffled_classes(labelled(strings, strings[:most] + others[most:size])) == ()
        assert shuffled_classes(labelled(strings, strings[:most] + shuffled(strings[most:size]))) == ()


@pytest.mark.parametrize(("share", "found"), [(0.0, ("b",)), (0.1, ()), (0.2, ())])
def test_real_sequences_among_the_shuffles(share: float, found: tuple[str, ...]) -> None:
    strings, others = real(1000), real(1000, seed=7)
    most = int((1 - share) * 1000)
    assert shuffled_classes(labelled(strings, shuffled(strings[:most]) + others[most:])) == found


def test_records_of_a_million_symbols_are_not_examined() -> None:
    strings = real()
    data = labelled(strings, shuffled(strings))
    long = Ragged.concatenate([data.tokens.slice(0, len(data) - 1), Ragged.from_strings([b"\1" * ((1 << 20) + 1)])])
    assert shuffled_classes(replace(data, tokens=long)) == ()


@pytest.mark.parametrize("other", ["independent", "shuffles of others", "the same", "real ones among them"])
def test_other_classes_are_not_taken_for_shuffles(other: str) -> None:
    strings, others = real(), real(seed=7)
    classes = {
        "independent": (strings, random_strings([60] * COUNT, seed=5)),
        "shuffles of others": (strings, shuffled(others)),
        "the same": (strings, strings),
        "real ones among them": (strings, shuffled(strings)[:100] + others[:50]),
    }
    assert shuffled_classes(labelled(*classes[other])) == ()


def test_two_classes_of_shuffles_are_left_alone() -> None:
    strings = real()
    assert shuffled_classes(labelled(shuffled(strings, 1), shuffled(strings, 2))) == ()


def test_short_sequences_that_have_the_same_pairs_by_chance_prove_nothing() -> None:
    strings = ["ACA" + string for string in random_strings([4] * 600, seed=2)]
    assert shuffled_classes(labelled(strings, shuffled(strings))) == ()


def test_proteins() -> None:
    strings = real(symbols="ACDEFGHIKLMNPQRSTVWY")
    assert shuffled_classes(labelled(strings, shuffled(strings, name="protein"), name="protein")) == ("b",)


def test_only_the_train_split_counts() -> None:
    strings = real()
    assert shuffled_classes(labelled(strings, shuffled(strings), split="test")) == ()


def test_generated_classes_are_known_and_not_compared_with() -> None:
    strings = real()
    data = labelled(strings, shuffled(strings), shuffled(strings, 2))
    known = replace(data, generators={"b": "dinucleotide"})
    assert shuffled_classes(known) == ("c",)
    assert shuffled_classes(replace(known, generators={"a": "uniform"})) == ()
    assert shuffled_classes(replace(data, crop=20)) == ()


def test_records_of_one_or_two_symbols() -> None:
    assert shuffled_classes(labelled(["A", "CC", "G"], ["T", "AC", "G"])) == ()
