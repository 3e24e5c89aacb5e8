"""The option --report of `audit`, `predict` and `train`: what is refused, and what is written with what."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.running import PROTEINS, READS, Runner

TINY = ("--network", "dense", "--set", "dense=[2]", "--set", "epochs=1", "--set", "baseline_records=0",
        "--threads", "1")  # fmt: skip


def commands(trained: Path, folder: Path) -> dict[str, list[str | Path]]:
    """Returns command → words without --report."""
    return {
        "audit": ["audit", trained / "proteins.safetensors"],
        "predict": ["predict", trained / "protein.safetensors", PROTEINS, "-o", folder / "out.tsv", "--threads", "1"],
        "train": ["train", trained / "proteins.safetensors", *TINY, "-o", folder / "m.safetensors"],
    }


NAMES = ("audit", "predict", "train")


@pytest.mark.parametrize("name", NAMES)
def test_the_same_run_gives_the_same_page_and_the_same_other_files(
    name: str, trained: Path, tmp_path: Path, cli: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["seqnet", name])
    words = commands(trained, tmp_path)[name]
    page = tmp_path / "page.html"
    plain = cli(*words)
    assert plain.code == 0, plain.err
    others = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    pages = []
    for _ in range(2):
        outcome = cli(*words, "--report", page, "--force")
        assert outcome.code == 0, outcome.err
        assert "page.html" in outcome.err.splitlines()[-1]
        assert outcome.out == plain.out
        pages.append(page.read_bytes())
    assert pages[0] == pages[1]
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path != page} == others
    assert len(pages[0]) < 2_000_000


@pytest.mark.parametrize("name", NAMES)
def test_a_page_that_can_not_be_written_is_refused_before_the_work(
    name: str, trained: Path, tmp_path: Path, cli: Runner
) -> None:
    words = commands(trained, tmp_path)[name]
    there = tmp_path / "there.html"
    there.write_text("mine")
    for place, problem in (
        (there, "already exists; choose another name or use --force"),
        (tmp_path / "none" / "page.html", "there is no directory"),
        (tmp_path, "a report is an HTML file; give a name that ends in .html"),
        (tmp_path / "page.txt", "a report is an HTML file; give a name that ends in .html"),
    ):
        outcome = cli(*words, "--report", place)
        assert outcome.code in (1, 2), (place, outcome.err)
        assert problem in outcome.err
        assert outcome.err.count("\n") == 1 or outcome.code == 2
        assert outcome.out == ""
        assert [path.name for path in tmp_path.iterdir()] == ["there.html"]
    assert there.read_text() == "mine"


def test_one_page_for_all_inputs_of_a_directory(trained: Path, tmp_path: Path, cli: Runner) -> None:
    reads = tmp_path / "some.fa"
    reads.write_text(">a\nACGTACGTACGTACGTACGTACGTACGTACGTACGT\n")
    page = tmp_path / "page.html"
    outcome = cli(
        "predict", trained / "dna.safetensors", READS, reads, "-O", tmp_path / "out", "--report", page, "--threads", "1"
    )
    assert outcome.code == 0, outcome.err
    text = page.read_text()
    assert "4,001 records of 2 inputs" in text
    assert str(reads) in text
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_after_an_error_there_is_no_page(trained: Path, tmp_path: Path, cli: Runner) -> None:
    broken = tmp_path / "broken.fq"
    broken.write_text(f"@a\n{'ACGT' * 9}\n+\n{'IIII' * 9}\n@b\nACGT\n")
    page = tmp_path / "page.html"
    outcome = cli("predict", trained / "dna.safetensors", broken, "-o", tmp_path / "out.tsv", "--report", page)
    assert outcome.code == 1
    assert [path.name for path in tmp_path.iterdir()] == ["broken.fq"]


def test_predictions_of_standard_input_go_down_a_pipe_beside_a_page(
    program: Path, trained: Path, tmp_path: Path
) -> None:
    words = ["predict", str(trained / "dna.safetensors"), "-", "--report", "page.html"]
    sequences = f">a\n{'ACGT' * 9}\n>b<i>\n{'AC!T' * 9}\n"
    done = subprocess.run([program, *words], input=sequences, capture_output=True, text=True, cwd=tmp_path, check=True)
    assert len(done.stdout.splitlines()) == 3
    text = (tmp_path / "page.html").read_text()
    assert "not known: a stream" in text
    assert "2 records of 1 input" in text
    assert "b&lt;i&gt;" in text
    assert "<i>" not in text


def test_a_page_is_not_an_input(trained: Path, tmp_path: Path, cli: Runner) -> None:
    fasta = tmp_path / "reads.html"
    fasta.write_text(">a\nACGTACGTACGTACGTACGTACGTACGTACGTACGT\n")
    outcome = cli("predict", trained / "dna.safetensors", fasta, "--report", fasta, "--force")
    assert outcome.code == 1
    assert "this is also an input; choose another name" in outcome.err


def test_folds_and_ensembles_have_pages(trained: Path, tmp_path: Path, cli: Runner) -> None:
    data = trained / "proteins.safetensors"
    for more, words in ((("--folds", "3"), "one for each fold"), (("--members", "2"), "2 networks of type dense")):
        page = tmp_path / f"{more[0]}.html"
        outcome = cli("train", data, *TINY, *more, "-o", tmp_path / "m.safetensors", "--report", page, "--force")
        assert outcome.code == 0, outcome.err
        assert words in page.read_text()


def test_a_page_of_a_complete_run_is_made_by_resuming_it(trained: Path, tmp_path: Path, cli: Runner) -> None:
    words = commands(trained, tmp_path)["train"]
    assert cli(*words).code == 0
    model = (tmp_path / "m.safetensors").read_bytes()
    page = tmp_path / "page.html"
    outcome = cli(*words, "--resume", "--report", page)
    assert outcome.code == 0, outcome.err
    assert "Training of m" in page.read_text()
    assert (tmp_path / "m.safetensors").read_bytes() == model


def test_records_of_an_audit_go_to_the_table_and_the_page(trained: Path, tmp_path: Path, cli: Runner) -> None:
    table, page = tmp_path / "records.tsv", tmp_path / "page.html"
    outcome = cli("audit", trained / "reads.safetensors", "-o", table, "--report", page, "--json")
    assert outcome.code == 0
    assert outcome.out.startswith("{")
    assert outcome.err.splitlines()[-2:][0].startswith(f"wrote {table}")
    assert outcome.err.splitlines()[-1] == f"wrote {page}"
    page.unlink()
    again = cli("audit", trained / "reads.safetensors", "-o", table, "--report", page)
    assert again.code == 1
    assert not page.exists()
