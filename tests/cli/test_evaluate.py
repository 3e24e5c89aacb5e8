from __future__ import annotations

import json
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
    outcome = cli("evaluate", trained / "dna.safetensors", trained / "reads.safetensors", "--split", "train")
    assert "the figures flatter it" in outcome.err
    assert "split train" in outcome.out


def test_existing_results_are_refused(trained: Path, tmp_path: Path, cli: Runner) -> None:
    (tmp_path / "metrics.json").write_text("precious")
    outcome = cli("evaluate", trained / "dna.safetensors", trained / "reads.safetensors", "-o", tmp_path)
    assert outcome.code == 1
    assert "metrics.json: exists already" in outcome.err
    assert [path.name for path in tmp_path.iterdir()] == ["metrics.json"]


def test_a_model_of_other_classes(trained: Path, tmp_path: Path, cli: Runner) -> None:
    other = tmp_path / "other.safetensors"
    fasta = tmp_path / "in.fa"
    fasta.write_text("".join(f">r{i}\n{'ACGTTGCA' * 5}{'ACGT'[i % 4]}\n" for i in range(30)))
    assert cli("encode", "--class", f"phage={fasta}", "--class", "random=@uniform", "-o", other).code == 0
    outcome = cli("evaluate", trained / "dna.safetensors", other)
    assert outcome.code == 1
    assert f"{other}: the model knows no class phage, only human, random" in outcome.err
