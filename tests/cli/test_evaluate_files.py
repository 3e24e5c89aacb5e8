from __future__ import annotations

import gzip
import json
import tempfile
from pathlib import Path

import pytest

from tests.cli.running import PROTEINS, Runner


@pytest.fixture(scope="module")
def records() -> list[tuple[str, str, str]]:
    """Name, label and sequence of records."""
    with gzip.open(PROTEINS, "rt") as file:
        parts = [part.split("\n", 1) for part in file.read().split(">")[1:201]]
    found = [(header.split()[0], header.split("label=")[1].split()[0], text) for header, text in parts]
    return [(name, label, sequence.replace("\n", "")) for name, label, sequence in found]


def table(path: Path, records: list[tuple[str, str, str]]) -> Path:
    path.write_text("".join(",".join(row) + "\n" for row in [("id", "label", "sequence"), *records]))
    return path


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_a_file_is_measured_as_its_dataset_is(
    trained: Path, tmp_path: Path, temporary: Path, records: list[tuple[str, str, str]], cli: Runner
) -> None:
    model, path = trained / "protein.safetensors", table(tmp_path / "test.csv", records)
    fasta = tmp_path / "test.fa"
    fasta.write_text("".join(f">{name} label={label}\n{sequence}\n" for name, label, sequence in records))
    labels = tmp_path / "labels.tsv"
    labels.write_text("".join(f"{name}\t{label}\n" for name, label, _ in records))
    dataset = tmp_path / "d.safetensors"
    assert cli("encode", path, "--label-column", "label", "-o", dataset).code == 0
    assert cli("evaluate", model, dataset, "--split", "all", "-o", tmp_path / "0").code == 0
    for number, words in enumerate(
        (
            (path, "--label-column", "label"),
            (fasta, "--label-regex", r"label=(\S+)"),
            (fasta, "--labels", labels),
        ),
        1,
    ):
        outcome = cli("evaluate", model, *words, "-o", tmp_path / str(number))
        assert outcome.code == 0, outcome.err
        assert "this file may contain training records; if so, these numbers are too good" in outcome.err
        for name in ("metrics.json", "predictions.tsv"):
            assert (tmp_path / str(number) / name).read_text() == (tmp_path / "0" / name).read_text()
    assert list(temporary.iterdir()) == []


def test_a_file_may_have_one_class_of_the_models(
    trained: Path, tmp_path: Path, records: list[tuple[str, str, str]], cli: Runner
) -> None:
    path = table(tmp_path / "test.csv", [row for row in records if row[1] == "soluble"])
    words = ("evaluate", trained / "protein.safetensors", path, "--label-column", "label", "-o", tmp_path / "e")
    assert cli(*words).code == 0
    counts = json.loads((tmp_path / "e" / "metrics.json").read_text())["confusion"]["counts"]
    assert sum(counts[0]) == 0
    assert sum(counts[1]) == len(path.read_text().splitlines()) - 1


def test_a_class_that_the_model_does_not_have_is_one_line(
    trained: Path, tmp_path: Path, temporary: Path, records: list[tuple[str, str, str]], cli: Runner
) -> None:
    path = table(tmp_path / "test.csv", [*records, ("x", "Soluble", "MKVAVLGAAGG")])
    outcome = cli("evaluate", trained / "protein.safetensors", path, "--label-column", "label")
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err == (
        f"seqnet: error: {path}: the model has no class Soluble; its classes are insoluble, soluble; "
        "did you mean soluble or insoluble?\n"
    )
    assert list(temporary.iterdir()) == []


def test_a_file_without_an_option_for_its_labels(
    trained: Path, tmp_path: Path, records: list[tuple[str, str, str]], cli: Runner
) -> None:
    path = table(tmp_path / "test.csv", records)
    outcome = cli("evaluate", trained / "protein.safetensors", path)
    assert outcome.code == 1
    assert outcome.err.count("\n") == 1
    assert outcome.err.endswith("for a sequence file, use --label-column, --label-regex or --labels\n")
    outcome = cli("evaluate", trained / "protein.safetensors", path, "--label-column", "label", "--split", "train")
    assert outcome.code == 2
    assert "--split needs a dataset; a sequence file has no splits" in outcome.err


def test_other_sequences_than_the_models(
    trained: Path, tmp_path: Path, records: list[tuple[str, str, str]], cli: Runner
) -> None:
    path = table(tmp_path / "test.csv", [(name, "human", sequence) for name, _, sequence in records])
    outcome = cli("evaluate", trained / "dna.safetensors", path, "--label-column", "label")
    assert outcome.code == 1
    assert f"{path}: the dataset is protein, the model is for DNA" in outcome.err
