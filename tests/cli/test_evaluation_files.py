from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.running import PROTEINS, Runner

QUICK = ("--replicates", "20")


def test_a_report_is_one_file_with_everything(trained: Path, tmp_path: Path, cli: Runner) -> None:
    target = tmp_path / "report.html"
    words = (trained / "protein.safetensors", trained / "proteins.safetensors")
    outcome = cli("evaluate", *words, "--report", target, *QUICK)
    assert outcome.code == 0, outcome.err
    assert outcome.err.endswith(f"wrote {target}\n")
    text = target.read_text(encoding="utf-8")
    for section in ("Metrics by length and similarity", "Baselines", "Most confident errors", "Learning curves"):
        assert section in text
    assert "<dt>trained by</dt><dd>seqnet" in text
    assert len(text) < 2_000_000
    # Metrics by part of the records are printed only where they are asked for.
    assert "\nlength " not in outcome.out
    again = tmp_path / "again.html"
    assert cli("evaluate", *words, "--report", again, *QUICK).code == 0
    assert again.read_bytes() == target.read_bytes()


def test_all_files_are_written_together(trained: Path, tmp_path: Path, cli: Runner) -> None:
    model, other = trained / "dna.safetensors", tmp_path / "other.safetensors"
    shutil.copy(model, other)
    outcome = cli(
        "evaluate", model, other, trained / "reads.safetensors", "-o", tmp_path / "e", "--report", tmp_path / "r.html",
        "--plot", f"roc={tmp_path}/roc.pdf", "--plot", f"confusion={tmp_path}/c.PNG", "--plot",
        f"differences={tmp_path}/d.svg", *QUICK, "--no-baselines",
    )  # fmt: skip
    assert outcome.code == 0, outcome.err
    found = {str(path.relative_to(tmp_path)): path.read_bytes()[:4] for path in tmp_path.rglob("*") if path.is_file()}
    assert sorted(found) == [
        "c-2.PNG", "c.PNG", "d.svg", "e/metrics.json", "e/predictions-2.tsv", "e/predictions.tsv", "other.safetensors",
        "r.html", "roc.pdf",
    ]  # fmt: skip
    assert found["roc.pdf"] == b"%PDF"
    assert found["c-2.PNG"] == found["c.PNG"] == b"\x89PNG"
    assert "Differences of the models" in (tmp_path / "r.html").read_text()


def test_a_sequence_file_has_a_report_too(trained: Path, tmp_path: Path, cli: Runner) -> None:
    target = tmp_path / "r.html"
    words = (trained / "protein.safetensors", PROTEINS, "--label-regex", r"label=(\S+)")
    assert cli("evaluate", *words, "--report", target, *QUICK).code == 0
    text = target.read_text()
    assert "This file may contain training records; if so, these numbers are too good." in text
    assert f"<dd>{PROTEINS}</dd>" in text
    assert "No metrics by similarity: they need the training dataset" in text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--report", "r.pdf"], "'--report': r.pdf: a report is an HTML file; give a name that ends in .html"),
        (["--report", "-"], "a report can't be standard output; give a file name, or ./- for a file named -"),
        (["--report", "nowhere/r.html"], "nowhere/r.html: there is no directory nowhere"),
        (["--plot", "roc.pdf"], "'--plot': 'roc.pdf' is not FIGURE=FILE, such as roc=roc.pdf"),
        (["--plot", "rocc=r.pdf"], "'--plot': there is no figure 'rocc'; did you mean roc?"),
        (["--plot", "zzz=r.pdf"], "'--plot': there is no figure 'zzz'; there are roc, pr, confusion, scores, "),
        (["--plot", "roc=r.gif"], "'--plot': r.gif: give a name that ends in .pdf, .png or .svg"),
        (["--plot", "roc="], "give a name that ends in .pdf, .png or .svg"),
        (["--plot", "differences=d.pdf"], "--plot differences needs two models"),
        (["--plot", "roc=r.pdf", "--plot", "pr=r.pdf"], "r.pdf: two outputs have this name; choose another name"),
        (["--report", "there.html"], "there.html: already exists; choose another name or use --force"),
        (
            ["--plot", "learning=l.pdf"],
            "learning curves are not known: there is no file m.history.tsv beside the model",
        ),
    ],
)
def test_what_can_not_be_written_is_one_line_before_any_work(
    words: list[str], message: str, trained: Path, tmp_path: Path, cli: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("there.html").write_text("precious")
    shutil.copy(trained / "dna.safetensors", "m.safetensors")
    outcome = cli("evaluate", "m.safetensors", trained / "reads.safetensors", *words)
    assert outcome.code in (1, 2)
    assert outcome.out == ""
    assert message in outcome.err
    assert outcome.err.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.safetensors", "there.html"]
    assert Path("there.html").read_text() == "precious"


def test_if_a_figure_can_not_be_drawn_nothing_is_written(trained: Path, tmp_path: Path, cli: Runner) -> None:
    # All reads have 36 bases, so that there is nothing to draw.
    outcome = cli(
        "evaluate", trained / "dna.safetensors", trained / "reads.safetensors", "-o", tmp_path / "e", "--report",
        tmp_path / "r.html", "--plot", f"lengths={tmp_path}/l.pdf", *QUICK,
    )  # fmt: skip
    assert outcome.code == 1
    remedy = f"leave out --plot lengths={tmp_path}/l.pdf; no file was written"
    assert outcome.err.endswith(f"there is no figure of lengths: all records have 36 symbols; {remedy}\n")
    assert list(tmp_path.iterdir()) == []


def test_the_model_beside_a_history_has_learning_curves(trained: Path, tmp_path: Path, cli: Runner) -> None:
    words = (trained / "dna.safetensors", trained / "reads.safetensors")
    target = tmp_path / "l.svg"
    assert cli("evaluate", *words, "--plot", f"learning={target}", "--replicates", "0", "--no-baselines").code == 0
    assert "validation" in target.read_text()


def test_motifs_of_the_measured_records_are_a_section(trained: Path, tmp_path: Path, cli: Runner) -> None:
    target = tmp_path / "r.html"
    words = ("evaluate", trained / "dna.safetensors", trained / "reads.safetensors", *QUICK, "--no-baselines")
    assert cli(*words, "--motifs").err.startswith("seqnet: error: --motifs needs --report")
    outcome = cli(*words, "--report", target, "--motifs", "--split", "validation")
    assert outcome.code == 0, outcome.err
    text = target.read_text(encoding="utf-8")
    assert '<h2 id="motifs">' in text or 'id="motifs"' in text
    assert "What dna.safetensors responds to in " in text
