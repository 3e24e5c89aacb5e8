"""No output replaces an input, even with --force."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.cli.running import Runner

FASTA = "".join(f">r{i} label={'xy'[i % 2]}\n{'ACGTTGCA' * 4}{'ACGT'[i % 4]}\n" for i in range(20))


def test_no_output_replaces_an_input(trained: Path, tmp_path: Path, cli: Runner) -> None:
    fasta, model, dataset = tmp_path / "own.tsv", tmp_path / "model.tsv", tmp_path / "reads.safetensors"
    fasta.write_text(FASTA)
    shutil.copy(trained / "dna.safetensors", model)
    shutil.copy(trained / "reads.safetensors", dataset)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    for words in (
        ("encode", fasta, "--label-regex", r"label=(\w)", "-o", fasta),
        ("predict", model, fasta, "-o", fasta),
        ("predict", model, fasta, "-o", model),
        ("predict", model, fasta, "-O", tmp_path),
        ("train", dataset, "--preset", "dna-cnn", "-o", dataset),
    ):
        outcome = cli(*words, "--force")
        assert outcome.code == 1, words
        assert "this is also an input; choose another name" in outcome.err
        assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_dataset_is_not_for_a_pipe(tmp_path: Path, cli: Runner) -> None:
    (tmp_path / "in.fa").write_text(FASTA)
    outcome = cli("encode", tmp_path / "in.fa", "--label-regex", r"label=(\w)", "-o", "-")
    assert outcome.code == 1
    assert "a dataset can't be written to standard output; give a file name" in outcome.err


def test_options_that_would_do_nothing_are_refused(trained: Path, tmp_path: Path, cli: Runner) -> None:
    fasta, output = tmp_path / "in.fa", tmp_path / "o.safetensors"
    fasta.write_text(FASTA)
    assert "is for SAM, BAM and CRAM" in cli("predict", trained / "dna.safetensors", fasta, "--region", "x:1-2").err
    two = cli("encode", fasta, "--label-regex", r"label=(\w)", "--label-column", "y", "-o", output)
    assert "can't be combined with" in two.err
    assert cli("train", trained / "reads.safetensors", "--crop", "9", "-o", output).code == 2
    penalty = cli("train", trained / "reads.safetensors", "--preset", "lstm", "--set", "l2=1.0", "-o", output)
    assert "training.l2 needs a hidden dense layer" in penalty.err
    vote = cli("predict", trained / "dna.safetensors", fasta, "--vote", "--max-error", "0.1")
    assert "--vote can't be combined with --max-error or --expected-fraction" in vote.err
    assert list(tmp_path.iterdir()) == [fasta]


def test_no_output_replaces_a_file_of_a_language_model(trained: Path, tmp_path: Path, cli: Runner) -> None:
    model = tmp_path / "esm"
    model.mkdir()
    (model / "config.json").write_text("{}")
    encoder = ("--encoder", "plm", "--set", f"encoder.model={model}")
    words = ("train", trained / "proteins.safetensors", "--network", "dense", *encoder)
    outcome = cli(*words, "--force", "-o", model / "config.json")
    assert outcome.code == 1
    assert "config.json: this is also an input; choose another name" in outcome.err
    assert (model / "config.json").read_text() == "{}"


def test_standard_output_is_not_an_input(program: Path, trained: Path, tmp_path: Path) -> None:
    model = tmp_path / "m.safetensors"
    shutil.copy(trained / "dna.safetensors", model)
    before = model.read_bytes()
    with model.open("ab") as file:
        words = [str(program), "inspect", str(model)]
        done = subprocess.run(words, stdout=file, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "seqnet: error: standard output: this is also an input; send it to another file\n"
    assert model.read_bytes() == before
