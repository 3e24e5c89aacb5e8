from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
from sklearn.metrics import accuracy_score, matthews_corrcoef, roc_auc_score

from tests.cli.running import Runner

NAMES = {
    "accuracy", "balanced_accuracy", "precision", "recall", "specificity", "f1", "mcc", "auroc", "auprc", "brier",
    "log_loss",
}  # fmt: skip


def test_metrics_are_those_of_the_predictions_it_wrote(trained: Path, tmp_path: Path, cli: Runner) -> None:
    folder = tmp_path / "eval"
    outcome = cli("evaluate", trained / "dna.safetensors", trained / "reads.safetensors", "-o", folder)
    assert outcome.code == 0
    found = json.loads((folder / "metrics.json").read_text())
    header, *rows = [line.split("\t") for line in (folder / "predictions.tsv").read_text().splitlines()]
    assert header == ["name", "truth", "label", "probability", "p_human", "p_random"]
    truth = np.array([row[1] == "human" for row in rows])
    human = np.array([float(row[4]) for row in rows])
    metrics = found["metrics"]
    assert set(metrics) == NAMES
    assert found["split"] == "test"
    assert found["n"] == len(rows)
    assert abs(metrics["accuracy"]["value"] - accuracy_score(truth, human >= 0.5)) < 1e-9
    assert abs(metrics["mcc"]["value"] - matthews_corrcoef(truth, human >= 0.5)) < 1e-9
    assert abs(metrics["auroc"]["value"] - roc_auc_score(truth, human)) < 1e-4
    for estimate in metrics.values():
        assert estimate["low"] <= estimate["value"] <= estimate["high"]
    assert np.sum(found["confusion"]["counts"]) == len(rows)
    assert found["bootstrap"]["unit"] == "group"
    assert "AUROC" in outcome.out


def test_other_splits_are_measured_with_a_warning(trained: Path, cli: Runner) -> None:
    outcome = cli(
        "evaluate", trained / "dna.safetensors", trained / "reads.safetensors", "--split", "train", "--no-baselines"
    )
    assert "the model was trained on some of these records; these numbers are too good" in outcome.err
    assert "split train" in outcome.out


def test_existing_results_are_refused(trained: Path, tmp_path: Path, cli: Runner) -> None:
    (tmp_path / "metrics.json").write_text("precious")
    outcome = cli("evaluate", trained / "dna.safetensors", trained / "reads.safetensors", "-o", tmp_path)
    assert outcome.code == 1
    assert "metrics.json: already exists" in outcome.err
    assert [path.name for path in tmp_path.iterdir()] == ["metrics.json"]


def test_a_model_of_other_classes(trained: Path, tmp_path: Path, cli: Runner) -> None:
    other = tmp_path / "other.safetensors"
    fasta = tmp_path / "in.fa"
    fasta.write_text("".join(f">r{i}\n{'ACGTTGCA' * 5}{'ACGT'[i % 4]}\n" for i in range(30)))
    assert cli("encode", "--class", f"phage={fasta}", "--class", "random=@uniform", "-o", other).code == 0
    outcome = cli("evaluate", trained / "dna.safetensors", other)
    assert outcome.code == 1
    assert f"{other}: the model has no class phage; its classes are human, random" in outcome.err


def test_baselines_stand_beside_the_model(trained: Path, tmp_path: Path, cli: Runner) -> None:
    outcome = cli("evaluate", trained / "dna.safetensors", trained / "reads.safetensors", "-o", tmp_path)
    assert outcome.code == 0
    found = json.loads((tmp_path / "metrics.json").read_text())
    fitted = found["baselines"]["kmers"]["records"]
    assert f"\nbaselines, fitted to {fitted:,} training records of the model; intervals in brackets\n" in outcome.out
    table = outcome.out.split("\nbaselines")[1].splitlines()
    assert [line.split("  ")[0] for line in table[2:]] == ["model", "majority class", "composition", "k-mers"]
    assert f"{found['metrics']['auroc']['value']:.3f}" in table[2]
    unbeaten = [one for one in found["baselines"].values() if not one["beaten"]]
    assert len(re.findall("the model (does not beat|is not clearly ahead of) the baseline", outcome.err)) == len(
        unbeaten
    )
    # All sequences have one length, so there is one bin and no table.
    assert "length" not in outcome.out
    assert [(one["low"], one["high"]) for one in found["strata"]["length"]] == [(36, 36)]


def test_baselines_can_be_switched_off_or_sampled(trained: Path, tmp_path: Path, cli: Runner) -> None:
    model, dataset = trained / "dna.safetensors", trained / "reads.safetensors"
    outcome = cli("evaluate", model, dataset, "--no-baselines")
    assert "baselines" not in outcome.out + outcome.err
    quick = ("--network", "dense", "--set", "epochs=1", "--threads", "1", "--no-audit")
    for count, found in (
        ("500", "\nbaselines, fitted to 500 of "),
        ("0", "trained with training.baseline_records = 0"),
    ):
        other = tmp_path / f"{count}.safetensors"
        reported = cli("train", dataset, *quick, "--set", f"baseline_records={count}", "-o", other)
        assert ("baselines fitted to 500 training records" in reported.err) == (count == "500")
        outcome = cli("evaluate", other, dataset, "--replicates", "0")
        assert found in outcome.out + outcome.err


def test_another_file_has_the_baselines_of_the_training_records(trained: Path, tmp_path: Path, cli: Runner) -> None:
    rng = np.random.default_rng(0)
    fasta = tmp_path / "few.fa"
    fasta.write_text("".join(f">r{i}\n{''.join(rng.choice(list('ACGT'), 36))}\n" for i in range(25)))
    other, folder = tmp_path / "few.safetensors", tmp_path / "eval"
    words = ("--class", f"human={fasta}", "--class", "random=@uniform", "--split", "100/0/0", "-o", other)
    assert cli("encode", *words).code == 0
    outcome = cli("evaluate", trained / "dna.safetensors", other, "--split", "all", "-o", folder, "--strata")
    found = json.loads((folder / "metrics.json").read_text())
    assert "this file may contain training records; if so, these numbers are too good" in found["warnings"]
    # Labels are random: a baseline fitted to these fifty records would predict them, one fitted to others can't.
    assert 0.2 < found["baselines"]["kmers"]["metrics"]["auroc"]["value"] < 0.8
    assert found["baselines"]["kmers"]["records"] > 50
    assert found["strata"]["similarity"] is None
    assert "no metrics by similarity: they need the training dataset" in outcome.out


def test_strata_are_printed_on_request(trained: Path, cli: Runner) -> None:
    outcome = cli("evaluate", trained / "protein.safetensors", trained / "proteins.safetensors", "--strata")
    assert "\nlength " in outcome.out
    assert "\nby share of a record's 6-mers that the training records have\nshare " in outcome.out
    assert "\n80-100 % " in outcome.out


def test_two_models_are_compared(trained: Path, tmp_path: Path, cli: Runner) -> None:
    model, dataset = trained / "dna.safetensors", trained / "reads.safetensors"
    other = tmp_path / "other.safetensors"
    words = ("--network", "dense", "--set", "epochs=1", "--threads", "1")
    assert cli("train", dataset, *words, "-o", other).code == 0
    folder = tmp_path / "eval"
    outcome = cli("evaluate", model, other, dataset, "-o", folder, "--no-baselines")
    assert outcome.code == 0
    assert sorted(path.name for path in folder.iterdir()) == ["metrics.json", "predictions-2.tsv", "predictions.tsv"]
    found = json.loads((folder / "metrics.json").read_text())
    comparison = found["comparison"]
    assert comparison["models"] == ["dna.safetensors", "other.safetensors"]
    right = []
    for name in ("predictions.tsv", "predictions-2.tsv"):
        rows = [line.split("\t") for line in (folder / name).read_text().splitlines()[1:]]
        right.append(np.array([row[1] == row[2] for row in rows]))
    assert comparison["mcnemar"]["only_first"] == (right[0] & ~right[1]).sum()
    assert comparison["mcnemar"]["only_second"] == (right[1] & ~right[0]).sum()
    # The reads have groups.
    assert comparison["mcnemar"]["method"] == "groups"
    assert comparison["delong"] is None
    for name in NAMES:
        gap = found["metrics"][name]["value"] - comparison["second"]["metrics"][name]["value"]
        assert abs(comparison["differences"][name]["value"] - gap) < 1e-9
    assert "== dna.safetensors\n" in outcome.out
    assert "\ndna.safetensors minus other.safetensors  difference" in outcome.out
    assert "\nMcNemar: " in outcome.out


def test_more_than_two_models_or_the_same_twice_are_a_mistake(tmp_path: Path, cli: Runner) -> None:
    for words in (("a", "b", "c", "data"), ("a", "a", "data"), ("data",)):
        outcome = cli("evaluate", *words)
        assert outcome.code == 2
        assert "give one model or two different models, then a dataset or sequence file" in outcome.err


def test_a_folder_of_a_run_that_was_killed_is_not_in_the_way(trained: Path, tmp_path: Path, cli: Runner) -> None:
    quick = ("--no-baselines", "--replicates", "10", "-o", tmp_path)
    words = ("evaluate", trained / "dna.safetensors", trained / "reads.safetensors", *quick)
    # The state between writing the two files, and during writing.
    (tmp_path / "predictions.tsv").write_text("rows")
    (tmp_path / ".metrics.json.0123456789abcdef.ready").write_text("{}")
    (tmp_path / ".predictions.tsv.fedcba9876543210.part").write_text("ro")
    outcome = cli(*words)
    assert outcome.code == 0, outcome.err
    assert outcome.err.count("an unfinished file of a killed run\n") == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["metrics.json", "predictions.tsv"]
    before = (tmp_path / "predictions.tsv").read_bytes()
    assert before.startswith(b"name\t")
    again = cli(*words)
    assert "metrics.json: already exists" in again.err
    assert (tmp_path / "predictions.tsv").read_bytes() == before
