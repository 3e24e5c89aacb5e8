from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from seqnet.configs.run import RunConfig
from seqnet.core.alphabets import alphabet
from seqnet.datasets.dataset import Dataset
from seqnet.nn.strands import reverse_complement
from seqnet.training.batches import TrainingBatches
from tests.building import SMALL_NETWORK, make_classifier, make_dataset, random_strings, run_config

ONE_STRAND = {**SMALL_NETWORK, "strands": "single"}
DNA = alphabet("dna")


def uneven(lengths: list[int] | None = None, **options: Any) -> Dataset:
    """Returns 30 training records of class 0 and 8 of class 1, with some records for validation and test."""
    strings = random_strings(lengths or [20] * 50, seed=5)
    labels = [0] * 30 + [1] * 8 + [0, 1] * 6
    return make_dataset(strings, labels, ["train"] * 38 + ["validation"] * 6 + ["test"] * 6, **options)


def feeder(
    dataset: Dataset,
    training: Mapping[str, Any] | None = None,
    network: Mapping[str, Any] = ONE_STRAND,
    augmentation: Mapping[str, Any] | None = None,
    window: int = 20,
) -> TrainingBatches:
    config: RunConfig = run_config(training, network, augmentation=augmentation)
    return TrainingBatches(dataset, config, make_classifier(config, window=window))


def fed(one: TrainingBatches, epoch: int) -> list[tuple[str, int]]:
    """Returns the sequences and labels of an epoch, in order."""
    out = []
    for tokens, lengths, labels in one.epoch(epoch):
        assert tokens.dtype == torch.uint8
        assert lengths.dtype == labels.dtype == torch.int64
        for row, length, label in zip(tokens.numpy(), lengths.tolist(), labels.tolist(), strict=True):
            assert not row[length:].any()
            out.append((DNA.decode(row[:length]).tobytes().decode(), label))
    return out


def records(dataset: Dataset, split: str) -> list[tuple[str, int]]:
    symbols = [DNA.decode(np.frombuffer(dataset.tokens[index], np.uint8)) for index in range(len(dataset))]
    return [(symbols[index].tobytes().decode(), int(dataset.labels[index])) for index in dataset.members(split)]


@pytest.mark.parametrize("lengths", [None, [5 + at % 13 for at in range(50)]])
def test_an_epoch_has_every_training_record_once_and_no_other(lengths: list[int] | None) -> None:
    dataset = uneven(lengths)
    one = feeder(dataset)
    first, second = fed(one, 1), fed(one, 2)
    assert sorted(first) == sorted(second) == sorted(records(dataset, "train"))
    assert first != second
    assert not set(first) & set(records(dataset, "validation") + records(dataset, "test"))


def test_an_epoch_is_a_function_of_seed_and_number() -> None:
    dataset = uneven()
    settings = {"shift": 3, "mutation_rate": 0.1, "reverse_complement": True}
    one, other = (feeder(dataset, {"seed": 4}, augmentation=settings) for _ in range(2))
    fed(one, 1)
    assert fed(one, 2) == fed(other, 2)
    assert fed(feeder(dataset, {"seed": 5}, augmentation=settings), 2) != fed(one, 2)


@pytest.mark.parametrize("balance", ["none", "weights", "oversample"])
@pytest.mark.parametrize("batch_size", [1, 7, 38, 100])
def test_steps_are_the_batches_of_an_epoch(balance: str, batch_size: int) -> None:
    one = feeder(uneven(), {"balance": balance, "batch_size": batch_size})
    sizes = [len(labels) for _, _, labels in one.epoch(1)]
    assert len(sizes) == one.steps()
    assert max(sizes) <= batch_size
    assert sum(sizes) == (60 if balance == "oversample" else 38)


def test_oversampling_makes_all_classes_as_frequent_as_the_largest() -> None:
    dataset = uneven()
    one = feeder(dataset, {"balance": "oversample"})
    assert one.class_counts.tolist() == [30, 8]
    counts = Counter(fed(one, 1))
    assert set(counts) == set(records(dataset, "train"))
    assert {count for (_, label), count in counts.items() if label == 0} == {1}
    # 30 draws of 8 records: each three times, and six of them once more.
    rare = Counter(count for (_, label), count in counts.items() if label == 1)
    assert rare == {3: 2, 4: 6}
    assert Counter(fed(one, 2)) != counts


def test_sequences_longer_than_the_window_are_seen_in_parts() -> None:
    dataset = uneven([20] * 30 + [12] * 20)
    one = feeder(dataset, window=15)
    assert one.longer == 30
    originals = records(dataset, "train")
    parts: set[int] = set()
    for epoch in range(1, 20):
        for string, label in fed(one, epoch):
            places = [
                at for long, same in originals for at in range(6) if label == same and long[at : at + 15] == string
            ]
            assert places
            assert len(string) == (15 if label == 0 else 12)
            parts.update(places)
    assert parts == set(range(6))


def test_where_both_strands_predict_both_are_seen() -> None:
    dataset = uneven()
    complement = torch.tensor(DNA.complement.tolist(), dtype=torch.uint8)
    for network, augmentation, turned in (
        (SMALL_NETWORK, {}, True),
        (ONE_STRAND, {}, False),
        (ONE_STRAND, {"reverse_complement": True}, True),
    ):
        one = feeder(dataset, network=network, augmentation=augmentation)
        originals = {string for string, _ in records(dataset, "train")}
        strings = [string for string, _ in fed(one, 1)]
        others = [string for string in strings if string not in originals]
        assert (8 < len(others) < 30) if turned else not others
        for string in others:
            tokens = torch.from_numpy(DNA.encode(np.frombuffer(string.encode(), np.uint8)))[None]
            back = reverse_complement(tokens, torch.tensor([len(string)]), complement)[0]
            assert DNA.decode(back.numpy()).tobytes().decode() in originals


def test_fresh_negatives_are_new_in_every_epoch_and_nothing_else_is() -> None:
    dataset = uneven([10 + at % 7 for at in range(50)], generators={"noise": "dinucleotide"})
    one = feeder(dataset, augmentation={"fresh_negatives": True})
    epochs = [fed(one, 1), fed(one, 2)]
    read = Counter(string for string, label in records(dataset, "train") if label == 1)
    negatives = []
    for epoch in epochs:
        assert Counter(string for string, label in epoch if label == 1) == read
        negatives.append(sorted(string for string, label in epoch if label == 0))
    made = sorted(string for string, label in records(dataset, "train") if label == 0)
    assert sorted(map(len, negatives[0])) == sorted(map(len, negatives[1])) == sorted(map(len, made))
    assert len({*negatives[0], *negatives[1], *made}) > 60

    def pairs(strings: list[str]) -> list[list[str]]:
        return sorted(sorted(string[at : at + 2] for at in range(len(string) - 1)) for string in strings)

    assert pairs(negatives[0]) == pairs(negatives[1]) == pairs(made)


def test_classes_are_shuffled_anew_in_every_epoch() -> None:
    dataset = uneven()
    one = feeder(dataset, augmentation={"fresh_shuffles": ["noise"]})
    for number in (1, 2):
        found = fed(one, number)
        assert {pair for pair in found if pair[1] == 1} == {pair for pair in records(dataset, "train") if pair[1] == 1}
        made = [string for string, label in found if label == 0]
        read = [string for string, label in records(dataset, "train") if label == 0]
        assert len(set(made) - set(read)) > 25
        assert sorted(map(sorted, made)) == sorted(map(sorted, read))
    assert fed(one, 1) != fed(one, 2)


def test_negatives_are_kept_unless_fresh_ones_are_requested() -> None:
    dataset = uneven(generators={"noise": "uniform"})
    assert sorted(fed(feeder(dataset), 1)) == sorted(records(dataset, "train"))


def test_fresh_negatives_have_the_composition_of_the_training_records_that_were_read() -> None:
    strings = ["ACAACAAAAC"] * 10 + ["GGGGGGGGGG"] * 10 + ["TTTTTTTTTT"] * 10
    labels = [1] * 10 + [0] * 10 + [1] * 10
    splits = ["train"] * 20 + ["validation"] * 5 + ["test"] * 5
    dataset = make_dataset(strings, labels, splits, generators={"noise": "composition"})
    one = feeder(dataset, augmentation={"fresh_negatives": True}, window=10)
    counts = Counter(
        symbol for epoch in range(1, 30) for string, label in fed(one, epoch) if label == 0 for symbol in string
    )
    assert set(counts) == {"A", "C"}
    assert counts["A"] / counts.total() == pytest.approx(0.7, abs=0.03)


def test_targets_stand_in_for_labels_and_follow_their_records() -> None:
    dataset = uneven()
    # The first target of each record says which one it is.
    marks = np.arange(len(dataset), dtype=np.float32)[:, None] / 100
    taught = replace(dataset, targets=np.concatenate([marks, 1 - marks], axis=1))
    sequences = {dataset.tokens[index]: index for index in range(len(dataset))}
    for tokens, lengths, targets in feeder(taught).epoch(1):
        assert targets.dtype == torch.float32
        for row, length, target in zip(tokens, lengths, targets, strict=True):
            index = sequences[row[:length].numpy().tobytes()]
            assert target[0] == pytest.approx(index / 100)
