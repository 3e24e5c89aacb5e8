from __future__ import annotations

import numpy as np

from seqnet.datasets.dataset import Dataset
from seqnet.datasets.sampling import draw_labelled_sample
from tests.building import make_dataset, planted, random_strings
from tests.core.test_kmers import other_strand


def sequences(dataset: Dataset, split: str, most: int, seed: int = 0) -> tuple[list[str], list[int], int | None]:
    found = draw_labelled_sample(dataset, split, most, np.random.default_rng(seed))
    text = [dataset.alphabet.decode(np.frombuffer(found.tokens[index], np.uint8)) for index in found.members.tolist()]
    return [one.tobytes().decode() for one in text], found.labels.tolist(), found.available


def genome() -> Dataset:
    """Two blocks of one class to draw windows from, and a generated class."""
    strings = [*random_strings([40, 25]), "ACGTACGT", "TTTTTTTT"]
    splits = ["train", "train", "test", "test"]
    return make_dataset(strings, [1, 1, 1, 0], splits, generators={"noise": "composition"}, crop=8)


def test_a_small_split_is_taken_whole() -> None:
    dataset = planted((20, 10, 10))
    found = draw_labelled_sample(dataset, "train", 20, np.random.default_rng(0))
    assert found.members.tolist() == list(range(20))
    assert found.labels.tolist() == dataset.labels[:20].tolist()
    assert found.available == 20


def test_a_sample_is_drawn_without_replacement_and_depends_on_the_seed_alone() -> None:
    dataset = planted((200, 10, 10))
    first, again, other = (
        draw_labelled_sample(dataset, "train", 50, np.random.default_rng(seed)) for seed in (3, 3, 4)
    )
    assert first.members.tolist() == again.members.tolist() == sorted(set(first.members.tolist()))
    assert len(first.members) == 50
    assert first.available == 200
    assert first.members.max() < 200
    assert first.members.tolist() != other.members.tolist()
    assert first.labels.tolist() == dataset.labels[first.members].tolist()


def test_windows_are_cut_from_blocks_of_either_strand_and_negatives_are_made_of_them() -> None:
    dataset = genome()
    strings, labels, available = sequences(dataset, "train", 401)
    assert available is None
    assert labels == [0] * 200 + [1] * 200
    assert {len(string) for string in strings} == {8}
    blocks = [dataset.alphabet.decode(np.frombuffer(dataset.tokens[index], np.uint8)).tobytes() for index in (0, 1)]
    places = {block[at : at + 8].decode() for block in blocks for at in range(len(block) - 7)}
    turned = {other_strand(place) for place in places}
    real, made = set(strings[200:]), set(strings[:200])
    assert real <= places | turned
    assert real & (places - turned)
    assert real & (turned - places)
    # 33 and 18 positions: 200 draws miss few of them.
    assert len(real) > 75
    assert len(made & (places | turned)) < 5
    assert sequences(dataset, "train", 401) == (strings, labels, None)
    assert sequences(dataset, "train", 401, seed=1)[0] != strings


def test_held_out_windows_are_records() -> None:
    assert sequences(genome(), "test", 100) == (["ACGTACGT", "TTTTTTTT"], [1, 0], 2)
