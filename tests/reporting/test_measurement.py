from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from seqnet.configs.evaluation import EvaluationOptions
from seqnet.core.errors import AlphabetMismatchError, LabelError
from seqnet.core.ragged import Ragged
from seqnet.datasets.dataset import Dataset
from seqnet.evaluation import measure
from seqnet.evaluation.novelty import describe
from seqnet.models.probabilities import class_probabilities
from seqnet.reporting.measurement import class_order, evaluate_bundle, write_rows
from tests.building import make_bundle, make_dataset, planted, random_strings, saved, trained_on

QUICK = EvaluationOptions(replicates=0)
SEEN = "the model was trained on some of these records; these numbers are too good"
CHOSE = "the validation split chose epoch, threshold and baselines' penalty; these numbers are a little too good"
ANOTHER = "this file may contain training records; if so, these numbers are too good"


@pytest.mark.parametrize(("split", "count"), [("train", 30), ("validation", 20), ("test", 10), ("all", 60)])
def test_the_records_of_a_split_are_measured(split: str, count: int) -> None:
    dataset, bundle = planted((30, 20, 10)), make_bundle(window=24)
    done: list[int] = []
    measured = evaluate_bundle(bundle, dataset, split, QUICK, progress=done.append)
    members = np.arange(60) if split == "all" else dataset.members(split)
    assert measured.members.tolist() == members.tolist()
    assert measured.evaluation.n == sum(done) == count
    assert measured.evaluation.split == split
    probabilities = class_probabilities(bundle.classifier, dataset.tokens, members)
    np.testing.assert_allclose(measured.probabilities, probabilities, atol=1e-12)
    expected = measure(dataset.labels[members], probabilities, positive=1)
    found = {name: estimate.value for name, estimate in measured.evaluation.metrics.items()}
    assert found == pytest.approx(expected, abs=1e-12)


def swapped(dataset: Dataset) -> Dataset:
    """Returns the same records in a file with the classes in reverse order."""
    return dataclasses.replace(dataset, classes=dataset.classes[::-1], labels=1 - dataset.labels, positive=0)


def test_the_order_of_classes_in_the_dataset_plays_no_part(tmp_path: Path) -> None:
    dataset, bundle = planted((30, 20, 10)), make_bundle(window=24)
    assert class_order(bundle.classes, dataset).tolist() == [0, 1]
    assert class_order(bundle.classes, swapped(dataset)).tolist() == [1, 0]
    one, other = (evaluate_bundle(bundle, each, "all", QUICK) for each in (dataset, swapped(dataset)))
    assert one.evaluation.to_json() == other.evaluation.to_json()
    assert one.evaluation.metrics["auroc"].value != 0.5
    write_rows(tmp_path / "one", bundle, dataset, one)
    write_rows(tmp_path / "other", bundle, swapped(dataset), other)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_a_dataset_may_have_fewer_classes_than_the_model() -> None:
    dataset = make_dataset(random_strings([9] * 8), [0, 1] * 4, ["test"] * 8, classes=("c", "a"))
    bundle = make_bundle(classes=("a", "b", "c"))
    measured = evaluate_bundle(bundle, dataset, "test", QUICK)
    assert measured.evaluation.confusion.sum(axis=1).tolist() == [4, 0, 4]


def test_unknown_classes_are_refused() -> None:
    dataset = planted((4, 2, 4), classes=("noise", "echo"))
    with pytest.raises(
        LabelError, match="the model has no class echo; its classes are noise, signal; evaluate on a dataset"
    ):
        evaluate_bundle(make_bundle(), dataset, "test", QUICK)


def test_an_empty_split_is_refused() -> None:
    with pytest.raises(LabelError, match=r"tiny\.safetensors: the test split is empty; choose another --split"):
        evaluate_bundle(make_bundle(), planted((4, 2, 0)), "test", QUICK)


def test_another_alphabet_is_refused() -> None:
    with pytest.raises(AlphabetMismatchError, match="the dataset is DNA, the model is for protein"):
        evaluate_bundle(make_bundle(name="protein"), planted((4, 2, 2)), "test", QUICK)


@pytest.mark.parametrize(
    ("split", "expected"), [("test", ()), ("validation", (CHOSE,)), ("train", (SEEN,)), ("all", (SEEN,))]
)
def test_what_could_be_optimistic_is_reported(tmp_path: Path, split: str, expected: tuple[str, ...]) -> None:
    dataset = saved(planted((6, 4, 4)), tmp_path / "d")
    bundle = trained_on(make_bundle(), dataset)
    assert evaluate_bundle(bundle, dataset, split, QUICK).warnings == expected
    # One more record makes another dataset, even if it is from the same inputs.
    other = saved(planted((6, 4, 5)), tmp_path / "other")
    assert other.provenance == dataset.provenance
    assert evaluate_bundle(bundle, other, split, QUICK).warnings == (ANOTHER,)
    # A copy is the same.
    copy = saved(planted((6, 4, 4)), tmp_path / "copy")
    assert evaluate_bundle(bundle, copy, split, QUICK).warnings == expected


def test_a_model_without_a_known_dataset_may_have_seen_anything() -> None:
    assert evaluate_bundle(make_bundle(), planted((6, 4, 4)), "test", QUICK).warnings == (ANOTHER,)


def test_a_cross_validation_was_fitted_to_the_validation_split_too(tmp_path: Path) -> None:
    dataset = saved(planted((6, 4, 4)), tmp_path / "d")
    bundle = trained_on(make_bundle(), dataset)
    bundle = dataclasses.replace(bundle, provenance={**bundle.provenance, "folds": {"count": 3, "seed": 1}})
    found = {split: evaluate_bundle(bundle, dataset, split, QUICK) for split in ("validation", "test")}
    assert {split: one.warnings for split, one in found.items()} == {"validation": (SEEN,), "test": ()}
    training = found["test"].training
    assert training is not None
    assert training.tolist() == list(range(10))


def test_groups_are_what_is_drawn() -> None:
    dataset = planted((4, 2, 40))
    grouped = dataclasses.replace(dataset, groups=np.arange(46) // 4)
    options = EvaluationOptions(replicates=20)
    units = [
        evaluate_bundle(make_bundle(), each, "test", options).evaluation.bootstrap.unit for each in (dataset, grouped)
    ]
    assert units == ["record", "group"]


def test_rows_by_hand(tmp_path: Path) -> None:
    dataset, bundle = planted((3, 2, 4)), make_bundle(window=24)
    names = Ragged.from_strings([b"a", b"b", b"c", b"d", b"e", b"one\ttwo", b"odd\xff", b"h", b"i"])
    dataset = dataclasses.replace(dataset, names=names)
    measured = evaluate_bundle(bundle, dataset, "test", QUICK)
    write_rows(tmp_path / "rows.tsv", bundle, dataset, measured)
    lines = [b"name\ttruth\tlabel\tprobability\tp_noise\tp_signal"]
    p = class_probabilities(bundle.classifier, dataset.tokens, dataset.members("test"))
    for row, name, truth in zip(p, (rb"one\ttwo", b"odd\xff", b"h", b"i"), (1, 0, 1, 0), strict=True):
        label = int(row[1] >= 0.5)
        fields = [bundle.classes[truth], bundle.classes[label], *(f"{value:.6f}" for value in (row[label], *row))]
        lines.append(b"\t".join([name, *(field.encode() for field in fields)]))
    assert (tmp_path / "rows.tsv").read_bytes() == b"\n".join(lines) + b"\n"


def test_records_unlike_the_training_sequences_are_reported() -> None:
    dataset, bundle = planted((30, 20, 40)), make_bundle(window=24)
    usual = describe(dataset.tokens, dataset.tokens, bundle.alphabet, both_strands=True)
    lines = evaluate_bundle(dataclasses.replace(bundle, novelty=usual), dataset, "test", QUICK).warnings
    assert not any("unlike" in line for line in lines)
    short = describe(dataset.tokens.take(np.arange(3)), dataset.tokens, bundle.alphabet)
    odd = dataclasses.replace(bundle, novelty=dataclasses.replace(short, shortest=1, longest=20))
    (line,) = [line for line in evaluate_bundle(odd, dataset, "test", QUICK).warnings if "unlike" in line]
    assert line.endswith("the model was trained on: 40 unusual_length")
    assert line.startswith("40 of 40 classified records (100.0%)")
