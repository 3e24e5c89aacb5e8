"""Tables and labels in the styles of people and programs, from the command line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pytest

from seqnet.datasets.dataset import open_dataset
from seqnet.models.bundles import write_bundle
from tests.building import make_bundle
from tests.cli.running import Runner

SEQUENCES = ["ACGTTGCA" * (2 + number % 3) + "ACGT"[number % 4] + "TGCA"[number // 4 % 4] for number in range(40)]


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "out.safetensors"


def table(path: Path, labels: Sequence[str]) -> Path:
    rows = [f"r{number},{SEQUENCES[number]},{label}" for number, label in enumerate(labels)]
    path.write_text("\n".join(["id,sequence,label", *rows]))
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "in.csv"


def test_blanks_around_labels_make_no_class(path: Path, output: Path, cli: Runner) -> None:
    outcome = cli("encode", table(path, ["x", "y ", " x", "y"] * 10), "--label-column", "label", "-o", output)
    assert outcome.code == 0, outcome.err
    assert open_dataset(output).classes == ("x", "y")
    fasta, labels = path.with_suffix(".fa"), path.with_suffix(".tsv")
    fasta.write_text("".join(f">r{number} is={'x y'[number % 2 * 2]}\n{SEQUENCES[number]}\n" for number in range(40)))
    labels.write_text("".join(f"r{number}\t{('x', 'y ')[number % 2]}\n" for number in range(40)))
    for words in (("--labels", labels), ("--label-regex", "is=(..?)")):
        assert cli("encode", fasta, *words, "--force", "-o", output).code == 0
        assert open_dataset(output).classes == ("x", "y")
    assert cli("encode", "--class", f" x ={fasta}", "--class", "r=@uniform", "--force", "-o", output).code == 0
    assert open_dataset(output).classes == ("x", "r")


def test_a_header_in_a_file_of_labels_is_reported(path: Path, output: Path, cli: Runner) -> None:
    path.write_text("".join(f">r{number}\n{SEQUENCES[number]}\n" for number in range(40)))
    labels = path.with_suffix(".tsv")
    labels.write_text("name\tlabel\n" + "".join(f"r{number}\t{'xy'[number % 2]}\n" for number in range(40)))
    outcome = cli("encode", path, "--labels", labels, "-o", output)
    assert outcome.code == 0, outcome.err
    assert "the first line (name, label) was read as a header, because no record has that name" in outcome.err
    assert open_dataset(output).classes == ("x", "y")


def test_a_missing_label_is_an_error_unless_it_is_to_be_skipped(path: Path, output: Path, cli: Runner) -> None:
    words = ("encode", table(path, ["x", "y", "x", "NaN", ""] * 8), "--label-column", "label", "-o", output)
    outcome = cli(*words)
    assert outcome.code == 1
    assert f"{path}: record r3: column label has 'NaN', which counts as a missing label" in outcome.err
    outcome = cli(*words, "--missing-labels", "skip")
    assert outcome.code == 0, outcome.err
    assert "not kept: 16 whose label is missing" in outcome.out
    assert open_dataset(output).classes == ("x", "y")
    assert sorted(open_dataset(output).names.text()) == sorted(f"r{n}" for n in range(40) if n % 5 < 3)


def test_numbers_are_refused_and_look_alikes_are_reported(path: Path, output: Path, cli: Runner) -> None:
    words = ("--label-column", "label", "-o", output)
    outcome = cli("encode", table(path, [f"{number / 7:.3f}" for number in range(40)]), *words)
    assert outcome.code == 1
    assert f"{path}: column label: its labels are 40 different numbers in 40 records" in outcome.err
    assert not output.exists()
    outcome = cli("encode", table(path, ["Yes", "yes", "no", "yes;no"] * 10), *words)
    assert outcome.code == 0
    assert "warning: these classes differ only in spelling: Yes (10) and yes (10)" in outcome.err
    assert "warning: 1 class seems to be several labels in one cell: yes;no" in outcome.err


def test_missing_sequences_are_counted(path: Path, output: Path, cli: Runner) -> None:
    rows = [f"r{number},{SEQUENCES[number]},{'xy'[number % 2]}" for number in range(40)]
    path.write_text("\n".join(["id,sequence,label", "a,NA,x", "b,,y", "c, nan ,x", *rows]))
    outcome = cli("encode", path, "--label-column", "label", "-o", output)
    assert outcome.code == 0, outcome.err
    assert (
        "not kept: 3 whose sequence is missing (an empty cell, a word such as NA, or a record without one)"
        in outcome.out
    )
    assert open_dataset(output).counts().sum() == 40


@pytest.fixture
def model(tmp_path: Path) -> Path:
    target = tmp_path / "model.safetensors"
    write_bundle(target, make_bundle())
    return target


def test_a_missing_sequence_is_a_status_in_every_output(path: Path, model: Path, cli: Runner) -> None:
    path.write_text("id,sequence\na,ACGTACGTAC\nb,NA\nc,\nd,nan\ne,GGGTACGTAC\n")
    expected = ["ok", "missing", "missing", "missing", "ok"]
    outcome = cli("predict", model, path)
    assert [line.split("\t")[-1] for line in outcome.out.splitlines()] == ["status", *expected]
    assert "5 records: 2 ok, 3 missing" in outcome.err
    assert outcome.code == 0
    assert cli("predict", model, path, "--strict").code == 1
    rows = cli("predict", model, path, "--format", "jsonl").out.splitlines()
    assert [json.loads(row)["status"] for row in rows] == expected
    target = path.with_suffix(".parquet")
    assert cli("predict", model, path, "-o", target).code == 0
    found = pq.read_table(target).to_pydict()
    assert found["status"] == expected
    assert found["label"][1] is None
    fasta = path.with_suffix(".fa")
    fasta.write_text(">a\nNA\n>b\n\n>c\nNAN\n")
    statuses = [line.split("\t")[-1] for line in cli("predict", model, fasta).out.splitlines()]
    assert statuses == ["status", "ok", "empty", "ok"]


def test_a_row_for_every_record_of_a_tsv_with_quotation_marks(path: Path, model: Path, cli: Runner) -> None:
    path.write_text('name\tsequence\n"open\tACGTACGTAC\nb\tACGTACGTAC\nc"\tACGTACGTAC\n')
    outcome = cli("predict", model, path)
    assert [line.split("\t")[0] for line in outcome.out.splitlines()] == ["name", '"open', "b", 'c"']
    path.write_text('name,sequence\n"open,ACGTACGTAC\nb",ACGTACGTAC\n')
    outcome = cli("predict", model, path)
    assert (outcome.code, outcome.out) == (1, "")
    assert f"{path}: line 2: a cell begins with a quotation mark" in outcome.err


def test_a_workbook_is_classified(path: Path, model: Path, cli: Runner) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in (("id", "sequence"), (1, "ACGTACGTAC"), (2, None)):
        book.active.append(row)
    book.create_sheet("more")
    target = path.with_suffix(".xlsx")
    book.save(target)
    outcome = cli("predict", model, target, "-O", path.parent / "out")
    assert outcome.code == 0, outcome.err
    lines = (path.parent / "out" / "in.tsv").read_text().splitlines()
    assert [line.split("\t")[0] + line.split("\t")[-1] for line in lines[1:]] == ["1ok", "2missing"]
    assert "not read: 1 other sheet ('more'); only the first, 'Sheet', is read" in outcome.err


def test_rows_of_blanks_are_left_out_and_reported(path: Path, model: Path, cli: Runner) -> None:
    path.write_text("id;sequence;label\r\na;ACGTACGTAC;x\r\nb;ACGTTCGTAC;y\r\n;;\r\n", newline="")
    outcome = cli("predict", model, path)
    assert [line.split("\t")[0] for line in outcome.out.splitlines()] == ["name", "a", "b"]
    assert "not read: 1 empty row" in outcome.err.splitlines()
    outcome = cli("encode", path, "--label-column", "label", "-o", path.with_name("out.safetensors"))
    assert outcome.code == 0
    assert "not kept: 1 empty row" in outcome.out.splitlines()


def test_an_expression_is_shown_as_it_was_typed(path: Path, cli: Runner) -> None:
    path.write_text(">a class=x\nACGT\n")
    outcome = cli("encode", path, "--label-regex", r"class=\S+", "-o", path.with_name("out.safetensors"))
    line = r"--label-regex 'class=\S+' needs a group in parentheses, such as class=(\S+)"
    assert outcome.err == f"seqnet: error: {line}\n"
