from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from seqnet.configs.run import RunRequest
from seqnet.core.ragged import Ragged
from seqnet.datasets.dataset import Dataset
from seqnet.datasets.mixtures import choose_mixture
from seqnet.datasets.recipes import choose_recipe
from seqnet.datasets.run_choice import choose_run
from tests.building import make_dataset, random_strings


def labelled(length: int, *, held_out: int = 60, shorter: int | None = None, name: str = "dna") -> Dataset:
    """Returns a dataset of 600 training records, every third one shorter, and validation records."""
    lengths = [length] * 600 + [length] * held_out
    if shorter:
        lengths[:600:3] = [shorter] * 200
    small = make_dataset(random_strings([9, 9]), [0, 1], ["train", "test"], name=name)
    return replace(
        small,
        tokens=Ragged.from_lengths(np.ones(sum(lengths), dtype=np.uint8), np.array(lengths)),
        labels=(np.arange(len(lengths)) % 2).astype(np.int32),
        split=np.array([0] * 600 + [1] * held_out, dtype=np.uint8),
    )


def of_length(length: int, train: int, held_out: int) -> Dataset:
    """Returns a dataset of records of one length."""
    count = train + held_out
    return replace(
        labelled(2000),
        tokens=Ragged.from_lengths(np.ones(length * count, dtype=np.uint8), np.full(count, length)),
        labels=(np.arange(count) % 2).astype(np.int32),
        split=np.array([0] * train + [1] * held_out, dtype=np.uint8),
    )


KMERS, FLAT, WIDE = (
    "dna-kmers",
    ("dna-positions",),
    ("dna-parallel", "dna-parallel-norm", "dna-parallel-3", "dna-parallel-3-norm"),
)


@pytest.mark.parametrize(
    ("data", "kinds"),
    [
        (labelled(101), [KMERS, *FLAT, *WIDE, "dna-deep-hybrid"]),
        (labelled(101, shorter=95), [KMERS, *FLAT, *WIDE, "dna-deep-hybrid"]),
        (labelled(101, shorter=60), [KMERS, *WIDE, "dna-deep-hybrid"]),
        (labelled(101, name="rna"), [KMERS, *FLAT, *WIDE, "dna-deep-hybrid"]),
        (labelled(8), [KMERS, *FLAT, "dna-hybrid"]),
        (labelled(8, name="rna"), [KMERS, *FLAT, "dna-hybrid"]),
        (labelled(24, shorter=12), [KMERS, "dna-hybrid"]),
        (labelled(8, held_out=49), []),
        (labelled(50), [KMERS, *FLAT, "dna-hybrid"]),
        (labelled(2001), [KMERS, "dilated-cnn"]),
        (labelled(101, held_out=49), []),
        (labelled(101, held_out=0), []),
        (labelled(101, name="protein"), ["protein-kmers", "protein-hybrid"]),
        (labelled(2001, name="protein"), ["protein-kmers", "dilated-cnn"]),
        (labelled(101, held_out=49, name="protein"), []),
    ],
)
def test_the_kinds_of_a_mixture(data: Dataset, kinds: list[str]) -> None:
    assert [one.preset for one in choose_mixture(data, choose_recipe(data))] == kinds
    chosen = choose_run(data, RunRequest())
    assert [preset for preset, _ in chosen.kinds] == kinds
    assert chosen.count == max(len(kinds), 1)
    assert choose_run(data, RunRequest(), mix=False).kinds == ()


def test_settings_of_training_apply_to_all_kinds_and_others_choose_one_network() -> None:
    data = labelled(101)
    chosen = choose_run(data, RunRequest(assignments=("batch_size=7", ("training.seed", 9), "augmentation.shift=2")))
    assert [(run.training.batch_size, run.training.seed, run.augmentation.shift) for _, run in chosen.kinds] == [
        (7, 9, 2)
    ] * 7
    for request in (
        RunRequest(encoder="embedding"),
        RunRequest(assignments=("units=8",)),
        RunRequest(assignments=("network.units=8",)),
        RunRequest("dna-parallel"),
        RunRequest(network="cnn"),
    ):
        assert choose_run(data, request).kinds == ()


def test_networks_of_a_mixture_see_a_limited_number_of_symbols() -> None:
    large = of_length(500, 29_000, 1_000)
    wide = dict(choose_run(large, RunRequest()).kinds)[WIDE[0]].training
    assert (wide.epochs, wide.early_stopping) == (8, 3)
    recurrent = dict(choose_run(large, RunRequest()).kinds)["dna-deep-hybrid"].training
    assert (recurrent.epochs, recurrent.early_stopping) == (4, 2)


SHUFFLED = {"noise": "dinucleotide"}


def test_wide_convolutions_are_trained_for_longer_where_there_are_new_shuffles_in_every_epoch() -> None:
    large = of_length(1_000, 2_500, 500)
    usual = dict(choose_run(large, RunRequest()).kinds)
    chosen = choose_run(replace(large, generators=SHUFFLED), RunRequest())
    renewed = dict(chosen.kinds)
    assert list(renewed) == [name for name in usual if name != "dna-deep-hybrid"]
    assert all(run.augmentation.fresh_negatives for run in renewed.values())
    assert {name: (usual[name].training.epochs, run.training.epochs) for name, run in renewed.items()} == {
        KMERS: (16, 16),
        FLAT[0]: (38, 38),
        **dict.fromkeys(WIDE, (16, 24)),
    }
    assert chosen.recipe is not None
    assert chosen.recipe.count("fresh_negatives") == 1
    assert "2,500 training records, all with batch_size=64, fresh_negatives=true, weighted on" in chosen.recipe


@pytest.mark.parametrize("case", ["other negatives", "switched off", "few shuffles", "no time"])
def test_they_are_not_in_other_cases(case: str) -> None:
    large, request = of_length(1_000, 2_500, 500), RunRequest()
    data = replace(large, generators={"noise": "uniform"} if case == "other negatives" else SHUFFLED)
    if case == "switched off":
        request = RunRequest(assignments=("augmentation.fresh_negatives=false",))
    elif case == "few shuffles":
        large = replace(large, labels=(np.arange(3_000) % 10 != 0).astype(np.int32))
        data = replace(large, generators=SHUFFLED)
    elif case == "no time":
        large = of_length(2_000, 5_000, 500)
        data = replace(large, generators=SHUFFLED)
    usual, chosen = choose_run(large, RunRequest()), choose_run(data, request)
    assert [(name, run.training) for name, run in chosen.kinds] == [(name, run.training) for name, run in usual.kinds]
    assert chosen.recipe is not None
    assert ("fresh_negatives" in chosen.recipe) == (case != "switched off")


@pytest.mark.parametrize(("length", "longest"), [(8, 2), (101, 4), (500, 5), (2000, 6)])
def test_kmers_are_as_long_as_the_records_suffice_for(length: int, longest: int) -> None:
    """600 records of 101 bases have 150 bases for each of 404 words."""
    assert dict(choose_run(labelled(length), RunRequest()).kinds)[KMERS].network.longest_kmer == longest
