"""Ensembles, calibration, and the decisions of predict."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.cli.running import PROTEINS, READS, Runner, run_all

TINY = ("--preset", "dna-cnn", "--threads", "1", "--set", "filters=[16]", "--set", "dense=[16]")


@pytest.fixture(scope="module")
def ensemble(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the embedded reads as a dataset, and a model with three small networks."""
    folder = tmp_path_factory.mktemp("ensemble")
    run_all(
        ("encode", "--class", f"human={READS}", "--class", "random=@uniform", "-o", folder / "d.safetensors"),
        ("train", folder / "d.safetensors", *TINY, "--set", "epochs=3", "--members", "3", "--optimize", "mcc",
         "-o", folder / "m.safetensors"),
    )  # fmt: skip
    return folder


def rows_of(text: str) -> list[dict[str, str]]:
    header, *lines = [line.split("\t") for line in text.splitlines()]
    return [dict(zip(header, line, strict=True)) for line in lines]


def test_what_an_ensemble_is(ensemble: Path, cli: Runner) -> None:
    found = json.loads(cli("inspect", ensemble / "m.safetensors", "--json").out)
    assert found["members"] == 3
    single = (16 * 4 * 4 + 16) + (16 * 16 * 16 + 16) + (16 * 2 + 2)
    assert found["parameters"] == 3 * single
    assert found["calibration"]["shares"] == [0.5, 0.5]
    assert found["calibration"]["quality"]["log_loss_after"] <= found["calibration"]["quality"]["log_loss_before"]
    history = (ensemble / "m.history.tsv").read_text().splitlines()
    assert [line.split("\t")[-1] for line in history] == ["member", *"111222333"]
    assert {path.name for path in ensemble.glob("m.*.checkpoint.safetensors")} == {
        f"m.{number}.checkpoint.safetensors" for number in (1, 2, 3)
    }


def test_an_ensemble_has_a_deviation(ensemble: Path, cli: Runner) -> None:
    rows = rows_of(cli("predict", ensemble / "m.safetensors", READS).out)
    assert list(rows[0]) == ["name", "label", "probability", "sd", "p_human", "p_random", "status"]
    deviations = [float(row["sd"]) for row in rows]
    assert 0 < max(deviations) < 0.5
    outcome = cli("predict", ensemble / "m.safetensors", READS, "--vote")
    threshold = json.loads(cli("inspect", ensemble / "m.safetensors", "--json").out)["calibration"]["threshold"]
    rule = f"each network votes human where its p_human is {threshold:.3f} or more; the label is that of the majority"
    assert rule in outcome.err
    votes = rows_of(outcome.out)
    assert {row["p_human"] for row in votes} <= {"0.000000", "0.333333", "0.666667", "1.000000"}
    assert len({row["p_human"] for row in votes}) > 2


def test_the_threshold_of_the_bundle_decides(ensemble: Path, cli: Runner) -> None:
    threshold = json.loads(cli("inspect", ensemble / "m.safetensors", "--json").out)["calibration"]["threshold"]
    rows = rows_of(cli("predict", ensemble / "m.safetensors", READS).out)
    assert {row["label"] == "human" for row in rows if float(row["p_human"]) > threshold + 1e-6} == {True}
    assert {row["label"] == "human" for row in rows if float(row["p_human"]) < threshold - 1e-6} == {False}
    outcome = cli("evaluate", ensemble / "m.safetensors", ensemble / "d.safetensors", "--replicates", "0")
    assert f"p >= {threshold:g}" in outcome.out


def test_unsure_records_are_reported(ensemble: Path, cli: Runner) -> None:
    model = ensemble / "m.safetensors"
    confidences = json.loads(cli("inspect", model, "--json").out)["calibration"]["confidences"]
    error = min(float(error) for error, bound in confidences.items() if bound is not None and 0.55 < bound < 0.99)
    bound = confidences[f"{error:g}"]
    rows = rows_of(cli("predict", model, READS, "--max-error", str(error)).out)
    assert {row["label"] for row in rows} == {"human", "random", "uncertain"}
    # Probabilities are written with six digits, but the bound is the unrounded probability of a record.
    decided = ((row["label"], float(row["probability"])) for row in rows)
    reported = [(label, probability) for label, probability in decided if abs(probability - bound) > 1e-6]
    assert len(reported) > 0.9 * len(rows)
    assert all((label == "uncertain") == (probability < bound) for label, probability in reported)
    outcome = cli("predict", model, READS, "--max-error", "0.0001")
    assert outcome.code == 1
    assert "--max-error 0.0001 is below 0." in outcome.err
    assert "the lowest error rate that this model can guarantee" in outcome.err


def test_another_mix_of_classes(ensemble: Path, cli: Runner) -> None:
    model = ensemble / "m.safetensors"
    before = rows_of(cli("predict", model, READS).out)
    after = rows_of(cli("predict", model, READS, "--expected-fraction", "human=0.01").out)
    for one, other in zip(before, after, strict=True):
        odds = float(one["p_human"]) / float(one["p_random"]) * 0.01 / 0.99
        assert float(other["p_human"]) == pytest.approx(odds / (1 + odds), abs=1e-4)
    for words, message in (
        (
            ("phage=0.1",),
            "--expected-fraction names class phage, which the model does not have; its classes are human, random",
        ),
        (("human=2",), "must be CLASS=F with F between 0 and 1"),
        (("human=0.5", "random=0.4"), "--expected-fraction adds up to 0.9, not 1"),
    ):
        outcome = cli("predict", model, READS, *(word for one in words for word in ("--expected-fraction", one)))
        assert outcome.code == 1
        assert message in outcome.err


def test_a_single_network_is_calibrated_too(trained: Path, cli: Runner) -> None:
    quality = json.loads(cli("inspect", trained / "protein.safetensors", "--json").out)["calibration"]["quality"]
    assert {"ece_before", "ece_after", "brier_before", "brier_after"} <= set(quality)
    assert cli("predict", trained / "protein.safetensors", PROTEINS).out.startswith("name\tlabel\tprobability\tp_")


def test_error_and_fractions_together_fit_both_anew(ensemble: Path, cli: Runner) -> None:
    model = ensemble / "m.safetensors"
    threshold = json.loads(cli("inspect", model, "--json").out)["calibration"]["threshold"]
    outcome = cli("predict", model, READS, "--max-error", "0.2", "--expected-fraction", "human=0.2")
    assert outcome.code == 0
    (line,) = [line for line in outcome.err.splitlines() if line.startswith("the label is human where")]
    assert line.endswith("chosen on validation data for the expected fractions")
    assert f"{threshold:.3f}" not in line
    assert "uncertain" in {row["label"] for row in rows_of(outcome.out)}


def fasta(path: Path, classes: str, count: int) -> Path:
    """Writes records of each class, with different compositions."""
    rng = np.random.default_rng(0)
    with path.open("w") as file:
        for index, name in enumerate(classes):
            shares = np.roll([0.7, 0.1, 0.1, 0.1], index)
            for number in range(count):
                file.write(f">{name}{number} label={name}\n{''.join(rng.choice(list('ACGT'), 40, p=shares))}\n")
    return path


def test_the_messages_of_train_for_three_classes_and_for_few_records(tmp_path: Path, cli: Runner) -> None:
    data, model = tmp_path / "d.safetensors", tmp_path / "m.safetensors"
    reads = fasta(tmp_path / "three.fa", "abc", 40)
    assert cli("encode", reads, "--label-regex", r"label=(\w+)", "-o", data).code == 0
    outcome = cli("train", data, *TINY, "--set", "epochs=2", "-o", model)
    assert (
        "not calibrated: there are 12 validation records, and at least 50 are needed; calibration error 0."
        in outcome.err
    )
    # Only two classes have a threshold.
    assert "threshold" not in outcome.err
    assert json.loads(cli("inspect", model, "--json").out)["calibration"]["temperature"] == 1
    found = cli("evaluate", model, data)
    assert "the intervals are rough: class a has 4 records, fewer than 20" in found.out
    assert "p >=" not in found.out


def test_an_auroc_that_is_not_defined_is_not_printed(tmp_path: Path, cli: Runner) -> None:
    data, model = tmp_path / "d.safetensors", tmp_path / "m.safetensors"
    reads = fasta(tmp_path / "two.fa", "ab", 60)
    # Two records of a class are too few for three splits.
    records = reads.read_text().split(">")[1:]
    kept = [one for one in records if one.startswith(("a", "b1 ", "b2 "))]
    reads.write_text("".join(f">{one}" for one in kept))
    words = ("--label-regex", r"label=(\w+)", "--split", "90/10/0")
    assert cli("encode", reads, *words, "-o", data).code == 0
    counts = json.loads(cli("inspect", data, "--json").out)["counts"]
    assert counts["b"]["validation"] == 0
    outcome = cli("train", data, *TINY, "--set", "epochs=1", "-o", model)
    assert outcome.code == 0
    assert "validation loss" in outcome.err
    assert "nan" not in outcome.err
    assert "AUROC" not in outcome.err
