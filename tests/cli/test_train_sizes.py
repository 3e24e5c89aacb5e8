"""The recipe for proteins with any number of training records, also with one left for the last batch."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from seqnet.datasets.dataset import Dataset, save_dataset
from tests.building import make_dataset, random_strings
from tests.cli.running import Runner

QUICK = ("--set", "epochs=2", "--set", "trees=5", "--set", "units=4", "--threads", "1", "--no-audit")


def write(path: Path, dataset: Dataset) -> Path:
    """Writes a dataset to a file, and returns the path."""
    save_dataset(path, dataset)
    return path


def proteins(folder: Path, train: int, validation: int) -> Path:
    """Returns a dataset of random proteins with two alternating classes."""
    count = train + validation
    strings = random_strings([30 + index % 5 for index in range(count)], "ACDEFGHIKLMNPQRSTVWY", seed=count)
    splits = ["train"] * train + ["validation"] * validation
    labels = [index % 2 for index in range(count)]
    return write(folder / "d.safetensors", make_dataset(strings, labels, splits, name="protein"))


@pytest.mark.parametrize("count", [33, 49, 65])
def test_a_last_batch_of_one_record(count: int, tmp_path: Path, cli: Runner) -> None:
    data = proteins(tmp_path, count, 12)
    outcome = cli("train", data, *QUICK, "-o", tmp_path / "m.safetensors")
    assert outcome.code == 0, outcome.err
    assert f"chosen settings: preset protein-hybrid (protein, 32 residues, {count} training records)" in outcome.err
    assert "batch_size=16" in outcome.err
    lines = outcome.err.splitlines()
    epochs = [line for line in lines if line.startswith("epoch")]
    assert len(epochs) == 2
    # The accuracy on the train split is that of the network without trees, so it is not the model's.
    assert all("(without trees)  validation loss" in line and line.count("accuracy") == 1 for line in epochs)
    (kept,) = [line for line in lines if line.startswith("kept epoch")]
    assert ": best validation AUROC 0." in kept


def test_folds_and_members_with_a_last_batch_of_one_record(tmp_path: Path, cli: Runner) -> None:
    data = proteins(tmp_path, 41, 14)
    # With batches of two, an odd number of records leaves one.
    words = ("train", data, *QUICK, "--set", "batch_size=2")
    outcome = cli(*words, "--folds", "3", "-o", tmp_path / "folds.safetensors")
    assert outcome.code == 0, outcome.err
    assert any(int(count) % 2 for count in re.findall(r"seed \d+: (\d+) training records", outcome.err))
    outcome = cli(*words, "--members", "2", "-o", tmp_path / "members.safetensors")
    assert outcome.code == 0, outcome.err


def test_batches_of_one_record_are_refused(tmp_path: Path, cli: Runner) -> None:
    data = proteins(tmp_path, 33, 12)
    outcome = cli("train", data, *QUICK, "--set", "batch_size=1", "-o", tmp_path / "m.safetensors")
    assert outcome.code == 1
    message = "training.batch_size must be at least 2, because the network has batch normalisation"
    assert message in outcome.err.splitlines()[-1]


def test_an_undefined_auroc_is_not_printed(tmp_path: Path, cli: Runner) -> None:
    strings = random_strings([20] * 40)
    made = make_dataset(strings, [0, 1] * 16 + [0] * 8, ["train"] * 32 + ["validation"] * 8)
    data, output = write(tmp_path / "d.safetensors", made), tmp_path / "m.safetensors"
    outcome = cli(
        "train", data, "--network", "dense", "--set", "epochs=2", "--threads", "1", "--no-audit", "-o", output
    )
    assert outcome.code == 0, outcome.err
    assert "nan" not in outcome.err
    assert "kept epoch" in outcome.err
    assert ": lowest validation loss 0." in outcome.err


def test_a_class_that_is_never_predicted_is_named_by_train_and_evaluate(tmp_path: Path, cli: Runner) -> None:
    strings = random_strings([20] * 620)
    labels, splits = (
        [int(index % 31 == 0) for index in range(620)],
        ["train", "validation", "test"] * 206 + ["train"] * 2,
    )
    data, output = write(tmp_path / "d.safetensors", make_dataset(strings, labels, splits)), tmp_path / "m.safetensors"
    words = ("train", data, "--network", "dense", "--set", "epochs=25", "--threads", "1", "--no-audit", "-o", output)
    outcome = cli(*words, "--set", "balance=none")
    assert outcome.code == 0, outcome.err
    (warning,) = [line for line in outcome.err.splitlines() if "warning" in line]
    expected = "seqnet: warning: the model predicts no record of the validation split as signal"
    assert warning.startswith(expected)
    epoch = next(line for line in outcome.err.splitlines() if line.startswith("epoch"))
    assert "balanced accuracy 0." in epoch
    assert " accuracy 0.9" not in epoch.replace("balanced accuracy", "")
    found = cli("evaluate", output, data, "--no-baselines", "--replicates", "0")
    assert expected.replace("validation", "test") in found.err
    assert cli(*words, "--force").code == 0
    assert "predicts no record" not in cli("evaluate", output, data, "--no-baselines", "--replicates", "0").err


def test_a_search_with_a_last_batch_of_one_record(tmp_path: Path, cli: Runner) -> None:
    data, space = proteins(tmp_path, 33, 12), tmp_path / "space.toml"
    space.write_text("[training]\nbatch_size = { choices = [8, 16, 32] }\n")
    words = ("tune", data, "--space", space, "--preset", "protein-hybrid", *QUICK[:-1], "--trials", "4")
    outcome = cli(*words, "-o", tmp_path / "best.toml")
    assert outcome.code == 0, outcome.err
    assert ", 0 refused, 0 failed" in outcome.err
