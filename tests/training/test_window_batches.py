from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
import torch

from seqnet.core.alphabets import alphabet
from seqnet.datasets.dataset import Dataset
from seqnet.nn.strands import reverse_complement
from seqnet.training.window_batches import WindowBatches
from tests.building import make_dataset, random_strings, run_config

DNA = alphabet("dna")
CROP = 12


def blocks(generators: Mapping[str, str] | None = None, classes: tuple[str, ...] = ("a", "b")) -> Dataset:
    """Returns blocks of very different lengths, and held-out windows."""
    strings = random_strings([CROP, 40, 200, 15, CROP, CROP], seed=3)
    labels = [0, 0, 0, 0 if generators else 1, 0, 1]
    return make_dataset(
        strings, labels, ["train"] * 4 + ["validation", "test"], classes=classes, generators=generators, crop=CROP
    )


def feeder(dataset: Dataset, **training: Any) -> WindowBatches:
    return WindowBatches(dataset, run_config({"epoch_size": 600, "batch_size": 30, **training}))


def windows(dataset: Dataset, label: int) -> set[str]:
    """Returns the windows of the training blocks of a class, from both strands."""
    found = set()
    complement = torch.tensor(DNA.complement.tolist(), dtype=torch.uint8)
    for index in dataset.members("train"):
        if dataset.labels[index] == label:
            tokens = torch.frombuffer(bytearray(dataset.tokens[int(index)]), dtype=torch.uint8).unfold(0, CROP, 1)
            other = reverse_complement(tokens, torch.full((len(tokens),), CROP), complement)
            found |= {text(row) for row in (*tokens, *other)}
    return found


def text(tokens: torch.Tensor) -> str:
    return DNA.decode(tokens.numpy()).tobytes().decode()


def drawn(one: WindowBatches, epoch: int) -> list[tuple[str, int]]:
    out = []
    for tokens, lengths, labels in one.epoch(epoch):
        assert tokens.dtype == torch.uint8
        assert set(lengths.tolist()) == {CROP}
        out += list(zip(map(text, tokens), labels.tolist(), strict=True))
    return out


def test_windows_are_drawn_from_the_training_blocks_of_their_class() -> None:
    dataset = blocks()
    found = drawn(feeder(dataset), 1)
    assert Counter(label for _, label in found) == {0: 300, 1: 300}
    for label in (0, 1):
        assert {string for string, of in found if of == label} <= windows(dataset, label)


def test_every_place_is_drawn_equally_often() -> None:
    dataset = blocks()
    counts = Counter(string for string, label in drawn(feeder(dataset, epoch_size=60_000), 1) if label == 0)
    # One position of the shortest block, 29 of the next, 189 of the longest, each on two strands.
    assert len(counts) == 2 * (1 + 29 + 189)
    mean = 30_000 / len(counts)
    assert 0.4 * mean < min(counts.values()) < max(counts.values()) < 1.8 * mean


def test_an_epoch_is_a_function_of_seed_and_number() -> None:
    dataset = blocks()
    assert drawn(feeder(dataset), 2) == drawn(feeder(dataset), 2)
    assert drawn(feeder(dataset), 2) != drawn(feeder(dataset), 3)
    assert drawn(feeder(dataset), 2) != drawn(feeder(dataset, seed=9), 2)


def test_generated_classes_are_made_from_windows() -> None:
    dataset = blocks({"b": "dinucleotide"})
    found = drawn(feeder(dataset), 1)
    assert Counter(label for _, label in found) == {0: 300, 1: 300}

    def pairs(string: str) -> tuple[str, ...]:
        return tuple(sorted(string[at : at + 2] for at in range(CROP - 1)))

    real = windows(dataset, 0)
    made = [string for string, label in found if label == 1]
    assert {pairs(string) for string in made} <= {pairs(string) for string in real}
    assert len(set(made) - real) > 100


@pytest.mark.parametrize("batch_size", [1, 2, 31])
@pytest.mark.parametrize("generators", [{}, {"b": "uniform"}])
def test_small_and_odd_batches_favour_no_class(batch_size: int, generators: dict[str, str]) -> None:
    one = feeder(blocks(generators), batch_size=batch_size, epoch_size=1240)
    assert one.steps() == 1240 // batch_size
    counts = Counter(label for _, label in drawn(one, 1))
    assert counts.total() == 1240
    assert 520 < counts[0] < 720


def test_an_epoch_has_a_batch_at_least() -> None:
    one = feeder(blocks(), epoch_size=3, batch_size=30)
    assert one.steps() == 1
    assert len(drawn(one, 1)) == 30
