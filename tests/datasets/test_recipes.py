from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from seqnet.configs.run import RunRequest, compose, preset_names
from seqnet.core.ragged import Ragged
from seqnet.datasets.dataset import Dataset
from seqnet.datasets.recipes import choose_recipe, misfit
from seqnet.datasets.run_choice import choose_run
from tests.building import make_dataset, random_strings


def records(count: int, length: int, name: str = "dna", crop: int | None = None) -> Dataset:
    """Returns a dataset of training records of one length, and one long test record."""
    small = make_dataset(random_strings([9, 9]), [0, 1], ["train", "test"], name=name, crop=crop)
    lengths = np.array([length] * count + [9000])
    return replace(
        small,
        tokens=Ragged.from_lengths(np.ones(int(lengths.sum()), dtype=np.uint8), lengths),
        labels=np.zeros(count + 1, dtype=np.int32),
        split=np.array([0] * count + [2], dtype=np.uint8),
    )


@pytest.mark.parametrize(
    ("name", "length", "preset"),
    [
        ("dna", 36, "dna-hybrid"),
        ("dna", 50, "dna-hybrid"),
        ("dna", 51, "dna-deep-hybrid"),
        ("rna", 100, "dna-deep-hybrid"),
        ("dna", 2000, "dna-deep-hybrid"),
        ("dna", 2001, "dilated-cnn"),
        ("protein", 40, "protein-hybrid"),
        ("protein", 2000, "protein-hybrid"),
        ("protein", 3000, "dilated-cnn"),
    ],
)
def test_alphabet_and_length_choose_the_preset(name: str, length: int, preset: str) -> None:
    assert preset in preset_names()
    assert choose_recipe(records(30, length, name)).preset == preset


@pytest.mark.parametrize("count", [1, 20, 400, 900, 5_000, 60_000, 400_000])
def test_few_records_have_steps_enough(count: int) -> None:
    recipe = choose_recipe(records(count, 36))
    plain, fitted = compose(recipe.preset).training, compose(recipe.preset, assignments=recipe.assignments).training
    steps = -(-count // fitted.batch_size) * fitted.epochs
    assert steps >= 1500 or fitted.epochs == 150
    assert 16 <= fitted.batch_size <= plain.batch_size
    assert plain.epochs <= fitted.epochs <= 150
    assert fitted.learning_rate == pytest.approx(
        plain.learning_rate * (fitted.batch_size / plain.batch_size) ** 0.5, rel=0.02
    )


def test_many_records_leave_a_preset_as_it_is() -> None:
    recipe = choose_recipe(records(200_000, 36))
    assert recipe.assignments == ()
    assert (
        recipe.line
        == "chosen settings: preset dna-hybrid (DNA, 36 bases, 200,000 training records); --preset chooses another"
    )


def test_few_records_are_reported() -> None:
    assert choose_recipe(records(400, 300, "protein")).line == (
        "chosen settings: preset protein-hybrid (protein, 300 residues, 400 training records), epochs=60, "
        "batch_size=16, learning_rate=0.0011; --preset chooses another"
    )


def test_the_longest_sequences_are_seen_through_windows() -> None:
    recipe = choose_recipe(records(2000, 9000))
    assert (recipe.preset, recipe.assignments[0]) == ("dilated-cnn", "network.window=8192")
    assert "training records), window=8192, " in recipe.line
    assert not any("window" in text for text in choose_recipe(records(2000, 8192)).assignments)


def test_windows_that_are_drawn_have_no_end() -> None:
    recipe = choose_recipe(records(3, 5000, crop=36))
    assert (recipe.preset, recipe.assignments) == ("dna-hybrid", ())
    assert recipe.line == "chosen settings: preset dna-hybrid (DNA, 36 bases); --preset chooses another"


def test_a_preset_for_another_alphabet_is_reported() -> None:
    assert misfit("dna-cnn", records(9, 36, "protein")) == (
        "the preset dna-cnn is for DNA and RNA, but this dataset is protein; without --preset, a suitable one is chosen"
    )
    assert misfit("solubility-cnn", records(9, 36)) is not None
    assert misfit("dna-cnn", records(9, 54)) is None
    assert misfit("dna-cnn", records(9, 36, "rna")) is None
    assert misfit("lstm", records(9, 36, "protein")) is None


def test_a_preset_for_shorter_sequences_is_reported() -> None:
    line = misfit("dna-cnn", records(9, 101))
    assert line is not None
    assert line.startswith("the preset dna-cnn is for sequences of 36 bases, but these have 101 (median)")
    assert misfit("dna-cnn", records(9, 101), window=101) is None
    assert misfit("gap-cnn", records(9, 101)) is None


@pytest.mark.parametrize("name", ["dna", "rna", "protein"])
@pytest.mark.parametrize("length", [36, 300, 9000])
def test_a_chosen_preset_suits(name: str, length: int) -> None:
    data = records(9, length, name)
    assert misfit(choose_recipe(data).preset, data) is None


@pytest.mark.parametrize(("classes", "trees"), [(2, 500), (5, 400), (20, 100), (200, 10), (201, 0), (1000, 0)])
def test_many_classes_have_fewer_trees_each(classes: int, trees: int) -> None:
    data = replace(records(600, 40, "protein"), classes=tuple(f"c{label}" for label in range(classes)))
    boosted = choose_run(data, RunRequest()).run.network.boosted
    assert (boosted.rounds if boosted else 0) == trees
